//! What `allow` and `deny` share: entries of a list on the running server.

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use crate::clock::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

/// What to do with a list.
#[derive(clap::Args)]
pub struct ListArgs {
    /// A number, a prefix (`+1415555*`), an address or a CIDR range
    #[arg(value_name = "WHAT", allow_hyphen_values = true, required_unless_present_any = ["list", "remove"])]
    what: Option<String>,
    /// For how long: `90s`, `15m`, `24h`, `7d`; for ever without it
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    time: Option<u64>,
    /// Why
    #[arg(long)]
    note: Option<String>,
    /// Show the list
    #[arg(long, conflicts_with = "what")]
    list: bool,
    /// Remove an entry by its identifier
    #[arg(long, value_name = "ID", conflicts_with_all = ["what", "list"])]
    remove: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `allow` and `deny`.
pub fn run(args: &ListArgs, list: &str, out: &Out) -> Result<(), CliError> {
    let path = format!("/v1/lists/{list}/entries");
    if let Some(id) = &args.remove {
        call(&args.server, Method::DELETE, &format!("{path}/{}", part(id)), None)?;
        return out.data(&json!({ "id": id, "removed": true }), || format!("{id}  removed"));
    }
    let Some(what) = args.what.as_ref().filter(|_| !args.list) else {
        let page = call(&args.server, Method::GET, &format!("{path}?limit=200"), None)?;
        let entries = page.pointer("/data").and_then(Value::as_array).cloned().unwrap_or_default();
        return out.data(&page, || {
            if entries.is_empty() {
                format!("the {list} list is empty")
            } else {
                entries.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        });
    };
    let mut body = json!({ "value": what });
    if let Some(object) = body.as_object_mut() {
        if let Some(seconds) = args.time {
            object.insert("expires_at".to_owned(), moment(seconds)?.into());
        }
        if let Some(note) = &args.note {
            object.insert("note".to_owned(), note.clone().into());
        }
    }
    let entry = call(&args.server, Method::POST, &path, Some(&body))?;
    out.data(&entry, || line(&entry))?;
    if !out.json {
        out.say(&format!(
            "undo: cofferdam {} --remove {}",
            if list == "safe" { "allow" } else { "deny" },
            text(&entry, "/id")
        ));
    }
    Ok(())
}

fn line(entry: &Value) -> String {
    let until = match text(entry, "/expires_at") {
        "" => "for ever".to_owned(),
        at => format!("until {at}"),
    };
    format!("{}  {}  {until}  {}", text(entry, "/id"), text(entry, "/value"), text(entry, "/note"))
}

fn moment(seconds: u64) -> Result<String, CliError> {
    let far = || CliError::input("this time is too long");
    let ms = i64::try_from(seconds).ok().and_then(|s| s.checked_mul(1000)).ok_or_else(far)?;
    let at = SystemClock.now_ms().checked_add(ms).ok_or_else(far)?;
    jiff::Timestamp::from_millisecond(at).map(|at| format!("{at:.3}")).map_err(|_| far())
}

/// `90s`, `15m`, `24h`, `7d`, `4w`.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "write `90s`, `15m`, `24h`, `7d` or `4w`".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let count = text.get(..text.len() - unit.len_utf8()).unwrap_or("");
    let of = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let count: u64 = count.parse().map_err(|_| wrong())?;
    count.checked_mul(of).filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, expected) in [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("1w", 604_800)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "24", "h", "-1h", "1.5h", "0s", "99999999999999999999d", "1ü"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

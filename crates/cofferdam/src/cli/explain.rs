//! `cofferdam explain`: why was it decided so?

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use reqwest::Method;
use serde_json::Value;

const EXAMPLES: &str = "\
Examples:
  cofferdam explain asm_…
  cofferdam explain ver_…        the newest attempt of a verification
  cofferdam explain att_…";

/// Says why it was decided so: every reason, with the points that add up to the score.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// An assessment, an attempt or a verification
    id: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let get = |path: String| call(&args.server, Method::GET, &path, None);
    let found = match args.id.get(..4) {
        Some("ver_") => {
            let verification = get(format!("/v1/verifications/{}", part(&args.id)))?;
            get(format!("/v1/assessments/{}", part(text(&verification, "/assessment/id"))))?
        }
        Some("att_") => first(get(format!("/v1/assessments?attempt={}", part(&args.id)))?)?,
        Some("asm_") => get(format!("/v1/assessments/{}", part(&args.id)))?,
        _ => {
            return Err(CliError::input("this is no identifier of an assessment, attempt or verification")
                .mend("they begin with `asm_`, `att_` or `ver_`"));
        }
    };
    out.data(&found, || explained(&found))
}

/// The only one of a list, or the answer itself where it is no list.
fn first(answer: Value) -> Result<Value, CliError> {
    match answer.pointer("/data") {
        Some(data) => data.get(0).cloned().ok_or_else(|| CliError::failed("there is no such attempt")),
        None => Ok(answer),
    }
}

fn explained(found: &Value) -> String {
    let figure = |pointer: &str| found.pointer(pointer).map_or("none".to_owned(), Value::to_string);
    let mut lines = vec![format!(
        "{}  score {}  level {}  at {}",
        text(found, "/decision"),
        figure("/score"),
        text(found, "/level"),
        text(found, "/at")
    )];
    if found.pointer("/evidence") == Some(&Value::Bool(false)) {
        lines.push(format!("  {:>7}  {:24}  The profile switches evidence off: none was asked for.", "", ""));
    }
    if let Some(base) = found.pointer("/waterfall/0/points") {
        lines.push(format!("  {base:>7}  {:24}  Before anything is known of it.", "(base rate)"));
    }
    for reason in found.pointer("/reasons").and_then(Value::as_array).into_iter().flatten() {
        let points = reason.pointer("/points").map_or(String::new(), Value::to_string);
        lines.push(format!("  {points:>7}  {:24}  {}", text(reason, "/code"), text(reason, "/text")));
    }
    if let Some(points) = found.pointer("/points") {
        lines.push(format!("  {points:>7}  {:24}  A score of {}.", "(in all)", figure("/score")));
    }
    for reading in found.pointer("/readings").and_then(Value::as_array).into_iter().flatten() {
        lines.push(format!("  seen: {}", text(reading, "/text")));
    }
    if found.pointer("/block_read_at").is_some() {
        let at = text(found, "/block_read_at");
        lines.push(format!("  the standing block answered for it, by what was read at {at}"));
    }
    for (name, pointer) in [
        ("sent as it is below", "/threshold"),
        ("closest change", "/closest_change"),
        ("again in s", "/retry_after_s"),
    ] {
        match found.pointer(pointer) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => lines.push(format!("  {name}: {text}")),
            Some(other) => lines.push(format!("  {name}: {other}")),
        }
    }
    lines.push(format!("  policy {}, edition {}", text(found, "/policy"), text(found, "/edition")));
    lines.join("\n")
}

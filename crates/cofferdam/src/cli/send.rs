//! `cofferdam send`: starts a verification on the running server.

use super::client::{ServerArgs, call};
use super::error::CliError;
use super::out::{Out, text};
use reqwest::Method;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cofferdam send +12125550199
  cofferdam send '020 7946 0018' --country GB --ip 203.0.113.7";

/// Starts a verification.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 a code is on its way, 1 it was blocked, limited or failed, 2 wrong input, 3 not reachable.")]
pub struct Args {
    /// To whom
    #[arg(allow_hyphen_values = true)]
    number: String,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    server: ServerArgs,
}

/// What is told of an attempt.
#[derive(clap::Args)]
pub struct About {
    /// Country (ISO code) of a number in national form
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// Profile
    #[arg(long)]
    profile: Option<String>,
    /// The person's address
    #[arg(long)]
    ip: Option<std::net::IpAddr>,
    /// The person's device
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// The caller's name for the person
    #[arg(long, value_name = "ID")]
    user: Option<String>,
}

/// The body of a call about an attempt.
pub fn body(number: &str, about: &About) -> Value {
    let mut client = serde_json::Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            client.insert(name.to_owned(), value.into());
        }
    };
    put("ip", about.ip.map(|ip| ip.to_string()));
    put("device_id", about.device.clone());
    put("user_id", about.user.clone());
    let mut body = json!({ "to": number });
    if let Some(object) = body.as_object_mut() {
        for (name, value) in [("country", &about.country), ("profile", &about.profile)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), value.clone().into());
            }
        }
        if !client.is_empty() {
            object.insert("client".to_owned(), client.into());
        }
    }
    body
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let body = body(&args.number, &args.about);
    let answer = call(&args.server, Method::POST, "/v1/verifications", Some(&body))?;
    let (id, status) = (text(&answer, "/id"), text(&answer, "/status"));
    let assessment = text(&answer, "/assessment/id");
    out.data(&answer, || format!("{id}  {status}  {}", reasons(&answer)))?;
    if !out.json {
        match status {
            "pending" => out.say(&format!(
                "next: cofferdam check {id} CODE    (a test message: cofferdam outbox --latest --code)"
            )),
            _ => out.say(&format!("why: cofferdam explain {assessment}")),
        }
    }
    if matches!(status, "pending" | "challenge_required") { Ok(()) } else { Err(CliError::no()) }
}

/// The reasons of an assessment within an answer, in a line: those that carry weight beside the weightiest. The rest
/// is told by `explain`.
pub fn reasons(answer: &Value) -> String {
    let at = answer.pointer("/assessment/reasons").or_else(|| answer.pointer("/reasons"));
    let reasons = || at.and_then(Value::as_array).into_iter().flatten();
    let weight = |reason: &Value| reason.pointer("/points").and_then(Value::as_i64).unwrap_or(0).abs();
    let most = reasons().map(weight).max().unwrap_or(0);
    let texts: Vec<&str> = reasons()
        .filter(|reason| weight(reason) == 0 || weight(reason) >= most / 10)
        .map(|reason| text(reason, "/text"))
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::reasons;
    use serde_json::json;

    #[test]
    fn what_weighs_next_to_nothing_is_left_to_explain() {
        let reason = |points: i32, text: &str| json!({ "points": points, "text": text });
        let all = [
            reason(13_500, "Premium."),
            reason(40, "Some newcomers."),
            reason(0, "A limit."),
            reason(-1_400, "Proved."),
        ];
        assert_eq!(reasons(&json!({ "assessment": { "reasons": all } })), "Premium. A limit. Proved.");
        assert_eq!(reasons(&json!({ "reasons": [reason(3, "Alone.")] })), "Alone.");
        assert_eq!(reasons(&json!({ "reasons": [] })), "");
    }
}

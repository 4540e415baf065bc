//! `cofferdam outbox`: reads the test messages of the running server.

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use reqwest::Method;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cofferdam outbox                                 the newest messages, oldest first
  cofferdam outbox --latest --to +12125550199      the newest one to a number
  cofferdam outbox --latest --code --wait 10       its code alone, as soon as it comes
  cofferdam outbox --clear";

/// Reads the test messages. They are kept for test keys only.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 done, 1 there is none, 2 wrong input, 3 not reachable.")]
pub struct Args {
    /// Only those to this number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    to: Option<String>,
    /// Only the newest
    #[arg(long)]
    latest: bool,
    /// Its code alone
    #[arg(long, requires = "latest")]
    code: bool,
    /// Wait for it
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=30), requires = "latest")]
    wait: u32,
    /// Empty the outbox
    #[arg(long, conflicts_with = "latest")]
    clear: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let to = args.to.as_deref().map(|to| format!("to={}&", part(to))).unwrap_or_default();
    if args.clear {
        let answer = call(&args.server, Method::DELETE, &format!("/v1/outbox?{to}"), None)?;
        let answer = if answer.is_null() { json!({ "cleared": true }) } else { answer };
        return out.data(&answer, || "cleared".to_owned());
    }
    if args.latest {
        let path = format!("/v1/outbox/latest?{to}wait_s={}", args.wait);
        let message = call(&args.server, Method::GET, &path, None)?;
        return if args.code && !out.json {
            out.line(text(&message, "/code"))
        } else {
            out.data(&message, || line(&message))
        };
    }
    let page = call(&args.server, Method::GET, &format!("/v1/outbox?{to}limit=200"), None)?;
    let messages = page.pointer("/data").and_then(Value::as_array).cloned().unwrap_or_default();
    out.data(&page, || {
        if messages.is_empty() {
            "no messages".to_owned()
        } else {
            messages.iter().map(line).collect::<Vec<_>>().join(
                "
",
            )
        }
    })
}

fn line(message: &Value) -> String {
    let part = |name| text(message, name);
    let body = part("/body").replace('\n', " ");
    format!("{}  {}  {}  {body}", part("/at"), part("/to"), part("/verification"))
}

//! `cofferdam blocks` and `cofferdam unblock`: what the running server has shut, and opening it again.

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use reqwest::Method;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cofferdam blocks                               what stands
  cofferdam blocks --kind network --ended";

const UNBLOCK_EXAMPLES: &str = "\
Examples:
  cofferdam unblock blk_…
  cofferdam unblock blk_… --trusted-for 1h --note 'our campaign, ticket 4711'";

/// Lists standing blocks, newest first.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Those that are over instead
    #[arg(long)]
    ended: bool,
    /// Of one kind of scope: `prefix`, `network`, `ip`, `device` …
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Lifts a block.
#[derive(clap::Args)]
#[command(before_help = UNBLOCK_EXAMPLES)]
pub struct UnblockArgs {
    /// Its identifier
    #[arg(value_name = "BLOCK")]
    id: String,
    /// Trust what it covered for so long, at most 24h: `15m`, `1h`
    #[arg(long, value_name = "TIME", value_parser = super::entries::seconds)]
    trusted_for: Option<u64>,
    /// Why
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `blocks`.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let state = if args.ended { "ended" } else { "active" };
    let kind = args.kind.as_deref().map_or(String::new(), |kind| format!("&kind={}", part(kind)));
    let page = call(&args.server, Method::GET, &format!("/v1/blocks?limit=200&state={state}{kind}"), None)?;
    let blocks = page.pointer("/data").and_then(Value::as_array).cloned().unwrap_or_default();
    out.data(&page, || {
        if blocks.is_empty() {
            "no block stands".to_owned()
        } else {
            blocks.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    })
}

/// Runs `unblock`.
pub fn unblock(args: &UnblockArgs, out: &Out) -> Result<(), CliError> {
    let mut body = json!({ "trusted_for_s": args.trusted_for.unwrap_or(0) });
    if let (Some(body), Some(note)) = (body.as_object_mut(), &args.note) {
        body.insert("note".to_owned(), note.clone().into());
    }
    let path = format!("/v1/blocks/{}/lift", part(&args.id));
    let lifted = call(&args.server, Method::POST, &path, Some(&body))?;
    out.data(&lifted, || line(&lifted))
}

fn line(block: &Value) -> String {
    let until = match (text(block, "/until"), text(block, "/trusted_until")) {
        ("", "") => String::new(),
        ("", trusted) => format!("  trusted until {trusted}"),
        (until, _) => format!("  until {until}"),
    };
    let stopped = block.pointer("/stopped").and_then(Value::as_u64).unwrap_or(0);
    format!(
        "{}  {}  {} {}{until}  stopped {stopped} ({} {})",
        text(block, "/id"),
        text(block, "/state"),
        text(block, "/scope/kind"),
        text(block, "/scope/value"),
        text(block, "/spared/amount"),
        text(block, "/spared/currency"),
    )
}

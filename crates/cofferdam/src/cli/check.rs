//! `cofferdam check`: checks a code on the running server.

use super::client::{ServerArgs, call, part};
use super::error::CliError;
use super::out::{Out, text};
use reqwest::Method;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  cofferdam check ver_… 482913
  cofferdam check ver_… \"$(cofferdam outbox --latest --code)\"";

/// Checks a code.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 the code was right, 1 it was not, 2 wrong input, 3 not reachable.")]
pub struct Args {
    /// Which verification
    verification: String,
    /// What the person entered
    code: String,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let path = format!("/v1/verifications/{}/check", part(&args.verification));
    let answer = call(&args.server, Method::POST, &path, Some(&json!({ "code": args.code })))?;
    let status = text(&answer, "/status");
    out.data(&answer, || match (status, answer.pointer("/checks_left").and_then(Value::as_u64)) {
        ("pending", Some(left)) => format!("wrong, {left} checks left"),
        (status, _) => status.to_owned(),
    })?;
    if status == "approved" { Ok(()) } else { Err(CliError::no()) }
}

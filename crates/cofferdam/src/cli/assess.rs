//! `cofferdam assess`: judges an attempt on the running server, without sending.

use super::client::{ServerArgs, call};
use super::error::CliError;
use super::out::{Out, text};
use super::send::{About, body, reasons};
use reqwest::Method;

const EXAMPLES: &str = "\
Examples:
  cofferdam assess +442079460018 --ip 203.0.113.7
  cofferdam assess '020 7946 0018' --country GB --json";

/// Judges an attempt. Nothing is sent; an `allow` counts as sent unless you report `not_sent`.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: 0 allow, 1 challenge or block, 2 wrong input, 3 not reachable.")]
pub struct Args {
    /// To whom
    #[arg(allow_hyphen_values = true)]
    number: String,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let body = body(&args.number, &args.about);
    let answer = call(&args.server, Method::POST, "/v1/assessments", Some(&body))?;
    let decision = text(&answer, "/decision");
    out.data(&answer, || format!("{decision}  {}  {}", text(&answer, "/id"), reasons(&answer)))?;
    if decision == "allow" { Ok(()) } else { Err(CliError::no()) }
}

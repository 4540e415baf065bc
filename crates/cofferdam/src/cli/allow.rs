//! `cofferdam allow`: the safe list of the running server.

use super::entries::ListArgs;
use super::error::CliError;
use super::out::Out;

const EXAMPLES: &str = "\
Examples:
  cofferdam allow +442079460018 --for 24h --note 'ticket 4711'
  cofferdam allow '+44207946*'                    every number that begins so
  cofferdam allow --list
  cofferdam allow --remove lst_…";

/// Changes the safe list: detectors do not stop what stands on it, until the entry ends.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    list: ListArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    super::entries::run(&args.list, "safe", out)
}

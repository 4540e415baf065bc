//! `cofferdam deny`: the deny list of the running server.

use super::entries::ListArgs;
use super::error::CliError;
use super::out::Out;

const EXAMPLES: &str = "\
Examples:
  cofferdam deny +442079460018 --for 24h --note 'ticket 4711'
  cofferdam deny '+44207946*'                    every number that begins so
  cofferdam deny --list
  cofferdam deny --remove lst_…";

/// Changes the deny list: what stands on it is refused until the entry ends.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    list: ListArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    super::entries::run(&args.list, "deny", out)
}

//! `cofferdam doctor`.

use super::error::CliError;
use super::out::Out;

/// To come.
#[derive(clap::Args)]
pub struct Args {}

/// Runs it.
pub fn run(_args: &Args, _out: &Out) -> Result<(), CliError> {
    Err(CliError::failed("not yet"))
}

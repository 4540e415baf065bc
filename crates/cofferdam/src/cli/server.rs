//! Runs the server for `dev` and `serve`: builds the program, starts listeners and jobs, stops in order.

use super::error::CliError;

/// A small runtime for commands that make a call or two.
pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

//! `cofferdam restore`: brings a copy back to where no store is.

use super::backup::store;
use super::error::CliError;
use super::out::Out;
use super::settings::SettingsArgs;
use serde_json::json;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cofferdam restore --config cofferdam.toml /backups/2026-11-21.db
  cofferdam restore --data ./new/cofferdam.db ./copy.db";

/// Looks whether a copy is whole, and brings it back to where no store is.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// The file that `backup` made
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The store's file; without it the settings say
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let to = store(args.data.as_deref(), &args.settings)?;
    crate::store::restore(&args.from, &to).map_err(|error| CliError::failed(error.to_string()))?;
    out.data(&json!({ "from": args.from, "to": to }), || format!("{}: restored", to.display()))?;
    if !out.json && !to.with_file_name("secrets.key").exists() {
        let beside = to.with_file_name("secrets.key");
        out.say(&format!("next: bring the installation's secret key back to {}, mode 0600; without it nothing there can be read", beside.display()));
    }
    Ok(())
}

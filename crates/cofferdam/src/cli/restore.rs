//! `cofferdam restore`: brings a copy back into a folder that holds no store.

use super::backup::folder;
use super::error::CliError;
use super::out::Out;
use super::settings::SettingsArgs;
use serde_json::json;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cofferdam restore --config cofferdam.toml /backups/2026-11-21
  cofferdam restore --data ./new-data ./copy";

/// Looks whether a copy is whole, and brings it back into a folder that holds no store.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// The folder that `backup` made
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The store's folder; without it the settings say
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let to = folder(args.data.as_deref(), &args.settings)?;
    crate::store::restore(&args.from, &to).map_err(|error| CliError::failed(error.to_string()))?;
    out.data(&json!({ "from": args.from, "to": to }), || format!("{}: restored", to.display()))?;
    if !out.json && !to.join("secrets.key").exists() {
        out.say(&format!("next: put the installation's secrets.key into {}, mode 0600; without it nothing there can be read", to.display()));
    }
    Ok(())
}

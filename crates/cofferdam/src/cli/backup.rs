//! `cofferdam backup`: copies the store, also while it is served.

use super::error::CliError;
use super::out::Out;
use super::settings::{SettingsArgs, need};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  cofferdam backup --config cofferdam.toml /backups/2026-11-21.db
  cofferdam backup --data ./cofferdam.db ./copy.db";

/// Copies the store to a new file. The server may go on. The secret key is not in the copy:
/// keep `secrets.key` elsewhere, for without it the copy cannot be read.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// A file that is not there yet
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// The store's file; without it the settings say
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The end of a file's name beside the store: its time is the last backup's.
pub const LAST: &str = "last-backup";

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let from = store(args.data.as_deref(), &args.settings)?;
    let bytes = crate::store::backup(&from, &args.to).map_err(|error| CliError::failed(error.to_string()))?;
    // For `doctor`. A folder that cannot be written to is no reason to call a good copy bad.
    let _ = note(&from.with_extension(LAST), &args.to);
    let json = json!({ "from": from, "to": args.to, "bytes": bytes });
    out.data(&json, || format!("{}: {bytes} bytes, without the secret key", args.to.display()))
}

/// Writes down where the backup is. Like all files beside the store it is its owner's alone.
fn note(file: &Path, to: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(to.display().to_string().as_bytes())
}

/// The store's file, as named or as the settings say.
pub fn store(data: Option<&Path>, settings: &SettingsArgs) -> Result<PathBuf, CliError> {
    if let Some(data) = data {
        return Ok(data.to_owned());
    }
    let store = need(settings)?.store;
    if store.shared.is_some() {
        return Err(CliError::input("the store is in PostgreSQL: its own tools copy it")
            .mend("`pg_dump` the database of `store.postgres_url`, or give --data for a file"));
    }
    store.path.ok_or_else(|| CliError::input("no store is set").mend("set `store.path`, or give --data"))
}

//! `cofferdam erase`: destroys a number everywhere. Offline, because a running server may have it in hand.

use super::error::CliError;
use super::out::Out;
use super::server::{recovered, runtime};
use super::settings::{SettingsArgs, need};
use crate::store::row::{Owner, World};
use crate::verify::erase::erase;
use crate::verify::keys::INSTALLATION;
use crate::verify::{Caller, KeyScope};
use cofferdam_atlas::Country;
use serde_json::json;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cofferdam erase --config cofferdam.toml +442079460018
  cofferdam erase --data ./cofferdam.db --yes +442079460018";

/// Destroys a number everywhere: verifications, journal, outbox, lists. What was decided stays as it
/// was. Stop the server first. Backups that were made before still hold the number.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Which
    #[arg(allow_hyphen_values = true)]
    number: String,
    /// Country (ISO code) of a number in national form
    #[arg(long, value_name = "CODE", value_parser = super::lookup::country)]
    country: Option<Country>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// The store's file; without it the settings say
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let mut settings = need(&args.settings)?;
    if args.data.is_some() {
        settings.store.path.clone_from(&args.data);
        settings.store = settings.store.in_file();
    }
    cofferdam_atlas::parse(&args.number, args.country).map_err(|error| CliError::input(error.to_string()))?;
    if !settings.store.stands() {
        return Err(CliError::input("there is no store").mend("give --config or --data"));
    }
    if !args.yes && std::io::stdin().is_terminal() && !agreed(out)? {
        return Err(CliError::failed("nothing was changed"));
    }
    let swept = runtime()?.block_on(async {
        let app =
            recovered(settings).await.map_err(|error| error.mend("is the server running? stop it first"))?;
        let caller = Caller {
            key: "cli".to_owned(),
            owner: Owner { tenant: INSTALLATION.to_owned(), world: World::Live },
            scopes: vec![KeyScope::Admin],
            request_id: String::new(),
        };
        erase(&app, &caller, &args.number, args.country)
            .await
            .map_err(|error| CliError::failed(error.to_string()))
    })?;
    out.data(&json!({ "erased": swept }), || {
        format!(
            "erased from {} verifications, {} journal entries, {} messages, {} list entries",
            swept.verifications, swept.journal, swept.outbox, swept.list_entries
        )
    })
}

fn agreed(out: &Out) -> Result<bool, CliError> {
    out.say("This cannot be undone. Type `yes` to go on:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

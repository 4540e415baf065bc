//! `cofferdam serve`: runs as the settings say.

use super::error::CliError;
use super::out::Out;
use super::server::{self, Up};
use super::settings::{SettingsArgs, need};
use std::io::IsTerminal as _;

const EXAMPLES: &str = "\
Examples:
  cofferdam serve --config cofferdam.toml
  COFFERDAM_STORE__PATH=/var/lib/cofferdam/cofferdam.db COFFERDAM_ADMIN_KEY=… cofferdam serve";

/// Runs as the settings file and the environment say. Stops in order on SIGTERM and SIGINT.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let settings = need(&args.settings)?;
    server::run(settings, |up| {
        warn(up);
        keys(up, out)
    })
}

/// What an operator would rather hear now than later.
fn warn(up: &Up<'_>) {
    let settings = &up.app.settings;
    if !settings.sends_for_real() {
        tracing::warn!("no provider is set: messages stay in the outbox");
    }
    if !up.api.ip().is_loopback() {
        tracing::info!("the API is open to other machines without TLS: put a proxy before it");
    }
    if settings.webhooks.allow_private {
        tracing::warn!("`webhooks.allow_private` is set, but webhooks are not there yet");
    }
}

/// The keys that the first start made: shown once, on a terminal alone, because logs are kept.
fn keys(up: &Up<'_>, out: &Out) -> Result<(), CliError> {
    let Some(made) = &up.started.made else { return Ok(()) };
    if std::io::stdout().is_terminal() {
        out.line("the tenant `default` was made. Its keys are shown once: keep them now")?;
        for (name, key) in [("live", &made.live), ("manage", &made.manage), ("test", &made.test)] {
            out.line(&format!("  {name:7} {}", key.secret.expose()))?;
        }
    } else {
        tracing::info!(
            "the tenant `default` was made; its keys are not logged: make some with an admin key (COFFERDAM_ADMIN_KEY)"
        );
    }
    Ok(())
}

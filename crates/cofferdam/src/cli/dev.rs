//! `cofferdam dev`: all of it on this machine, with an outbox instead of providers and a test key.

use super::banner;
use super::error::CliError;
use super::out::Out;
use super::{server, settings};
use crate::config::{AdminAddress, ProviderKind, Settings};
use std::net::SocketAddr;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  cofferdam dev
  cofferdam dev --data ./cofferdam.db           keep everything for the next start
  COFFERDAM_TEST_KEY=cfd_test_mine cofferdam dev --listen 127.0.0.1:9000";

/// Runs for development. Needs no key, no file and no other service; nothing leaves this machine.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// File that keeps everything; without it all is in memory
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let settings =
        Settings::read("settings", "", settings::environment()).map_err(|error| settings::wrong(&error))?;
    let settings = for_development(settings, args);
    let data = args.data.clone();
    server::run(settings, |up| banner::print(up, data.as_deref(), out))
}

/// Whatever the environment says of providers, nothing leaves this machine.
fn for_development(mut settings: Settings, args: &Args) -> Settings {
    settings.providers.retain(|provider| matches!(provider.kind, ProviderKind::Outbox));
    settings.routes.retain(|route| settings.providers.iter().any(|provider| provider.name == *route));
    if settings.routes.is_empty() {
        settings.routes.push(crate::config::provider::OUTBOX.to_owned());
    }
    settings.listen.address = args.listen.unwrap_or(settings.listen.address);
    settings.listen.admin_address = AdminAddress::Same;
    settings.listen.admin_calls_there = false;
    settings.store.path.clone_from(&args.data);
    if settings.store.path.is_none() {
        // A key of a file would have no store beside it.
        settings.secrets.key_file = None;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_of_the_environment_do_not_make_dev_send() {
        let environment =
            [("COFFERDAM_PROVIDER__MAIN__URL", "https://sms.example/"), ("COFFERDAM_ROUTES", "main")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::read("settings", "", environment).unwrap();
        assert!(settings.sends_for_real());
        let settings = for_development(settings, &Args { listen: None, data: None });
        assert!(!settings.sends_for_real());
        assert_eq!(settings.routes, ["outbox"]);
        assert_eq!(settings.store.path, None);
    }
}

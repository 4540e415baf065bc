//! `cofferdam check-config`: are the settings valid, and what is wrong with which line?

use super::error::CliError;
use super::out::Out;
use super::settings::{Read, SettingsArgs, read, wrong};
use crate::config::error::Origin;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  cofferdam check-config cofferdam.toml
  COFFERDAM_LISTEN__ADDRESS=0.0.0.0:8080 cofferdam check-config";

/// Says whether settings are valid. Reads the environment too. Nothing is opened or changed.
#[derive(clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Settings file
    #[arg(value_name = "FILE", conflicts_with = "config")]
    file: Option<std::path::PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs it.
pub fn run(args: &Args, out: &Out) -> Result<(), CliError> {
    let path = args.file.clone().or_else(|| args.settings.config.clone());
    match read(&SettingsArgs { config: path })? {
        Read::Good(settings) => {
            let providers: Vec<&str> = settings.providers.iter().map(|p| p.name.as_str()).collect();
            let json =
                json!({ "valid": true, "errors": [], "routes": settings.routes, "providers": providers });
            out.data(&json, || {
                let listen = settings.listen.address;
                format!("valid: listens at {listen}, sends through {}", settings.routes.join(", then "))
            })
        }
        Read::Bad(errors) => {
            if !out.json {
                return Err(wrong(&errors));
            }
            let listed = errors.errors.iter().map(|error| {
                let (line, variable) = match &error.origin {
                    Origin::Line(line) => (Some(*line), None),
                    Origin::Variable(name) => (None, Some(name.as_str())),
                    Origin::Missing => (None, None),
                };
                json!({ "file": errors.file, "line": line, "variable": variable, "key": error.key, "what": error.what, "mend": error.mend })
            });
            let json = json!({ "valid": false, "errors": listed.collect::<Vec<_>>() });
            out.data(&json, String::new)?;
            Err(CliError { code: 2, ..CliError::no() })
        }
    }
}

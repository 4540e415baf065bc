//! Finds the settings of a command: the file that was named, and the environment.

use super::error::CliError;
use crate::config::Settings;
use crate::config::error::ConfigErrors;
use std::path::PathBuf;

/// Which settings.
#[derive(clap::Args)]
pub struct SettingsArgs {
    /// Settings file; without it the environment alone counts
    #[arg(long, env = "COFFERDAM_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What came of reading them.
pub enum Read {
    /// Good.
    Good(Box<Settings>),
    /// Bad, with all that is wrong.
    Bad(ConfigErrors),
}

/// Reads them; a file that cannot be read is wrong input.
pub fn read(args: &SettingsArgs) -> Result<Read, CliError> {
    let (file, text) = match &args.config {
        None => ("settings".to_owned(), String::new()),
        Some(path) => {
            let bytes = std::fs::read(path)
                .map_err(|error| CliError::input(format!("`{}` cannot be read: {error}", path.display())))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let before = error.utf8_error().valid_up_to();
                let line = error.as_bytes().iter().take(before).filter(|b| **b == b'\n').count() + 1;
                CliError::input(format!("{}:{line}: this is not UTF-8", path.display()))
            })?;
            (path.display().to_string(), text)
        }
    };
    Ok(match Settings::read(&file, &text, environment()) {
        Ok(settings) => Read::Good(Box::new(settings)),
        Err(errors) => Read::Bad(errors),
    })
}

/// Good settings, or the command ends with all that is wrong.
pub fn need(args: &SettingsArgs) -> Result<Settings, CliError> {
    match read(args)? {
        Read::Good(settings) => Ok(*settings),
        Read::Bad(errors) => Err(wrong(&errors)),
    }
}

/// The end of a command whose settings are wrong.
pub fn wrong(errors: &ConfigErrors) -> CliError {
    CliError::input(format!("the settings are not valid\n  {}", errors.to_string().replace('\n', "\n  ")))
}

/// Variables whose names and values are text; others cannot be ours.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

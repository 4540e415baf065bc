//! `cofferdam reference DIR`: writes the reference pages, so that they cannot disagree with the program.

use super::error::CliError;
use crate::config::reference::settings_reference;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Writes the reference pages into a folder.
#[derive(clap::Args)]
pub struct Args {
    /// Where to
    folder: PathBuf,
}

/// Runs it.
pub fn run(args: &Args, command: &clap::Command) -> Result<(), CliError> {
    std::fs::create_dir_all(&args.folder)?;
    for (name, text) in pages(command) {
        std::fs::write(args.folder.join(name), text)?;
    }
    Ok(())
}

/// Every page, by file name.
fn pages(command: &clap::Command) -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("settings.md", settings_reference()),
        ("command-line.md", commands(command)),
        ("metrics.md", metrics()),
    ];
    pages.extend(crate::http::reference());
    pages
}

/// The page of all commands.
fn commands(command: &clap::Command) -> String {
    let mut page = String::from(
        "# Command line\n\nWritten by `cargo xtask docs`. Data goes to standard output, words for people to standard error; `--json` writes data as JSON.\n\n\
         | exit code | |\n| --- | --- |\n| 0 | done |\n| 1 | refused or failed |\n| 2 | wrong input |\n| 3 | not reachable |\n",
    );
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let mut sub = sub.clone().term_width(100).bin_name(format!("cofferdam {}", sub.get_name()));
        let help = sub.render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ = write!(page, "\n## {}\n\n```text\n{}\n```\n", sub.get_name(), help.join("\n").trim());
    }
    page
}

/// The page of all metrics.
fn metrics() -> String {
    let mut page = String::from(
        "# Metrics\n\nWritten by `cargo xtask docs`. Served at `/metrics` in the OpenMetrics format; tallies that only rise end in `_total` there. Label values are closed sets.\n\n| metric | labels | |\n| --- | --- | --- |\n",
    );
    for name in crate::telemetry::metrics::NAMES {
        let labels = name.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "| `{}` | {labels} | {} |", name.name, name.help);
    }
    page
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_reference_in_the_repository_is_fresh() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
        for (name, text) in super::pages(&crate::cli::Cli::command()) {
            let stands = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(stands == text, "docs/reference/{name} is stale: run `cargo xtask docs`");
        }
    }
}

//! What stands in `packaging/`: parsed by real parsers, its settings read by the program's own reader, and
//! whatever one file names and another must serve (ports, paths, names, users) compared.

mod compose;
mod container;
mod kubernetes;
mod systemd;
mod yaml;

use cofferdam::config::Settings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder.
fn folder(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(part)
}

/// A file of it.
fn text(path: &str) -> String {
    let file = folder(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Settings as a node reads them: the file, and the environment over it.
fn settings(file: &str, text: &str, environment: &BTreeMap<String, String>) -> Settings {
    Settings::read(file, text, environment.clone()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What a file of `KEY=value` lines sets.
fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Values of every line that starts with these words: `server` in a file of HAProxy, `CMD` in one of Docker.
fn values<'a>(text: &'a str, words: &str) -> Vec<&'a str> {
    let starts = |line: &'a str| line.trim().strip_prefix(words)?.strip_prefix([' ', '=']);
    text.lines().filter_map(starts).map(str::trim).collect()
}

/// Whether the program answers there without a key.
fn is_served(path: &str) -> bool {
    include_str!("../../../../docs/reference/endpoints.md").contains(&format!("| `GET {path}` | no key |"))
}

/// The user that nodes run as, in an image and everywhere.
const NOBODY: &str = "65532";

#[test]
fn commands_that_the_pages_show_are_there() {
    let mut shown = 0;
    for page in ["README.md", "../docs/guides/several-machines.md"] {
        let text = text(page);
        for line in text.split("```").skip(1).step_by(2).flat_map(str::lines) {
            for command in line.split("&&").filter_map(|part| part.trim().strip_prefix("cofferdam ")) {
                let words: Vec<&str> = command.split('#').next().unwrap().split_whitespace().collect();
                let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_cofferdam"));
                let help = program.args([words[0], "--help"]).env_clear().output().unwrap();
                assert!(help.status.success(), "{page}: {command}");
                let help = String::from_utf8(help.stdout).unwrap();
                for flag in words.iter().filter(|word| word.starts_with("--")) {
                    assert!(help.contains(&format!(" {flag}")), "{page}: `{flag}` of `{command}`");
                }
                shown += 1;
            }
        }
    }
    assert!(shown >= 5, "{shown} commands were found");
}

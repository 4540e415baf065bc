//! The tidy test: what no compiler checks, kept from the first day.
//!
//! Each part is one rule of `CONTRIBUTING.md` and says in its message how to mend what it found.

use crate::run::root;
use std::path::Path;

mod crates;
mod detectors;
mod modules;
mod pages;
mod text;
mod words;

/// A file of the repository.
struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// All files of these endings that git would track, sorted.
fn files(endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                if !(name == "target" || name == ".git") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(read(&root, &path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no files with {endings:?}: the tidy test would say nothing");
    found
}

fn read(root: &Path, path: &Path) -> File {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    File { path, text }
}

impl File {
    /// Whether it is code of tests alone.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("contract.rs")
    }

    /// Its lines up to the unit tests at its end, without comments, numbered from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
            .map(|(n, line)| (n + 1, line.split("//").next().unwrap_or("")))
    }
}

/// Fails with all findings at once.
fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}\n  {}\n", findings.join("\n  "));
}

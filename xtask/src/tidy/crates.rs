//! The lower crates stay pure: no standard library, and only dependencies that somebody reviewed.

use super::report;
use crate::run::root;
use std::collections::BTreeSet;
use std::process::Command;

const LOWER: [&str; 3] = ["cofferdam-atlas", "cofferdam-engine", "cofferdam-sim"];

#[test]
fn lower_crates_have_no_standard_library() {
    let mut findings = Vec::new();
    for name in LOWER {
        let lib = std::fs::read_to_string(root().join("crates").join(name).join("src/lib.rs")).unwrap();
        if !lib.lines().any(|line| line.trim() == "#![no_std]") {
            findings.push(format!("crates/{name}/src/lib.rs: write `#![no_std]` at its top"));
        }
    }
    report("atlas, engine and sim take time, chance and state as values", &findings);
}

#[test]
fn lower_crates_depend_on_what_was_reviewed_and_nothing_else() {
    let mut findings = Vec::new();
    for name in LOWER {
        let out = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none"])
            .args(["--format", "{p}", "--package", name])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr));
        let names = |text: &str| -> BTreeSet<String> {
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| line.split_whitespace().next())
                .filter(|dependency| *dependency != name)
                .map(ToString::to_string)
                .collect()
        };
        let real = names(&String::from_utf8(out.stdout).unwrap());
        let path = root().join("crates").join(name).join("dependencies.txt");
        let reviewed = names(&std::fs::read_to_string(&path).unwrap_or_default());
        for new in real.difference(&reviewed) {
            findings
                .push(format!("{name} now depends on `{new}`: review it, then add it to dependencies.txt"));
        }
        for old in reviewed.difference(&real) {
            findings.push(format!("{name} no longer depends on `{old}`: take it out of dependencies.txt"));
        }
    }
    report("the lower crates' dependency trees are reviewed lists", &findings);
}

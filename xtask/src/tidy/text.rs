//! Length, left-over notes, and what must not stand in the repository at all.

use super::{files, report};

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    for file in files(&[".rs"]) {
        let lines = file.text.lines().count();
        let table = file.path.contains("/tables/");
        if lines > 600 && !file.is_test() && !table {
            findings.push(format!(
                "{}: {lines} lines, 600 at most: would two names explain it better?",
                file.path
            ));
        }
    }
    report("a file is one thing", &findings);
}

#[test]
fn no_module_hides_in_a_mod_rs() {
    let findings: Vec<String> = files(&[".rs"])
        .into_iter()
        .map(|file| file.path)
        .filter(|path| path.ends_with("/mod.rs") && !path.contains("/tests/"))
        .collect();
    report("module `x` is `x.rs`, its parts are in `x/`", &findings);
}

#[test]
fn no_left_over_notes() {
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("Being", " written")];
    let mut findings = Vec::new();
    for file in files(&[".rs", ".md", ".toml", ".sh", ".sql"]) {
        for (n, line) in file.text.lines().enumerate() {
            // A note that names its issue (`#123`) is a plan; one without is a wish.
            if words.iter().any(|word| line.contains(word)) && !line.contains('#') {
                findings.push(format!("{}:{}: a note without an issue", file.path, n + 1));
            }
        }
    }
    report("finish it, or open an issue and name it", &findings);
}

#[test]
fn the_repository_speaks_of_the_project_alone() {
    let paths =
        [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let mut findings = Vec::new();
    for file in files(&[".rs", ".md", ".toml", ".sh", ".sql", ".py", ".txt", "/run"]) {
        for (n, line) in file.text.lines().enumerate() {
            for path in paths.iter().filter(|path| line.contains(**path)) {
                findings.push(format!("{}:{}: `{path}` is a path of one machine", file.path, n + 1));
            }
        }
    }
    report("no path of a machine", &findings);
}

//! Inside the top crate modules use only those above them; homes and providers are named in one place.

use super::{files, report};

/// The floors of `crates/cofferdam/src/lib.rs`.
const FLOORS: [(u8, &[&str]); 5] = [
    (1, &["clock", "id", "secrets", "telemetry", "config"]),
    (2, &["store"]),
    (3, &["provider"]), // above the store, since the outbox keeps its messages there
    (4, &["app", "verify"]),
    (5, &["http", "jobs", "cli"]),
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

/// Whether `from` may use `to`: those above; its own line on the first and fourth; `cli` starts the others.
fn may_use(from: &str, to: &str) -> bool {
    let (Some(a), Some(b)) = (floor(from), floor(to)) else { return true };
    from == to || b < a || (a == b && (a == 1 || a == 4)) || from == "cli"
}

#[test]
fn every_module_of_the_top_crate_has_a_floor_and_uses_only_those_above() {
    let mut findings = Vec::new();
    for file in files(&[".rs"]) {
        let Some(inside) = file.path.strip_prefix("crates/cofferdam/src/") else { continue };
        let from = inside.split(['/', '.']).next().unwrap_or("");
        if file.is_test() || from == "main" || from == "lib" {
            continue;
        }
        if floor(from).is_none() {
            findings.push(format!("{}: `{from}` has no floor in xtask/src/tidy/modules.rs", file.path));
        }
        for (n, line) in file.code() {
            for (at, _) in line.match_indices("crate::") {
                let rest = line.get(at + 7..).unwrap_or("");
                let to: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !may_use(from, &to) {
                    findings.push(format!("{}:{n}: `{from}` may not use `{to}`", file.path));
                }
            }
        }
    }
    report("modules use only those above them (crates/cofferdam/src/lib.rs)", &findings);
}

#[test]
fn homes_and_providers_are_named_only_where_they_live() {
    let homes = ["rusqlite", "sqlite", "store::embedded", "store::memory"];
    let providers = ["twilio", "vonage", "telnyx"];
    let mut findings = Vec::new();
    for file in files(&[".rs"]) {
        let Some(inside) = file.path.strip_prefix("crates/cofferdam/src/") else { continue };
        if file.is_test() {
            continue;
        }
        let home_ok = inside.starts_with("store") || inside.starts_with("config");
        let provider_ok = ["provider", "facade", "config"].iter().any(|place| inside.starts_with(place));
        for (n, line) in file.code() {
            let line = line.to_lowercase();
            for word in homes.iter().filter(|word| !home_ok && line.contains(**word)) {
                findings.push(format!("{}:{n}: `{word}` is named outside store/ and config/", file.path));
            }
            for word in providers.iter().filter(|word| !provider_ok && line.contains(**word)) {
                findings.push(format!(
                    "{}:{n}: `{word}` is named outside provider/, facade/ and config/",
                    file.path
                ));
            }
        }
    }
    report("nobody else knows which home or provider it is", &findings);
}

#[test]
fn only_the_clock_asks_the_machine() {
    // The lints say the same; this also catches an allowance that hides them elsewhere.
    let mut findings = Vec::new();
    for file in files(&[".rs"]) {
        let shipped =
            file.path.starts_with("crates/") && !file.is_test() && !file.path.ends_with("src/clock.rs");
        for (n, line) in file.code().filter(|_| shipped) {
            for call in
                ["SystemTime::now", "Instant::now", "Timestamp::now", "getrandom::fill", "thread::sleep"]
            {
                if line.contains(call) {
                    findings.push(format!("{}:{n}: `{call}`: ask `clock`", file.path));
                }
            }
        }
    }
    report("time and chance are values", &findings);
}

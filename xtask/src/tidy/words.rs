//! One word for one thing: the words that the vocabulary sets aside do not name anything public.

use super::{files, report};

/// A word that is not ours, and the one that is.
const NOT_OURS: [(&str, &str); 34] = [
    ("account", "tenant, or user"),
    ("organisation", "tenant"),
    ("customer", "caller, or person"),
    ("subscriber", "person"),
    ("carrier", "network, or provider"),
    ("vendor", "provider"),
    ("gateway", "provider"),
    ("mno", "network"),
    ("registration", "verification"),
    ("captcha", "challenge"),
    ("otp", "code"),
    ("pin", "code"),
    ("medium", "channel"),
    ("recipient", "destination"),
    ("verdict", "decision"),
    ("rating", "score"),
    ("counter", "tally"),
    ("batches", "cohort"),
    ("closure", "block"),
    ("suspension", "block"),
    ("allowlist", "safe list"),
    ("whitelist", "safe list"),
    ("blocklist", "deny list"),
    ("blacklist", "deny list"),
    ("denylist", "deny list"),
    ("bypass", "waiver"),
    ("quota", "limit, or budget"),
    ("throttle", "limit"),
    ("alert", "incident"),
    ("originator", "sender id"),
    ("receipt", "delivery"),
    ("dlr", "delivery"),
    ("fee", "price"),
    ("sandbox", "outbox"),
];

/// Files whose names belong to others: provider's errors and facades speak their words.
fn exempt(path: &str) -> bool {
    path.starts_with("crates/cofferdam/src/facade")
        || path.starts_with("crates/cofferdam/src/provider/")
        || path.ends_with("/errors.rs")
        || path.starts_with("xtask/")
        || path.starts_with("benches/")
        || path.contains("/metrics")
        || path.ends_with("telemetry.rs") // `Counter` is the metrics library's word
}

/// The public name that a line declares, if it does.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = ["pub ", "pub(crate) ", "pub(super) "].iter().find_map(|open| line.strip_prefix(open))?;
    let rest = ["async ", "const ", "unsafe "]
        .iter()
        .fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let rest = ["fn ", "struct ", "enum ", "trait ", "mod ", "type ", "static "]
        .iter()
        .fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty() && *name != "use")
}

/// `FooBar`, `foo_bar` and `FOO_BAR` as `foo`, `bar`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let upper = name.chars().all(|c| !c.is_lowercase());
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && !upper) {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut().filter(|_| c != '_') {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[test]
fn public_names_use_the_vocabulary() {
    let mut findings = Vec::new();
    for file in files(&[".rs"]) {
        if file.is_test() || exempt(&file.path) {
            continue;
        }
        for (n, line) in file.code() {
            let Some(name) = declared(line) else { continue };
            for part in parts(name) {
                if let Some((word, ours)) = NOT_OURS.iter().find(|(word, _)| *word == part) {
                    findings.push(format!("{}:{n}: `{name}`: not {word}, but {ours}", file.path));
                }
            }
        }
    }
    report("one word for one thing (CONTRIBUTING.md)", &findings);
}

#[test]
fn names_are_taken_apart_rightly() {
    assert_eq!(parts("RateLimitedPin"), ["rate", "limited", "pin"]);
    assert_eq!(parts("spinning_pins"), ["spinning", "pins"]);
    assert_eq!(parts("MAX_OTP"), ["max", "otp"]);
    assert_eq!(declared("    pub async fn send_pin(&self)"), Some("send_pin"));
    assert_eq!(declared("    fn private_pin()"), None);
}

//! A file, a code: every detector is in the table, and its reason is its file's name with one dot.

use super::report;
use crate::run::root;

#[test]
fn every_detector_is_in_the_table_and_gives_the_reason_of_its_name() {
    let engine = root().join("crates/cofferdam-engine/src");
    let table = std::fs::read_to_string(engine.join("detect.rs")).unwrap();
    let codes = std::fs::read_to_string(engine.join("signal/code.rs")).unwrap();
    let mut findings = Vec::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(engine.join("detect")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".rs") else { continue };
        seen += 1;
        if !table.contains(&format!("mod {name};")) || !table.contains(&format!("{name}::")) {
            findings.push(format!("detect/{name}.rs is not in the table of detect.rs"));
        }
        // `limit` answers for all of `limit.<name>`.
        let code = name.replacen('_', ".", 1);
        let known =
            if name == "limit" { codes.contains("\"limit.") } else { codes.contains(&format!("\"{code}\"")) };
        if !known {
            findings.push(format!("signal/code.rs knows no code \"{code}\" for detect/{name}.rs"));
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        if !text.contains("#[test]") && !text.contains("Example") && !text.contains("example") {
            findings.push(format!("detect/{name}.rs has no example"));
        }
    }
    assert!(seen > 0, "no detectors found");
    report("a file, a code", &findings);
}

#[test]
fn every_default_of_the_policy_says_where_it_comes_from() {
    let path = "crates/cofferdam-engine/src/policy/levels.rs";
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let mut findings = Vec::new();
    let mut comment = String::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        if let Some(more) = line.strip_prefix("//") {
            comment.push_str(more);
            continue;
        }
        let sets_a_figure = line.split_once(':').is_some_and(|(name, value)| {
            name.chars().all(|c| c.is_alphanumeric() || c == '_')
                && value.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-')
        });
        let comment_here =
            format!("{comment}{}", line.split_once("//").map_or("", |(_, c)| c)).to_lowercase();
        if sets_a_figure
            && !["guess", "source", "because", "detection", "nist"].iter().any(|w| comment_here.contains(w))
        {
            findings.push(format!("{path}:{}: say its source, or that it is a guess", n + 1));
        }
        comment.clear();
    }
    report("every default in the policy has a source or is called a guess", &findings);
}

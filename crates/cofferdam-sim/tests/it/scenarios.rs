//! Every scenario reads, says what it is about, and expects something that can be measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_sim::attack::FAMILIES;
use cofferdam_sim::scorecard::MEASURES;
use cofferdam_sim::traffic::cases::CASES;
use cofferdam_sim::{Scenario, World};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn all(of: &Path) -> Vec<(String, Scenario)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all(&path));
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.strip_prefix(folder()).unwrap().with_extension("");
            let text = fs::read_to_string(&path).unwrap();
            let name = name.to_string_lossy().replace('\\', "/");
            let read = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push((name, read));
        }
    }
    found
}

#[test]
fn every_scenario_reads() {
    for (name, scenario) in all(&folder()) {
        assert!(!scenario.about.is_empty() && !scenario.expect.is_empty(), "{name}");
        for expect in &scenario.expect {
            let measure = expect.measure.as_str();
            let known = match measure.split_once('.') {
                None => MEASURES.contains(&measure),
                Some(("case", of)) => scenario.cases.iter().any(|line| line.case.name == of),
                Some(("family", of)) => scenario.attacks.iter().any(|line| line.family == of),
                Some(_) => false,
            };
            assert!(known, "{name}: nothing measures `{measure}`");
        }
        if scenario.attacks.iter().any(|line| !line.knobs.is_empty()) {
            assert!(World::of(&scenario, scenario.seed).is_ok(), "{name}");
        }
    }
}

#[test]
fn every_case_and_every_family_has_a_scenario() {
    let names: BTreeSet<String> = all(&folder()).into_iter().map(|(name, _)| name).collect();
    for case in CASES {
        assert!(names.contains(&format!("cases/{}", case.name)), "{}", case.name);
    }
    for family in FAMILIES {
        for density in ["thin", "busy"] {
            assert!(names.contains(&format!("attacks/{}-{density}", family.name)), "{}", family.name);
        }
    }
}

#[test]
fn a_knob_that_is_not_there_is_named_with_its_line() {
    let scenario = Scenario::parse("days 4\nattack flood megaphones=3\n").unwrap();
    let error = World::of(&scenario, 1).err().unwrap();
    assert_eq!((error.line, error.field.as_str()), (2, "megaphones=3"));
}

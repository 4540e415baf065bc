//! Every scenario reads, says what it is about, and expects something that can be measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_engine::{Level, Policy};
use cofferdam_sim::attack::FAMILIES;
use cofferdam_sim::scenario::Bound;
use cofferdam_sim::scorecard::MEASURES;
use cofferdam_sim::traffic::cases::CASES;
use cofferdam_sim::{Scenario, Trial, Who, World};

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

/// So much worse than the goal a single small run may be before something is broken, not merely untuned.
const WIDER: f64 = 10.0;

#[test]
fn a_handful_of_scenarios_come_out_near_what_they_expect() {
    let all = all(&folder());
    for name in [
        "cold-start",
        "cold-start-attacked",
        "outcomes-lost",
        "outcomes-late",
        "cases/outage",
        "attacks/flood-thin",
    ] {
        let mut scenario = all.iter().find(|(found, _)| found == name).unwrap().1.clone();
        scenario.people = Some(700.0);
        for expect in &mut scenario.expect {
            if let Bound::AtMost(most) = &mut expect.bound {
                *most = (*most * WIDER).clamp(0.02, 1.0);
            }
        }
        let engine = Who::Engine(Box::new(Policy::builtin(Level::Standard)));
        let trial = Trial::run(&scenario, scenario.seed, &engine, |_| ()).unwrap();
        let unmet = scenario.unmet(|measure| {
            // A small run may have nothing to measure one of them by.
            Some(trial.figures.measure(measure).unwrap_or(0.0))
        });
        assert!(trial.attempts > 1_000 && unmet.is_empty(), "{name}: {unmet:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_judge_others() {
    let text = "density thin\ndays 3\nquiet 2\npeople 300\nattack flood messages=300\n";
    let scenario = Scenario::parse(text).unwrap();
    let play = |level| {
        let engine = Who::Engine(Box::new(Policy::builtin(level)));
        Trial::run(&scenario, 5, &engine, |_| ()).unwrap()
    };
    let (first, again, basic) = (play(Level::Standard), play(Level::Standard), play(Level::Basic));
    assert_eq!((&first.figures, &first.beats), (&again.figures, &again.beats));
    assert_ne!(first.figures, basic.figures);
    assert_eq!(first.beats.len(), 300);
    let recipe = Who::Recipe(cofferdam_sim::recipe::Recipe::named("limits").unwrap());
    let limits = Trial::run(&scenario, 5, &recipe, |_| ()).unwrap();
    assert!(limits.figures.leaked() > first.figures.leaked());
}

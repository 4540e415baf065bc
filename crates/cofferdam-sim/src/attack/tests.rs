//! Each family is what it says: steps, paces, distinct addresses, and what those who adapt do when answered.

extern crate std;

use super::*;
use crate::places::Density;
use crate::stream::Became;
use alloc::collections::{BTreeMap, BTreeSet};
use cofferdam_atlas::{ip_facts, parse_e164};
use cofferdam_engine::outcome::CheckResult;
use cofferdam_engine::{Channel, Decision};
use std::sync::OnceLock;

mod adaptive;
mod families;

const START_MS: i64 = 1_741_564_800_000;
const HOUR_MS: i64 = 3_600_000;

pub(super) fn thin() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| Places::of(Density::Thin, &mut Dice::new(3)))
}

pub(super) fn busy() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| Places::of(Density::Busy, &mut Dice::new(4)))
}

fn drawn(name: &str, places: &Places, seed: u64) -> (&'static Family, Knobs) {
    let family = Family::named(name).unwrap();
    let mut knobs = family.knobs(places, &mut Dice::new(seed));
    knobs.start_ms = START_MS;
    (family, knobs)
}

/// A campaign of a family, as it was drawn.
pub(super) fn made(name: &str, places: &Places, seed: u64) -> (Knobs, Vec<Planned>) {
    let (family, knobs) = drawn(name, places, seed);
    let Campaign::Planned(planned) = family.campaign(&knobs, places, &mut Dice::new(seed)) else {
        panic!("{name} adapts")
    };
    (knobs, planned)
}

/// All attempts of one who adapts, each answered by `decide`.
pub(super) fn driven(
    knobs: &Knobs,
    places: &Places,
    mut decide: impl FnMut(&Planned) -> Decision,
) -> Vec<Planned> {
    let family = Family::named(knobs.family).unwrap();
    let Campaign::Adaptive(mut actor) = family.campaign(knobs, places, &mut Dice::new(9)) else {
        panic!("{} does not adapt", knobs.family)
    };
    let mut all = Vec::new();
    while let Some(at_ms) = actor.next_at_ms() {
        let planned = actor.act();
        assert_eq!(planned.attempt.at_ms, at_ms);
        actor.told(decide(&planned));
        all.push(planned);
    }
    all
}

fn digits(planned: &Planned) -> u64 {
    planned.attempt.phone.trim_start_matches('+').parse().unwrap()
}

fn distinct<T: Ord>(of: impl Iterator<Item = T>) -> usize {
    of.collect::<BTreeSet<T>>().len()
}

fn share(planned: &[Planned], of: impl Fn(&Planned) -> bool) -> f64 {
    planned.iter().filter(|one| of(one)).count() as f64 / planned.len() as f64
}

fn entered(planned: &Planned) -> bool {
    planned.outcomes.iter().any(|outcome| outcome.what == Became::Check(CheckResult::Ok))
}

fn countries(planned: &[Planned]) -> usize {
    distinct(planned.iter().filter_map(|one| parse_e164(&one.attempt.phone).unwrap().country))
}

#[test]
fn the_coin_was_tossed_before_anything_was_measured() {
    for family in &FAMILIES {
        let heads = Dice::new(COIN).apart(family.name).chance(0.5);
        assert_eq!(family.held_out, heads, "{}", family.name);
    }
    let held_out = FAMILIES.iter().filter(|family| family.held_out).count();
    assert!((10..=22).contains(&held_out), "{held_out}");
}

#[test]
fn the_table_has_every_family_once() {
    assert_eq!(distinct(FAMILIES.iter().map(|family| family.name)), FAMILIES.len());
    assert!(FAMILIES.iter().filter(|family| !family.adapts()).count() >= 18);
    let unseen: Vec<&str> =
        FAMILIES.iter().filter(|family| !family.visible).map(|family| family.name).collect();
    assert_eq!(unseen, ["faked_all", "thin_layer"]);
    assert!(Family::named("flood").is_some() && Family::named("storm").is_none());
}

#[test]
fn every_planned_family_is_in_order_and_its_truth_is_told() {
    for (places, seed) in [(thin(), 5), (busy(), 6)] {
        for family in FAMILIES.iter().filter(|family| !family.adapts()) {
            let (_, planned) = made(family.name, places, seed);
            assert!(planned.len() >= 20, "{}: {}", family.name, planned.len());
            assert!(planned.is_sorted_by_key(|one| one.attempt.at_ms), "{}", family.name);
            for one in &planned {
                assert!(one.attempt.at_ms >= START_MS);
                assert_eq!(one.truth.family, Some(family.name));
                parse_e164(&one.attempt.phone).unwrap_or_else(|_| panic!("{}", family.name));
                let times = one.outcomes.iter().map(|outcome| outcome.at_ms);
                assert!(times.clone().is_sorted() && times.min().is_none_or(|at| at > one.attempt.at_ms));
                let challenges =
                    |outcome: &&crate::OutcomeEvent| matches!(outcome.what, Became::Challenge { .. });
                assert!(one.outcomes.iter().skip(1).filter(challenges).count() == 0);
            }
        }
    }
}

#[test]
fn a_seed_makes_the_same_campaign_and_another_makes_another() {
    for family in FAMILIES.iter().filter(|family| !family.adapts()) {
        let first = made(family.name, thin(), 11).1;
        assert_eq!(first, made(family.name, thin(), 11).1, "{}", family.name);
        assert_ne!(first, made(family.name, thin(), 12).1, "{}", family.name);
    }
}

#[test]
fn knobs_are_set_by_name() {
    let (_, mut knobs) = drawn("flood", thin(), 1);
    knobs.set("messages", "120").unwrap();
    knobs.set("hours", "0.5").unwrap();
    knobs.set("numbers", "walk").unwrap();
    assert_eq!((knobs.messages, knobs.numbers), (120, Numbers::Walk));
    assert_eq!(knobs.set("senders", "1").unwrap_err().to_string(), "no attack has a knob `senders`");
    for (name, value) in [("messages", "1.5"), ("hours", "-1"), ("hours", "NaN"), ("pace", "slow")] {
        let told = knobs.set(name, value).unwrap_err().to_string();
        assert_eq!(told, std::format!("`{name}` cannot be `{value}`"));
    }
}

use alloc::string::ToString;

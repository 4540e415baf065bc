use super::cases::{CASES, Scene};
use super::crowd::{DAY_MS, HOUR_MS};
use super::*;
use crate::places::{Density, Places};
use crate::stream::Became;
use crate::{Dice, Planned};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use cofferdam_engine::outcome::CheckResult;

/// A Monday.
const FROM_MS: i64 = 1_741_564_800_000;

fn days(seed: u64, count: u32) -> (Places, Vec<Planned>) {
    let dice = Dice::new(seed);
    let places = Places::of(Density::Thin, &mut dice.apart("places"));
    let mut crowd = Crowd::new(&places, &dice);
    let mut all = Vec::new();
    for day in 0..count {
        all.extend(crowd.day(day, FROM_MS + i64::from(day) * DAY_MS, &places, &Spells::default()));
    }
    (places, all)
}

fn converted(planned: &Planned) -> bool {
    planned.outcomes.iter().any(|outcome| outcome.what == Became::Check(CheckResult::Ok))
}

#[test]
fn the_same_seed_gives_the_same_people() {
    assert_eq!(days(3, 1).1, days(3, 1).1);
    assert_ne!(days(3, 1).1, days(4, 1).1);
}

#[test]
fn evenings_are_full_and_nights_are_empty_where_people_live() {
    let (places, all) = days(5, 4);
    let largest = places.nets.first().unwrap().country;
    let of: BTreeSet<usize> = places.nets_of(largest).into_iter().collect();
    let mut hours = [0_u32; 24];
    for planned in &all {
        let net = cofferdam_atlas::parse_e164(&planned.attempt.phone).unwrap().country == Some(largest);
        if net {
            let local = Places::local_ms(largest, planned.attempt.at_ms);
            hours[(local.rem_euclid(DAY_MS) / HOUR_MS) as usize] += 1;
        }
    }
    assert!(!of.is_empty());
    let (evening, night): (u32, u32) = (hours[17..22].iter().sum(), hours[3..8].iter().sum());
    assert!(evening > 4 * night, "{hours:?}");
}

#[test]
fn codes_come_back_as_the_places_say() {
    let (places, all) = days(6, 6);
    let mut sittings: BTreeMap<u32, (usize, bool)> = BTreeMap::new();
    for planned in &all {
        let found = cofferdam_atlas::parse_e164(&planned.attempt.phone).unwrap();
        let id = found.network.map(cofferdam_atlas::Network::id);
        let net = places.nets.iter().position(|net| Some(net.country) == found.country && net.network == id);
        if let Some(net) = net {
            let entry = sittings.entry(planned.truth.sitting).or_insert((net, false));
            entry.1 |= converted(planned);
        }
    }
    let mut tallies: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (net, ok) in sittings.values() {
        let tally = tallies.entry(*net).or_default();
        tally.0 += 1.0;
        tally.1 += f64::from(u8::from(*ok));
    }
    let mut seen = 0;
    for (net, (asked, ok)) in tallies.into_iter().filter(|(_, (asked, _))| *asked > 600.0) {
        let (share, least) = (ok / asked, places.nets[net].converts);
        // Those who come back do better than newcomers, so it lies between the two.
        let most = 1.0 - 0.4 * (1.0 - least);
        assert!(share > least - 0.08 && share < most + 0.04, "{net}: {share} of {least}");
        seen += 1;
    }
    assert!(seen > 4, "{seen}");
}

#[test]
fn people_ask_again_and_come_back() {
    let (_, all) = days(8, 6);
    let mut attempts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut sittings: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for planned in &all {
        *attempts.entry(planned.truth.sitting).or_default() += 1;
        sittings.entry(&planned.attempt.phone).or_default().insert(planned.truth.sitting);
    }
    let again = attempts.values().filter(|count| **count > 1).count() as f64 / attempts.len() as f64;
    assert!((0.05..0.3).contains(&again), "{again}");
    let back = sittings.values().map(|of| of.len() - 1).sum::<usize>() as f64 / attempts.len() as f64;
    assert!((0.1..0.5).contains(&back), "{back}");
}

#[test]
fn outcomes_are_in_order_and_a_challenge_comes_first() {
    for planned in days(9, 1).1 {
        let times: Vec<i64> = planned.outcomes.iter().map(|outcome| outcome.at_ms).collect();
        assert!(times.is_sorted() && times.first().is_none_or(|first| *first >= planned.attempt.at_ms));
        let challenge =
            planned.outcomes.iter().position(|outcome| matches!(outcome.what, Became::Challenge { .. }));
        assert!(challenge.is_none_or(|at| at == 0));
    }
}

#[test]
fn every_case_makes_something_that_bears_its_name() {
    for density in [Density::Thin, Density::Busy] {
        let dice = Dice::new(11);
        let places = Places::of(density, &mut dice.apart("places"));
        for case in CASES {
            let mut scene = Scene {
                places: &places,
                from_ms: FROM_MS,
                to_ms: FROM_MS + 8 * DAY_MS,
                size: 1.0,
                dice: dice.apart(case.name),
                sittings: 0,
                planned: Vec::new(),
                spells: Vec::new(),
                faults: Vec::new(),
            };
            (case.make)(&mut scene);
            let own = scene.planned.iter().all(|planned| planned.truth.case == Some(case.name));
            let spells = scene.spells.iter().all(|spell| spell.case == Some(case.name));
            assert!(own && spells, "{}", case.name);
            assert!(scene.planned.len() >= 100 || !scene.spells.is_empty(), "{}", case.name);
            let (from, to) = (FROM_MS, FROM_MS + 10 * DAY_MS);
            assert!(
                scene.planned.iter().all(|planned| (from..to).contains(&planned.attempt.at_ms)),
                "{}",
                case.name
            );
        }
    }
}

#[test]
fn a_launch_and_an_outage_change_the_everyday() {
    let dice = Dice::new(12);
    let places = Places::of(Density::Thin, &mut dice.apart("places"));
    let net = 0;
    let usual = Spell::usual("outage", FROM_MS, 24.0, Reach::Net(net));
    let empty = (0..places.nets.len()).rev().find(|at| places.per_day_in(*at) < 2.0).unwrap();
    let spells = Spells(alloc::vec![
        Spell { arrives: 0.0, ..usual },
        Spell { more_a_day: 200.0, ..Spell::usual("launch", FROM_MS, 24.0, Reach::Net(empty)) },
    ]);
    let all = Crowd::new(&places, &dice).day(0, FROM_MS, &places, &spells);
    let of = |case| all.iter().filter(move |planned| planned.truth.case == Some(case));
    assert!(of("outage").count() > 50 && !of("outage").any(converted));
    let launch = of("launch").count();
    assert!((120..400).contains(&launch), "{launch}");
    assert!(of("launch").filter(|planned| converted(planned)).count() * 6 > launch);
}

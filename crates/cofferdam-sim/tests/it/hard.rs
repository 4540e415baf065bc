//! Whether the worlds are hard: simple recipes must fail in them, on both sides, and no field may give the truth
//! away.

use std::collections::{BTreeMap, VecDeque};

use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;
use cofferdam_sim::attack::Family;
use cofferdam_sim::{AttemptEvent, Became, Decided, Event, Figures, Judge, Scenario, Scorecard, World};

fn decided(decision: Decision) -> Decided {
    Decided { decision, score: None, reasons: Vec::new(), evidence: None }
}

const HOUR_MS: i64 = 3_600_000;

/// Times by key within the last hour.
#[derive(Default)]
struct Lately(BTreeMap<String, VecDeque<i64>>);

impl Lately {
    fn count(&mut self, key: String, at_ms: i64) -> usize {
        let times = self.0.entry(key).or_default();
        while times.front().is_some_and(|first| *first < at_ms - HOUR_MS) {
            times.pop_front();
        }
        times.push_back(at_ms);
        times.len()
    }
}

/// So many an hour by number, address, device and session.
#[derive(Default)]
struct Limits(Lately);

impl Judge for Limits {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        let mut over = self.0.count(attempt.phone.clone(), at_ms) > 5;
        for (key, most) in [(&attempt.ip, 10), (&attempt.device_id, 5), (&attempt.session_id, 5)] {
            if let Some(key) = key {
                over |= self.0.count(key.clone(), at_ms) > most;
            }
        }
        decided(if over { Decision::Block } else { Decision::Allow })
    }

    fn learn(&mut self, _: &str, _: Became, _: i64) {}
}

/// Blocks a run of numbers for an hour when fewer than so many of its last codes were entered.
struct Conversion {
    drop: usize,
    sent: BTreeMap<String, String>,
    /// Sent, entered, blocked until.
    places: BTreeMap<String, (f64, f64, i64)>,
}

impl Judge for Conversion {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        let key = attempt.phone[..attempt.phone.len() - self.drop].to_owned();
        let place = self.places.entry(key.clone()).or_default();
        if place.2 > at_ms {
            return decided(Decision::Block);
        }
        place.0 = place.0 * 0.97 + 1.0;
        place.1 *= 0.97;
        if place.0 > 12.0 && place.1 < 0.2 * place.0 {
            *place = (0.0, 0.0, at_ms + 6 * HOUR_MS);
        }
        self.sent.insert(attempt.id.clone(), key);
        decided(Decision::Allow)
    }

    fn learn(&mut self, attempt_id: &str, became: Became, _: i64) {
        if let (Some(key), Became::Check(CheckResult::Ok)) = (self.sent.remove(attempt_id), became)
            && let Some(place) = self.places.get_mut(&key)
        {
            place.1 += 1.0;
        }
    }
}

fn run(density: &str, people: u32, judge: &mut dyn Judge) -> Figures {
    let text = format!("density {density}\ndays 9\nquiet 3\npeople {people}\ncase all\nattack all\n");
    let mut world = World::of(&Scenario::parse(&text).unwrap(), 3).unwrap();
    let mut card = Scorecard::default();
    world.run(judge, card.taking(|family| Family::named(family).is_some_and(|family| family.visible)));
    card.figures()
}

fn told(name: &str, figures: &Figures) {
    let measure = |name| figures.measure(name).map_or("-".into(), |found| format!("{found:.4}"));
    println!(
        "{name}: leaked {} mean {} good stopped {} of {} network {} worst {:?} first stop {} missed {} of {}",
        measure("leaked"),
        measure("mean_leaked"),
        measure("good_stopped"),
        figures.good_stopped.of,
        measure("attacked_network"),
        figures.worst_case(),
        measure("first_stop"),
        measure("missed"),
        figures.campaigns.len(),
    );
    println!("  {:?}", figures.worst_families());
    println!("  {:?}", figures.cases);
}

#[test]
fn recipes_fail_on_both_sides() {
    for (density, people) in [("thin", 4000), ("busy", 9000)] {
        let limits = run(density, people, &mut Limits::default());
        told(&format!("{density} limits"), &limits);
        assert!(limits.mean_leaked().unwrap() > 0.5, "limits alone do not find careful attacks");
        assert!(limits.measure("case.office").unwrap() > 0.3, "and they stop offices");
        assert!(limits.measure("good_stopped").unwrap() > 0.005);
        let mut by_run = Conversion { drop: 4, sent: BTreeMap::new(), places: BTreeMap::new() };
        let by_run = run(density, people, &mut by_run);
        told(&format!("{density} runs"), &by_run);
        assert!((0.15..0.85).contains(&by_run.mean_leaked().unwrap()));
        assert!(by_run.measure("good_stopped").unwrap() > 0.005, "one threshold for all stops good people");
        assert!(by_run.measure("worst_case").unwrap() > 0.3);
    }
}

/// What can be read off an attempt by itself: among attempts of which profile, which field, and what stands there.
/// Which profile an attack goes through is its behaviour; what is then told must be as with everybody.
fn marks(attempt: &AttemptEvent) -> Vec<(String, &'static str, String)> {
    let told = |field: &Option<String>| u8::from(field.is_some());
    let mask = [
        told(&attempt.ip),
        told(&attempt.ip_country),
        told(&attempt.device_id),
        told(&attempt.session_id),
        told(&attempt.user_id),
        told(&attempt.user_agent),
        u8::from(attempt.asn.is_some()),
        u8::from(attempt.price_micros.is_some()),
    ];
    let profile = attempt.profile.clone().unwrap_or_default();
    let all = String::new;
    let len = |field: &Option<String>| field.as_ref().map_or(0, String::len);
    vec![
        (profile, "told", format!("{mask:?}")),
        (all(), "agent", attempt.user_agent.clone().unwrap_or_default()),
        (all(), "millisecond", (attempt.at_ms % 10).to_string()),
        (all(), "second", (attempt.at_ms / 1000 % 60).to_string()),
        (
            all(),
            "lengths",
            format!("{} {} {}", attempt.id.len(), len(&attempt.device_id), len(&attempt.session_id)),
        ),
        (
            all(),
            "address",
            attempt.ip.as_ref().map_or("", |ip| if ip.contains(':') { "6" } else { "4" }).to_owned(),
        ),
        (all(), "first of id", attempt.id[..1].to_owned()),
    ]
}

#[test]
fn no_field_gives_the_truth_away() {
    for density in ["thin", "busy"] {
        let text = format!("density {density}\ndays 7\nquiet 1\npeople 4000\nattack all\n");
        let world = World::of(&Scenario::parse(&text).unwrap(), 5).unwrap();
        let mut tallies: BTreeMap<(String, &str, String), (f64, f64)> = BTreeMap::new();
        let mut whole: BTreeMap<(String, &str), (f64, f64)> = BTreeMap::new();
        for (event, truth) in world.events() {
            let (Event::Attempt(attempt), Some(truth)) = (event, truth) else { continue };
            let attack = truth.family.is_some();
            for (among, field, value) in marks(&attempt) {
                let group = whole.entry((among.clone(), field)).or_default();
                *(if attack { &mut group.1 } else { &mut group.0 }) += 1.0;
                let tally = tallies.entry((among, field, value)).or_default();
                *(if attack { &mut tally.1 } else { &mut tally.0 }) += 1.0;
            }
        }
        for ((among, field, value), (of_good, of_bad)) in tallies {
            let (good, bad) = whole[&(among, field)];
            if good.min(bad) < 500.0 {
                continue;
            }
            // Values with enough attacks: how much likelier than among genuine attempts.
            let ratio = ((of_bad + 20.0) / bad) / ((of_good + 20.0) / good);
            if of_bad > 0.01 * bad && field != "agent" {
                assert!(ratio < 4.0, "{density} {field} {value}: {of_good} {of_bad}");
            }
            if of_bad > 0.002 * bad {
                assert!(of_good > 0.0, "{density} {field} {value}: only attacks have it, {of_bad} times");
            }
            if of_good > 0.02 * good {
                assert!(of_bad > 0.0, "{density} {field} {value}: no attack has it");
            }
        }
    }
}

use super::*;
use crate::traffic::cases::CASES;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString as _;
use cofferdam_engine::outcome::CheckResult;

const SCENARIO: &str = "density thin\ndays 3\nquiet 1\npeople 800\ncase office\ncase monitor\n";

fn world(text: &str, seed: u64) -> World {
    World::of(&Scenario::parse(text).unwrap(), seed).unwrap()
}

/// Decides by a fixed part of the number, and writes all down that it is shown.
struct Notes {
    decision: fn(&AttemptEvent) -> Decision,
    seen: Vec<String>,
    newest_ms: i64,
}

impl Judge for Notes {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        assert!(at_ms >= self.newest_ms);
        self.newest_ms = at_ms;
        self.seen.push(format!("{at_ms} {attempt:?}"));
        Decided { decision: (self.decision)(attempt), score: None, reasons: Vec::new(), evidence: None }
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        assert!(at_ms >= self.newest_ms);
        self.newest_ms = at_ms;
        self.seen.push(format!("{at_ms} {attempt_id} {became:?}"));
    }
}

fn third(attempt: &AttemptEvent) -> Decision {
    match attempt.phone.bytes().next_back().unwrap_or(0) % 3 {
        0 => Decision::Allow,
        1 => Decision::Challenge,
        _ => Decision::Block,
    }
}

fn notes(decision: fn(&AttemptEvent) -> Decision) -> Notes {
    Notes { decision, seen: Vec::new(), newest_ms: 0 }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut judge = notes(third);
        world(SCENARIO, seed).run(&mut judge, |_, _, _| {});
        judge.seen
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn outcomes_are_shown_as_the_decision_allows() {
    let mut decisions = BTreeMap::new();
    let mut judge = notes(third);
    world(SCENARIO, 3).run(&mut judge, |posed, decided, sent| {
        decisions.insert(posed.attempt.id.clone(), (decided.decision, sent));
    });
    let (mut passed, mut challenges, mut checks) = (BTreeSet::new(), 0, 0);
    for line in &judge.seen {
        let mut words = line.split(' ').skip(1);
        let (Some(id), Some(what)) = (words.next(), words.next()) else { continue };
        let Some((decision, sent)) = decisions.get(id) else { continue };
        assert_ne!(*decision, Decision::Block);
        if what == "Challenge" {
            assert_eq!(*decision, Decision::Challenge);
            challenges += 1;
            if line.contains("passed: true") {
                assert!(*sent);
                passed.insert(id.to_string());
            }
        } else {
            assert!(*sent && (*decision == Decision::Allow || passed.contains(id)));
            checks += usize::from(what.starts_with("Check"));
        }
    }
    assert!(challenges > 200 && checks > 200, "{challenges} {checks}");
}

#[test]
fn a_stream_shows_everything_in_order() {
    let (mut newest, mut attempts, mut outcomes, mut cases) = (0, 0, 0, BTreeSet::new());
    for (event, truth) in world(SCENARIO, 4).events() {
        assert!(event.at_ms() >= newest);
        newest = event.at_ms();
        match truth {
            Some(truth) => {
                attempts += 1;
                cases.extend(truth.case);
            }
            None => outcomes += 1,
        }
    }
    assert!(attempts > 2000 && outcomes > 2 * attempts, "{attempts} {outcomes}");
    assert!(cases.contains("office") && cases.contains("monitor"));
}

#[test]
fn the_pipe_fails_as_it_is_told() {
    let count = |pipe: &str| {
        let made = world(&format!("{SCENARIO}{pipe}"), 5);
        let from = made.from_ms + DAY_MS;
        let mut per_hour = [0_u32; 8];
        for (event, _) in made.events() {
            if let Event::Outcome(OutcomeEvent { at_ms, what: Became::Check(CheckResult::Ok), .. }) = event
                && let Some(hour) = per_hour.get_mut(((at_ms - from).max(-1)).div_euclid(3_600_000) as usize)
            {
                *hour += 1;
            }
        }
        per_hour
    };
    let (usual, lost) = (count(""), count("pipe lost from=1d for=3h\n"));
    assert_eq!((lost[..3].iter().sum::<u32>(), &lost[3..]), (0, &usual[3..]));
    let bulk = count("pipe bulk from=1d for=3h\n");
    assert_eq!(bulk[..4].iter().sum::<u32>(), usual[..4].iter().sum::<u32>());
    assert_eq!(bulk[..3].iter().sum::<u32>(), 0);
    let late = count("pipe late from=1d for=8h by=60m\n");
    assert_eq!((late[0], &late[1..]), (0, &usual[..7]));
    let missing: u32 = count("pipe missing share=0.33\n").iter().sum();
    let all: u32 = usual.iter().sum();
    assert!(missing * 10 > all * 5 && missing * 10 < all * 8, "{missing} {all}");
}

/// Asks each minute, and moves on after three blocks.
struct Mover {
    at_ms: i64,
    left: u32,
    blocked: u32,
    moved: bool,
}

impl Actor for Mover {
    fn next_at_ms(&self) -> Option<i64> {
        (self.left > 0).then_some(self.at_ms)
    }

    fn act(&mut self) -> Planned {
        self.left -= 1;
        let at_ms = self.at_ms;
        self.at_ms += 60_000;
        let phone = if self.moved { "+447700900001" } else { "+12125550101" };
        Planned {
            attempt: AttemptEvent {
                id: String::new(),
                at_ms,
                phone: phone.into(),
                channel: cofferdam_engine::Channel::Sms,
                price_micros: Some(50_000),
                ip: None,
                asn: None,
                ip_country: None,
                device_id: None,
                session_id: None,
                user_id: None,
                user_agent: None,
                profile: None,
            },
            outcomes: Vec::new(),
            truth: Truth { family: Some("mover"), campaign: 0, case: None, sitting: 0 },
        }
    }

    fn told(&mut self, decision: Decision) {
        self.blocked += u32::from(decision == Decision::Block);
        self.moved = self.blocked >= 3;
    }
}

#[test]
fn attackers_hear_what_was_decided() {
    let mut made = world(SCENARIO, 6);
    let at_ms = made.quiet_until_ms;
    assert_eq!(made.act(Box::new(Mover { at_ms, left: 20, blocked: 0, moved: false })), 1);
    let here = |attempt: &AttemptEvent| {
        if attempt.phone == "+12125550101" { Decision::Block } else { Decision::Allow }
    };
    let (mut stopped, mut sent) = (0, 0);
    made.run(&mut notes(here), |posed, _, went| {
        if posed.truth.family.is_some() {
            assert_eq!(posed.truth.campaign, 1);
            *(if went { &mut sent } else { &mut stopped }) += 1;
        }
    });
    assert_eq!((stopped, sent), (3, 17));
}

#[test]
fn names_look_alike_and_no_field_is_told_by_one_side_only() {
    let mut planned = Vec::new();
    let mut made = world(SCENARIO, 7);
    let mut dice = made.dice("attack");
    for which in 0..400_i64 {
        let (ip, asn) = made.places.address_in(made.places.countries()[0], &mut dice);
        let mut of =
            Mover { at_ms: made.quiet_until_ms + which * 60_000, left: 1, blocked: 0, moved: false }.act();
        of.attempt.phone = made.places.number_in(3, &mut dice);
        (of.attempt.ip, of.attempt.asn) = (Some(ip), asn);
        of.attempt.device_id = Some("bot".into());
        of.attempt.session_id = Some(format!("bot-{which}"));
        of.attempt.user_id = Some("x".into());
        of.attempt.user_agent = Some(crate::places::agent(&mut dice));
        of.attempt.price_micros = None;
        planned.push(of);
    }
    made.attack(planned);
    let (mut told, mut lengths) = ([BTreeMap::new(), BTreeMap::new()], BTreeSet::new());
    for (event, truth) in made.events() {
        let (Event::Attempt(attempt), Some(truth)) = (event, truth) else { continue };
        let fields = [
            ("device", attempt.device_id.as_deref()),
            ("session", attempt.session_id.as_deref()),
            ("user", attempt.user_id.as_deref()),
            ("agent", attempt.user_agent.as_deref()),
            ("ip", attempt.ip.as_deref()),
            ("country", attempt.ip_country.as_deref()),
            ("price", attempt.price_micros.map(|_| "")),
        ];
        let tally = &mut told[usize::from(truth.family.is_some())];
        for (name, value) in fields {
            let entry: &mut (f64, f64) = tally.entry((attempt.profile.clone(), name)).or_default();
            entry.0 += 1.0;
            entry.1 += f64::from(u8::from(value.is_some()));
        }
        lengths.insert(attempt.id.len());
        lengths.extend(attempt.device_id.as_ref().map(String::len));
    }
    assert_eq!(lengths, BTreeSet::from([12, 16]));
    let [good, bad] = told;
    for (key, (asked, with)) in bad.iter().filter(|(_, (asked, _))| *asked > 40.0) {
        let (all, had) = good[key];
        assert!((with / asked - had / all).abs() < 0.2, "{key:?}: {with} of {asked}, {had} of {all}");
    }
}

#[test]
fn all_cases_at_once_have_enough_to_show_something() {
    for density in ["thin", "busy"] {
        let mut tallies: BTreeMap<&str, u32> = BTreeMap::new();
        let text = format!("density {density}\ndays 8\nquiet 1\npeople 6000\ncase all\n");
        for (_, truth) in world(&text, 8).events() {
            if let Some(case) = truth.and_then(|truth| truth.case) {
                *tallies.entry(case).or_default() += 1;
            }
        }
        for case in CASES {
            assert!(tallies.get(case.name).is_some_and(|count| *count >= 60), "{} {tallies:?}", case.name);
        }
        assert!(
            tallies.values().filter(|count| **count >= 300).count() * 4 >= CASES.len() * 3,
            "{tallies:?}"
        );
    }
}

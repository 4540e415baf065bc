//! What a replay may know, against a judge that writes down all it was told.

use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use cofferdam_engine::{Channel, Decision};
use cofferdam_sim::pipe::{REMEMBERED_MS, Told};
use cofferdam_sim::{AttemptEvent, Became, Decided, Dice, Event, Judge, OutcomeEvent, Pipe};

/// Decides by the first letter of the identifier, and by everything it heard before where that is `x`.
#[derive(Default)]
struct Listener {
    heard: Vec<(String, Became, i64)>,
    asked: Vec<(String, i64)>,
}

impl Judge for Listener {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        self.asked.push((attempt.id.clone(), at_ms));
        let decision = match attempt.id.as_bytes()[0] {
            b'a' => Decision::Allow,
            b'c' => Decision::Challenge,
            b'b' => Decision::Block,
            _ => match (self.heard.len() as i64 + self.heard.last().map_or(0, |heard| heard.2) + at_ms) % 3 {
                0 => Decision::Allow,
                1 => Decision::Challenge,
                _ => Decision::Block,
            },
        };
        Decided {
            decision,
            score: Some(0.5),
            reasons: vec![format!("heard.{}", self.heard.len())],
            evidence: None,
        }
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        self.heard.push((attempt_id.to_owned(), became, at_ms));
    }
}

fn attempt(id: &str, at_ms: i64) -> Event {
    Event::Attempt(AttemptEvent {
        id: id.to_owned(),
        at_ms,
        phone: "+447700900123".to_owned(),
        channel: Channel::Sms,
        price_micros: None,
        ip: None,
        asn: None,
        ip_country: None,
        device_id: None,
        session_id: None,
        user_id: None,
        user_agent: None,
        profile: None,
    })
}

fn outcome(id: &str, at_ms: i64, what: Became) -> Event {
    Event::Outcome(OutcomeEvent { attempt_id: id.to_owned(), at_ms, what })
}

const PASSED: Became = Became::Challenge { passed: true };
const FAILED: Became = Became::Challenge { passed: false };
const DELIVERED: Became = Became::Delivery(DeliveryStatus::Delivered);
const OK: Became = Became::Check(CheckResult::Ok);
const WRONG: Became = Became::Check(CheckResult::Wrong);

/// What is told of one attempt, of all that is recorded of it.
fn told(id: &str, recorded: &[Became]) -> Vec<Became> {
    let mut pipe: Pipe<_> = Pipe::new(Listener::default());
    pipe.push(&attempt(id, 0));
    for (at, what) in recorded.iter().enumerate() {
        pipe.push(&outcome(id, at as i64 + 1, *what));
    }
    pipe.judge().heard.iter().map(|heard| heard.1).collect()
}

#[test]
fn an_allowed_attempt_shows_its_deliveries_and_checks_but_no_challenge() {
    assert_eq!(told("a", &[PASSED, DELIVERED, WRONG, WRONG, OK]), [DELIVERED, WRONG, WRONG, OK]);
    assert_eq!(told("a", &[FAILED, DELIVERED]), [DELIVERED]);
}

#[test]
fn a_challenged_one_shows_them_once_passed() {
    assert_eq!(told("c", &[PASSED, DELIVERED, OK]), [PASSED, DELIVERED, OK]);
    assert_eq!(told("c", &[FAILED, DELIVERED, OK]), [FAILED]);
    assert_eq!(told("c", &[DELIVERED, OK]), []);
    assert_eq!(told("c", &[FAILED, PASSED, OK]), [FAILED], "the first word counts");
    assert_eq!(
        told("c", &[DELIVERED, OK, PASSED, DELIVERED, OK]),
        [PASSED, DELIVERED, OK],
        "the order counts"
    );
}

#[test]
fn a_blocked_one_shows_nothing() {
    assert_eq!(told("b", &[PASSED, DELIVERED, WRONG, OK]), []);
}

#[test]
fn every_outcome_is_told_once() {
    let failed = Became::Delivery(DeliveryStatus::Failed);
    assert_eq!(told("a", &[DELIVERED, failed, OK, OK, WRONG, DELIVERED]), [DELIVERED, OK]);
    assert_eq!(told("c", &[PASSED, PASSED, OK, PASSED, WRONG]), [PASSED, OK]);
}

#[test]
fn what_is_older_than_the_newest_happens_now() {
    let mut pipe: Pipe<_> = Pipe::new(Listener::default());
    for event in [attempt("a1", 100), outcome("a1", 150, DELIVERED), attempt("a2", 90), outcome("a2", 50, OK)]
    {
        pipe.push(&event);
    }
    assert_eq!(pipe.judge().asked, [("a1".to_owned(), 100), ("a2".to_owned(), 150)]);
    assert_eq!(pipe.judge().heard[1], ("a2".to_owned(), OK, 150));
}

#[test]
fn the_time_of_what_is_withheld_does_not_count() {
    let mut pipe: Pipe<_> = Pipe::new(Listener::default());
    let late = 1_000_000;
    for event in [attempt("b", 1), outcome("b", late, OK), outcome("nobody", late, OK), attempt("a", 2)] {
        pipe.push(&event);
    }
    assert_eq!(pipe.judge().asked[1], ("a".to_owned(), 2));
}

#[test]
fn a_repeated_identifier_is_an_attempt_of_its_own() {
    let mut pipe: Pipe<_> = Pipe::new(Listener::default());
    assert!(matches!(pipe.push(&attempt("a", 1)), Told::Decided { again: false, .. }));
    pipe.push(&outcome("a", 2, OK));
    assert!(matches!(pipe.push(&attempt("a", 3)), Told::Decided { again: true, .. }));
    assert_eq!(pipe.push(&outcome("a", 4, OK)), Told::Shown(()));
    assert_eq!(pipe.push(&outcome("a", 5, OK)), Told::Stray);
}

#[test]
fn whoever_keeps_figures_is_told_what_was_withheld_once() {
    let mut pipe = Pipe::new(Listener::default());
    pipe.push_noted(&attempt("b", 1), |decision| (decision, 7));
    let note = (Decision::Block, 7);
    let mut push = |what| pipe.push_noted(&outcome("b", 2, what), |decision| (decision, 0));
    assert_eq!(push(DELIVERED), Told::Withheld(note));
    assert_eq!(push(DELIVERED), Told::Stray);
    assert_eq!(push(WRONG), Told::Withheld(note));
    assert_eq!(push(OK), Told::Withheld(note));
    assert_eq!(push(OK), Told::Stray);
    assert_eq!(push(PASSED), Told::Withheld(note));
    assert_eq!(push(FAILED), Told::Stray);
}

#[test]
fn an_attempt_is_remembered_for_a_week() {
    let mut pipe: Pipe<_> = Pipe::new(Listener::default());
    pipe.push(&attempt("a1", 0));
    pipe.push(&attempt("a2", 1));
    pipe.push(&attempt("a3", REMEMBERED_MS + 1));
    assert_eq!(pipe.push(&outcome("a1", REMEMBERED_MS + 1, OK)), Told::Stray);
    assert_eq!(pipe.push(&outcome("a2", REMEMBERED_MS + 1, OK)), Told::Shown(()));
}

/// A stream of attempts and of outcomes that come late, twice, out of order and for nobody.
fn stream(seed: u64) -> Vec<Event> {
    let mut dice = Dice::new(seed);
    let mut at_ms = 0;
    let mut events = Vec::new();
    for n in 0..3_000_u64 {
        at_ms += dice.below(1000) as i64;
        let back = if dice.chance(0.05) { dice.below(50_000) as i64 } else { 0 };
        let id = format!("x{}", if dice.chance(0.02) { dice.below(n + 1) } else { n });
        events.push(attempt(&id, at_ms - back));
        for _ in 0..dice.below(4) {
            let of = format!("x{}", n.saturating_sub(dice.below(30)));
            let what = [PASSED, FAILED, DELIVERED, OK, WRONG][dice.below(5) as usize];
            events.push(outcome(&of, at_ms + dice.below(100_000) as i64 - 20_000, what));
        }
    }
    events
}

#[test]
fn a_stream_in_two_pieces_is_told_as_one() {
    let all = stream(99);
    let mut whole: Pipe<_> = Pipe::new(Listener::default());
    let told: Vec<Told> = all.iter().map(|event| whole.push(event)).collect();
    for cut in [0, 1, 700, 3_001, all.len()] {
        let mut first: Pipe<_> = Pipe::new(Listener::default());
        let mut in_pieces: Vec<Told> = all[..cut].iter().map(|event| first.push(event)).collect();
        let saved = first.save();
        let mut second: Pipe<_> = Pipe::restore(first.into_judge(), &saved).unwrap();
        in_pieces.extend(all[cut..].iter().map(|event| second.push(event)));
        assert_eq!(in_pieces, told, "{cut}");
        assert_eq!(second.save(), whole.save());
    }
    assert!(Pipe::<_, ()>::restore(Listener::default(), &[0; 7]).is_none());
    assert!(Pipe::<_, ()>::restore(Listener::default(), &[0; 20]).is_none());
}

/// What a judge decides, and which events it was shown.
fn decisions<J: Judge>(judge: J, events: &[Event]) -> (Vec<Decided>, Vec<bool>) {
    let mut pipe: Pipe<_> = Pipe::new(judge);
    let mut decided = Vec::new();
    let mut kept = Vec::new();
    for event in events {
        let told = pipe.push(event);
        kept.push(matches!(told, Told::Decided { .. } | Told::Shown(())));
        decided.extend(told.decided());
    }
    (decided, kept)
}

/// Any judge decides the same if what it may not know is deleted from the stream.
pub fn leaves_no_trace<J: Judge>(judge: impl Fn() -> J, events: &[Event]) -> Vec<Decided> {
    let (with, kept) = decisions(judge(), events);
    let shown: Vec<Event> =
        events.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(event, _)| event.clone()).collect();
    assert!(shown.len() < events.len(), "the stream hides something");
    let (without, _) = decisions(judge(), &shown);
    assert_eq!(with, without);
    with
}

#[test]
fn outcomes_that_may_not_be_shown_leave_no_trace() {
    for seed in 0..20 {
        let with = leaves_no_trace(Listener::default, &stream(seed));
        for decision in [Decision::Allow, Decision::Challenge, Decision::Block] {
            assert!(with.iter().any(|decided| decided.decision == decision), "seed {seed}: {decision:?}");
        }
    }
}

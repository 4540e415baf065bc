//! The engine as a judge learns nothing from what did not happen: outcomes of messages that were never sent.

use cofferdam_engine::policy::Level;
use cofferdam_engine::{Decision, Policy};
use cofferdam_sim::pipe::Told;
use cofferdam_sim::scenario::Scenario;
use cofferdam_sim::world::World;
use cofferdam_sim::{Decided, Event, Judge, Ours, Pipe};

fn ours() -> Ours {
    Ours::new(Policy::builtin(Level::Standard))
}

fn stream() -> Vec<Event> {
    let text = "density thin\npeople 600\ndays 5\nquiet 3\nattack all campaigns=1\n";
    let scenario = Scenario::parse(text).expect("a scenario");
    World::of(&scenario, 8).expect("a world").events().map(|(event, _)| event).collect()
}

fn piped<'a>(events: impl IntoIterator<Item = &'a Event>) -> (Vec<Decided>, Vec<bool>) {
    let mut pipe = Pipe::new(ours());
    let (mut decided, mut withheld) = (Vec::new(), Vec::new());
    for event in events {
        let told = pipe.push(event);
        withheld.push(matches!(told, Told::Withheld(()) | Told::Stray));
        decided.extend(told.decided());
    }
    (decided, withheld)
}

#[test]
fn deleting_every_outcome_that_may_not_be_shown_changes_no_decision() {
    let events = stream();
    let (decided, withheld) = piped(&events);
    let blocked = decided.iter().filter(|decided| decided.decision == Decision::Block).count();
    let hidden = withheld.iter().filter(|withheld| **withheld).count();
    assert!(
        blocked > 50 && hidden > 50,
        "{blocked} blocked, {hidden} outcomes withheld: too few to show anything"
    );
    let shown = events.iter().zip(&withheld).filter(|(_, withheld)| !**withheld).map(|(event, _)| event);
    let (again, _) = piped(shown);
    assert_eq!(decided, again);
}

#[test]
fn the_engine_itself_ignores_outcomes_of_what_it_stopped() {
    let events = stream();
    let play = |tell_all: bool| {
        let mut judge = ours();
        let mut decisions = std::collections::HashMap::new();
        let (mut all, mut now_ms, mut told) = (Vec::new(), 0, 0);
        for event in &events {
            match event {
                Event::Attempt(attempt) => {
                    now_ms = now_ms.max(attempt.at_ms);
                    let decided = judge.decide(attempt, now_ms);
                    decisions.insert(attempt.id.clone(), decided.decision);
                    all.push(decided);
                }
                Event::Outcome(outcome) => match decisions.get(&outcome.attempt_id) {
                    Some(Decision::Block) if tell_all => {
                        // Its time is not shown either.
                        judge.learn(&outcome.attempt_id, outcome.what, now_ms);
                        told += 1;
                    }
                    Some(Decision::Block) | None => {}
                    Some(_) => {
                        now_ms = now_ms.max(outcome.at_ms);
                        judge.learn(&outcome.attempt_id, outcome.what, now_ms);
                    }
                },
            }
        }
        (all, told)
    };
    let ((without, _), (with, told)) = (play(false), play(true));
    assert!(told > 50, "{told}");
    assert_eq!(with, without);
}

#[test]
fn the_same_stream_is_decided_the_same_twice() {
    let events = stream();
    assert_eq!(piped(&events), piped(&events));
}

//! A recorded day, judged in one process and over a server: the same decisions, line by line.

use super::server::Server;
use crate::clock::{SystemClock, SystemDice};
use crate::store::ReplayTallies;
use cofferdam_engine::{Level, Policy};
use cofferdam_sim::stream::write;
use cofferdam_sim::{Event, Judge, Ours, Pipe, Scenario, World};
use std::sync::Arc;

/// A platform with every hard case and every family of attacks, of so many people a day.
fn world(people: usize) -> World {
    let text = format!(
        "about three busy days, every hard case and every family\ndensity busy\ndays 3\nquiet 1\npeople {people}\n\
         case all\nattack all campaigns=1 from=1d to=2d\n"
    );
    World::of(&Scenario::parse(&text).unwrap(), 5).unwrap()
}

/// The decisions of a stream, as `cofferdam replay` writes them.
fn decisions<J: Judge>(judge: J, events: &[Event]) -> (Vec<String>, J) {
    let mut pipe: Pipe<J> = Pipe::new(judge);
    let mut lines = Vec::new();
    for event in events {
        let told = pipe.push(event);
        if let (Event::Attempt(attempt), Some(decided)) = (event, told.decided()) {
            let mut line = String::new();
            write::decision(&attempt.id, &decided, &mut line);
            lines.push(line);
        }
    }
    (lines, pipe.into_judge())
}

/// The first attempts of a platform, and what becomes of them.
fn events(people: usize, most: usize) -> Vec<Event> {
    let mut attempts = 0;
    let events = world(people).events().map(|(event, _)| event).take_while(|event| {
        attempts += usize::from(matches!(event, Event::Attempt(_)));
        attempts <= most
    });
    events.collect()
}

fn agree(people: usize, most: usize) {
    let Some(server) = Server::start() else { return };
    let events = events(people, most);
    let policy = || Policy::builtin(Level::Standard);
    let (own, _) = decisions(Ours::new(policy()), &events);
    let stopped = own.iter().filter(|line| !line.contains("\"allow\"")).count();
    assert!(stopped > own.len() / 200, "attacks are among them: {stopped} of {}", own.len());
    let url = server.socket_url();
    let tallies = ReplayTallies::open(&url, Arc::new(SystemClock), Arc::new(SystemDice::default())).unwrap();
    let before = (server.spent("evalsha"), server.processor_us());
    let (shared, judge) = decisions(Ours::over(policy(), tallies), &events);
    assert!(judge.tallies().failed().is_none(), "{:?}", judge.tallies().failed());
    let after = (server.spent("evalsha"), server.processor_us());
    for (n, (own, shared)) in own.iter().zip(&shared).enumerate() {
        assert_eq!(own, shared, "attempt {n}");
    }
    assert_eq!(own.len(), shared.len());
    let each = |more: u64, less: u64| (more - less) as f64 / own.len() as f64;
    println!(
        "{} attempts, {stopped} not let through, {} events: the same lines; {:.2} calls an attempt, processor of Redis \
         {:.0} us an attempt",
        own.len(),
        events.len(),
        each(after.0.0, before.0.0),
        each(after.1, before.1),
    );
    drop(judge);
    assert_eq!(server.say(&["dbsize"]), "0", "a replay leaves nothing");
}

#[test]
fn two_days_of_a_small_platform_are_decided_alike_line_by_line() {
    agree(1_500, 4_000);
}

/// Minutes: run it by name with `--ignored`.
#[test]
#[ignore = "a hundred thousand attempts take minutes"]
fn a_hundred_thousand_attempts_are_decided_alike_line_by_line() {
    agree(40_000, 110_000);
}

//! A recorded day, judged in one process and over a server: the same decisions, line by line.

use crate::clock::{SystemClock, SystemDice};
use crate::store::ReplayTallies;
use crate::store::servers::redis::Server;
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

/// What a judge decides of an event, as `cofferdam replay` writes it.
fn line<J: Judge>(pipe: &mut Pipe<J>, event: &Event) -> Option<String> {
    let (Event::Attempt(attempt), Some(decided)) = (event, pipe.push(event).decided()) else { return None };
    let mut line = String::new();
    write::decision(&attempt.id, &decided, &mut line);
    Some(line)
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

/// With records summed from some heat on, which must change no line either.
fn agree(people: usize, most: usize, summed_from: Option<u32>) {
    let Some(server) = Server::start() else { return };
    let events = events(people, most);
    let policy = || Policy::builtin(Level::Standard);
    let url = server.socket_url();
    let (clock, dice) = (Arc::new(SystemClock), Arc::new(SystemDice::default()));
    let tallies = ReplayTallies::open_with(&url, summed_from, clock, dice).unwrap();
    let (mut own, mut shared) = (Pipe::new(Ours::new(policy())), Pipe::new(Ours::over(policy(), tallies)));
    let before = (server.spent("evalsha"), server.processor_us());
    let (mut many, mut stopped, mut summed) = (0, 0, 0);
    for event in &events {
        let (here, there) = (line(&mut own, event), line(&mut shared, event));
        let failed = shared.judge().tallies().failed();
        assert!(failed.is_none(), "attempt {many}: {failed:?}");
        assert_eq!(here, there, "attempt {many}");
        many += u64::from(here.is_some());
        summed += u64::from(here.is_some() && shared.judge().tallies().summed() > 4);
        stopped += u64::from(here.is_some_and(|line| !line.contains("\"allow\"")));
    }
    let after = (server.spent("evalsha"), server.processor_us());
    assert!(stopped > many / 200, "attacks are among them: {stopped} of {many}");
    assert!(
        if summed_from.is_some() { summed > many / 2 } else { summed == 0 },
        "summed for {summed} of {many}"
    );
    let each = |more: u64, less: u64| (more - less) as f64 / many as f64;
    println!(
        "{many} attempts, {stopped} not let through, {} events: the same lines; {:.2} calls an attempt, processor of Redis \
         {:.0} us an attempt",
        events.len(),
        each(after.0.0, before.0.0),
        each(after.1, before.1),
    );
    drop(shared);
    assert_eq!(server.say(&["dbsize"]), "0", "a replay leaves nothing");
}

#[test]
fn two_days_of_a_small_platform_are_decided_alike_line_by_line() {
    agree(1_500, 4_000, None);
}

#[test]
fn what_is_summed_is_decided_alike_line_by_line() {
    agree(1_500, 4_000, Some(8));
}

/// The longest test of all: one to two minutes.
#[test]
fn a_hundred_thousand_attempts_are_decided_alike_line_by_line() {
    agree(40_000, 110_000, None);
}

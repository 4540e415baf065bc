//! A recorded day, judged in one process and over a server: the same decisions, line by line.

use crate::clock::{SystemClock, SystemDice};
use crate::store::ReplayTallies;
use crate::store::servers::redis::Server;
use cofferdam_engine::{Level, Policy};
use cofferdam_sim::stream::write;
use cofferdam_sim::{Event, Judge, Ours, Pipe, Scenario, World};
use std::sync::Arc;

/// A large platform with every hard case and every family of attacks.
const WORLD: &str = "about a busy day, every hard case and every family
density busy
days 3
quiet 1
people 90000
case all
attack all campaigns=1 from=1d to=2d
";

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

#[test]
fn a_recorded_day_is_decided_alike_line_by_line() {
    let Some(server) = Server::start() else { return };
    let scenario = Scenario::parse(WORLD).unwrap();
    let most = std::env::var("COFFERDAM_AGREEMENT_ATTEMPTS").map_or(101_000, |n| n.parse().unwrap());
    let mut attempts = 0;
    let events: Vec<Event> = World::of(&scenario, 5)
        .unwrap()
        .events()
        .map(|(event, _)| event)
        .take_while(|event| {
            attempts += usize::from(matches!(event, Event::Attempt(_)));
            attempts <= most
        })
        .collect();
    let policy = || Policy::builtin(Level::Standard);
    let (own, _) = decisions(Ours::new(policy()), &events);
    let url = server.socket_url();
    let tallies = ReplayTallies::open(&url, Arc::new(SystemClock), Arc::new(SystemDice::default())).unwrap();
    let before = (server.spent("evalsha"), server.spent("mget"), server.processor_us());
    let (shared, judge) = decisions(Ours::over(policy(), tallies), &events);
    assert!(judge.tallies().failed().is_none(), "{:?}", judge.tallies().failed());
    let after = (server.spent("evalsha"), server.spent("mget"), server.processor_us());
    let each = |us: u64| us as f64 / own.len() as f64;
    println!(
        "{} attempts, {} events: script {:.1} us an attempt in {:.2} calls, processor of Redis {:.1} us an attempt",
        own.len(),
        events.len(),
        each(after.0.1 - before.0.1),
        each(after.0.0 - before.0.0),
        each(after.2 - before.2),
    );
    println!("{}", server.say(&["info", "commandstats"]));
    println!(
        "{}",
        server.say(&["info", "memory"]).lines().find(|line| line.starts_with("used_memory_human")).unwrap()
    );
    let stopped = own.iter().filter(|line| line.contains("block")).count();
    assert!(stopped > own.len() / 1_000, "attacks were among them: {stopped}");
    for (n, (own, shared)) in own.iter().zip(&shared).enumerate() {
        assert_eq!(own, shared, "attempt {n}");
    }
    assert_eq!(own.len(), shared.len());
}

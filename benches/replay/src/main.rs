//! What replay costs: events a second of a made-up stream over a million live keys on one core, against
//! parsing the same lines with `serde_json`; and what keys add, from ten thousand to ten million,
//! against as many updates of a bare hash table.
//!
//! `cargo run --release` in this folder; arguments: the most live keys of the second part (default
//! 10000000; 0 leaves it out), and the live keys of the first (default 1000000).

mod keys;

use cofferdam_engine::{Decision, Policy, policy::Level};
use cofferdam_sim::stream::{Became, Event, line, write};
use cofferdam_sim::{Judge, Ours, Scenario, World};
use cpu_time::ThreadTime;
use hashbrown::HashMap;
use std::hint::black_box;

const WORLD: &str = "about a large platform, every hard case and every family
density busy
days 60
quiet 1
people 40000
case all
attack all campaigns=1 from=1d to=50d
";
/// Events of a round.
const EVENTS: usize = 100_000;
const ROUNDS: usize = 7;

fn main() {
    let mut args = std::env::args().skip(1).map(|n| n.parse::<u64>().expect("a number of keys"));
    let most = args.next().unwrap_or(10_000_000);
    stream(args.next().unwrap_or(1_000_000) as usize);
    if most > 0 {
        keys::added(most);
    }
}

/// A judge with what it must remember of decisions: nobody learns outcomes of what was not sent.
struct Replay {
    ours: Ours,
    decided: HashMap<String, Decision, foldhash::fast::FixedState>,
    attempts: u64,
}

impl Replay {
    fn push(&mut self, event: &Event) {
        match event {
            Event::Attempt(attempt) => {
                let decided = self.ours.decide(attempt, attempt.at_ms).decision;
                self.decided.insert(attempt.id.clone(), decided);
                self.attempts += 1;
            }
            Event::Outcome(outcome) => {
                let Some(decided) = self.decided.get_mut(&outcome.attempt_id) else { return };
                let challenge = matches!(outcome.what, Became::Challenge { .. });
                let tells =
                    matches!((*decided, challenge), (Decision::Challenge, true) | (Decision::Allow, false));
                if let Became::Challenge { passed } = outcome.what
                    && tells
                {
                    *decided = if passed { Decision::Allow } else { Decision::Block };
                }
                if tells {
                    self.ours.learn(&outcome.attempt_id, outcome.what, outcome.at_ms);
                }
            }
        }
    }
}

fn stream(live: usize) {
    let scenario = Scenario::parse(WORLD).expect("a scenario");
    let mut events = World::of(&scenario, 1).expect("a world").events().map(|(event, _)| event);
    let ours = Ours::new(Policy::builtin(Level::Standard));
    let mut replay = Replay { ours, decided: HashMap::default(), attempts: 0 };
    let (mut warm, mut days) = (0u64, (i64::MAX, 0));
    while replay.ours.size().keys < live {
        let event = events.next().expect("a longer world");
        days = (days.0.min(event.at_ms()), event.at_ms());
        replay.push(&event);
        warm += 1;
    }
    let size = replay.ours.size();
    println!(
        "{warm} events of {:.1} days made {} live keys, {} bytes each; {} attempts open",
        (days.1 - days.0) as f64 / 86_400_000.0,
        size.keys,
        size.bytes / size.keys.max(1),
        size.open
    );
    println!(
        "{:>10} {:>12} {:>12} {:>12} {:>8} {:>8} {:>14}",
        "attempts", "parse/s", "judge/s", "read+judge/s", "judge", "both", "ns an attempt"
    );
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let lines: Vec<String> = events
            .by_ref()
            .take(EVENTS)
            .map(|event| {
                let mut line = String::new();
                write::event(&event, &mut line);
                line
            })
            .collect();
        assert_eq!(lines.len(), EVENTS, "a longer world");
        let parse = timed(|| {
            for line in &lines {
                black_box(serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
            }
        });
        let mut read = Vec::with_capacity(EVENTS);
        let reading = timed(|| {
            for each in &lines {
                read.extend(line::read(each.as_bytes()).expect("an event"));
            }
        });
        let before = replay.attempts;
        let judge = timed(|| read.iter().for_each(|event| replay.push(event)));
        let attempts = replay.attempts - before;
        let rate = |seconds: f64| EVENTS as f64 / seconds;
        println!(
            "{attempts:>10} {:>12.0} {:>12.0} {:>12.0} {:>8.3} {:>8.3} {:>14.0}",
            rate(parse),
            rate(judge),
            rate(judge + reading),
            parse / judge,
            parse / (judge + reading),
            judge * 1e9 / attempts as f64
        );
        rounds.push((rate(judge), parse / judge, parse / (judge + reading)));
    }
    rounds.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (rate, ratio, both) = rounds[ROUNDS / 2];
    let size = replay.ours.size();
    println!(
        "median: {rate:.0} events a second, {ratio:.3} of parsing them, {both:.3} with reading them; then {} live keys\n",
        size.keys
    );
}

/// Processor time of this thread, in seconds.
pub fn timed(work: impl FnOnce()) -> f64 {
    let start = ThreadTime::now();
    work();
    start.elapsed().as_secs_f64()
}

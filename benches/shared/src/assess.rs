//! Assessments through one node and Redis, beside the very calls that the node makes, made by fifty connections that
//! ask one at a time: what redis-benchmark would reach, who judges nothing.
//!
//! A node behind a recorder is asked first, so that its calls are known. Then, in turn: the node, and its calls on
//! keys with other names, none of which was there before, as was so when they were recorded. Redis runs on a core of
//! its own; the load and whoever makes the calls on the other; node and PostgreSQL wherever there is room. The
//! profile is `default` in shadow mode, so that no attempt is spared the work because of a block.

use crate::Rounds;
use crate::calls::{self, Recorder};
use crate::load::Load;
use crate::machine::{Core, Meter, median, spread};
use crate::resp::{self, Reply};
use crate::servers::{Node, Postgres, Redis};
use std::collections::BTreeMap;

/// Connections of the load; those of whoever makes the calls are redis-benchmark's.
const CONNECTIONS: usize = 64;
const THEIRS: usize = 50;
/// The built-in profile's limits, followed by nobody.
pub const SHADOW: &str = r#"{"name":"shadow","mode":"shadow"}"#;

pub fn run(rounds: &Rounds) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let recorded = record(&redis, &postgres, rounds.ms.min(3_000));
    if let Some((theirs, ours)) = calls::apart(&redis) {
        println!("GET a second: redis-benchmark {theirs:.0}, our maker of calls {ours:.0}");
    }
    let node = Node::start(Core::Any, "one", &postgres, &redis.url());
    Load::at(&[node.port], CONNECTIONS, 2_000, "shadow").run().all("201");
    println!("round  ours/s  theirs/s  ratio  redis us: ours, theirs, ratio  node us  postgres us  others");
    let ids = [redis.running.id(), node.running.id(), postgres.running.id()];
    let (mut rates, mut cpus, mut ours_us, mut node_us, mut postgres_us) =
        (vec![], vec![], vec![], vec![], vec![]);
    let mut blinds = 0.0;
    for round in 1..=rounds.rounds {
        let blind = node.blind();
        let meter = Meter::of(&ids);
        let asked = Load::at(&[node.port], CONNECTIONS, rounds.ms, "shadow").run();
        let used = meter.read();
        asked.all("201");
        blinds += node.blind() - blind;
        let us: Vec<f64> = used.each.iter().map(|s| s * 1e6 / asked.calls).collect();
        let renamed = calls::renamed(&recorded.calls, round);
        let meter = Meter::of(&ids);
        let made = calls::make(&redis, THEIRS, &renamed);
        let theirs_us = meter.read().each[0] * 1e6 / recorded.assessments;
        let theirs = recorded.assessments / made.seconds;
        rates.push(asked.per_second() / theirs);
        cpus.push(us[0] / theirs_us);
        ours_us.push(us[0]);
        node_us.push(us[1]);
        postgres_us.push(us[2]);
        println!(
            "{round:5} {:7.0} {theirs:9.0} {:6.2} {:15.1} {theirs_us:7.1} {:6.2} {:8.1} {:12.1} {:7.2}",
            asked.per_second(),
            asked.per_second() / theirs,
            us[0],
            us[0] / theirs_us,
            us[1],
            us[2],
            used.others
        );
        println!(
            "      p50 {:.0} us, p99 {:.0} us at {CONNECTIONS} connections; theirs a call {:.0} and {:.0} us",
            asked.p50_us, asked.p99_us, made.p50_us, made.p99_us
        );
    }
    println!("judged blind in all rounds, because Redis was late: {blinds:.0} (a sound run has none)");
    println!("of their rate: {} (line 0.5, aim 0.65)", spread(&rates, 2));
    println!("Redis CPU of theirs: {} (line 1.0, aim 0.8)", spread(&cpus, 2));
    println!("Redis CPU an assessment: {} us (aim 100)", spread(&ours_us, 1));
    println!("node {} us, PostgreSQL {} us an assessment", spread(&node_us, 1), spread(&postgres_us, 1));
    paced(&node, rounds.ms);
    memory(&redis);
}

/// Latency while nothing is full.
fn paced(node: &Node, ms: u64) {
    let load = Load { rate: Some(1_000), ..Load::at(&[node.port], CONNECTIONS, ms, "shadow") };
    let asked = load.run();
    println!("at 1,000 a second: p50 {:.0} us, p99 {:.0} us", asked.p50_us, asked.p99_us);
}

struct Recorded {
    calls: Vec<Vec<u8>>,
    assessments: f64,
}

/// What a node asks of Redis for so many assessments, from keys that nobody has touched.
fn record(redis: &Redis, postgres: &Postgres, ms: u64) -> Recorded {
    let recorder = Recorder::start(redis);
    let url = format!("redis://127.0.0.1:{}", recorder.port);
    let mut node = Node::start(Core::Any, "recorded", postgres, &url);
    node.profile(SHADOW);
    // From here on the server knows the script.
    Load::at(&[node.port], CONNECTIONS, 300, "shadow").run();
    std::thread::sleep(std::time::Duration::from_millis(200));
    recorder.record(true);
    let blind = node.blind();
    let asked = Load::at(&[node.port], CONNECTIONS, ms, "shadow").run();
    asked.all("201");
    let blind = node.blind() - blind;
    // What follows decisions goes in batches, a little later.
    std::thread::sleep(std::time::Duration::from_millis(200));
    recorder.record(false);
    node.running.end();
    let calls = recorder.take();
    assert!(!calls.is_empty(), "the node asks nothing of Redis");
    let bytes: usize = calls.iter().map(Vec::len).sum();
    println!(
        "recorded: {:.0} assessments ({blind:.0} blind), {:?}: {:.2} calls and {:.0} bytes an assessment",
        asked.calls,
        calls::kinds(&calls),
        calls.len() as f64 / asked.calls,
        bytes as f64 / asked.calls
    );
    Recorded { calls, assessments: asked.calls - blind }
}

/// What kinds of keys the node's own are, by the letter after the tag, and what they take.
fn memory(redis: &Redis) {
    let mut stream = redis.connect();
    let mut kinds = BTreeMap::<char, Vec<f64>>::new();
    for _ in 0..6_000 {
        let Ok(Reply::Bytes(name)) = resp::ask(&mut stream, &["RANDOMKEY"]) else { continue };
        let name = String::from_utf8_lossy(&name).into_owned();
        let Some(letter) = name.split_once('}').and_then(|(_, rest)| rest.chars().next()) else { continue };
        if let Ok(Reply::Word(bytes)) = resp::ask(&mut stream, &["MEMORY", "USAGE", &name]) {
            kinds.entry(letter).or_default().push(bytes.parse().unwrap());
        }
    }
    let all: usize = kinds.values().map(Vec::len).sum();
    println!("bytes a key (line 320 a plain one), of {all} keys by chance:");
    for (letter, bytes) in &kinds {
        let kind = match letter {
            'p' => "plain",
            'r' => "rich",
            's' => "days of a number or session",
            'n' => "newest numbers of a run",
            'l' => "limit",
            'v' => "proof",
            'o' => "open attempt",
            'q' => "names of open attempts",
            _ => "other",
        };
        println!(
            "  {letter} {kind:28} {:4.1} %: {:.0}",
            100.0 * bytes.len() as f64 / all as f64,
            median(bytes)
        );
    }
}

//! The recipe (sorted sets, five keys, one pipeline a key, keys in turn) in Node and Python, beside a node of ours on
//! the same Redis: with its five limits alone, and with the built-in profile.
//!
//! Servers, Redis and PostgreSQL share a core, the load has the other. What counts is processor time a call of all of
//! them. Ours writes its journal in either case. Its profile of five limits switches evidence off; the built-in one
//! counts all of it and answers two kilobytes with its reasons, where the recipe answers a hundred bytes.

use crate::Rounds;
use crate::assess::SHADOW;
use crate::load::{Asked, Load};
use crate::machine::{Core, Meter, Used, pin, spread};
use crate::peers;
use crate::servers::{Node, Postgres, Redis};

const CONNECTIONS: usize = 16;
/// The recipe's limits and no other.
const FIVE: &str = r#"{"name":"five","mode":"shadow","limits":{
    "number":[{"max":5,"window_s":600}],"ip":[{"max":200,"window_s":600}],"device":[{"max":10,"window_s":600}],
    "session":[{"max":10,"window_s":600}],"user":[{"max":10,"window_s":600}],
    "number_checks":[],"ipv4_24":[],"ipv6_64":[],"ipv6_48":[]},"evidence":false}"#;

struct Target {
    name: &'static str,
    port: u16,
    profile: &'static str,
    ids: Vec<u32>,
    /// What its attempts cost goes on after its turn: messages come of age.
    goes_on: bool,
    us: Vec<f64>,
}

pub fn run(rounds: &Rounds) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    // What is judged in full goes on at work while others have their turn: it has servers of its own.
    let (full_redis, full_postgres) = (Redis::start(), Postgres::start());
    for postgres in [&postgres, &full_postgres] {
        pin(postgres.running.id(), Core::Servers);
    }
    let node = Node::start(Core::Servers, "one", &postgres, &redis.url());
    let full = Node::start(Core::Servers, "full", &full_postgres, &full_redis.url());
    node.profile(FIVE);
    full.profile(SHADOW);
    let peers = peers::start(&redis);
    let ids = |node: &Node, redis: &Redis, postgres: &Postgres| {
        vec![node.running.id(), redis.running.id(), postgres.running.id()]
    };
    let target =
        |name, port, profile, ids| Target { name, port, profile, ids, goes_on: false, us: Vec::new() };
    let mut targets = vec![
        target("ours, five limits", node.port, "five", ids(&node, &redis, &postgres)),
        target("ours, built-in profile", full.port, "shadow", ids(&full, &full_redis, &full_postgres)),
    ];
    if let Some(full) = targets.last_mut() {
        full.goes_on = true;
    }
    let theirs = |peer: &peers::Peer| {
        target(peer.name, peer.port, "five", vec![peer.running.id(), redis.running.id()])
    };
    targets.extend(peers.iter().map(theirs));
    for target in &targets {
        Load::at(&[target.port], CONNECTIONS, rounds.ms.min(2_000), target.profile).run().all("201");
    }
    let blind = node.blind() + full.blind();
    println!("round  {:28} us/call  (server, Redis, PostgreSQL)  calls/s  p50 us  p99 us  others", "");
    for round in 1..=rounds.rounds.min(4) {
        let mut asked = Vec::new();
        for target in &targets {
            let meter = Meter::of(&target.ids);
            let load = Load::at(&[target.port], CONNECTIONS, rounds.ms, target.profile).run();
            load.all("201");
            asked.push((meter.read(), meter, load));
        }
        for (target, (used, meter, asked)) in targets.iter_mut().zip(asked) {
            let used = if target.goes_on { meter.read() } else { used };
            told(round, target, &used, &asked);
        }
    }
    println!(
        "ours judged blind, because Redis was late: {:.0} (a sound run has none)",
        node.blind() + full.blind() - blind
    );
    for target in &targets {
        println!("{:28} {} us a call", target.name, spread(&target.us, 1));
    }
    let (ours, theirs) = targets.split_at(2);
    for their in theirs {
        for our in ours {
            let ratios: Vec<f64> = their.us.iter().zip(&our.us).map(|(their, our)| their / our).collect();
            println!("{} / {}: {}", their.name, our.name, spread(&ratios, 2));
        }
    }
    println!("lines: five limits 8 (Node) and 14 (Python); built-in profile 3 (Node), aim 5");
}

fn told(round: usize, target: &mut Target, used: &Used, asked: &Asked) {
    let us = used.total() * 1e6 / asked.calls;
    let each: Vec<String> = used.each.iter().map(|s| format!("{:.1}", s * 1e6 / asked.calls)).collect();
    target.us.push(us);
    println!(
        "{round:5}  {:28} {us:7.1}  ({:24})  {:7.0} {:7.0} {:7.0} {:7.2}",
        target.name,
        each.join(", "),
        asked.per_second(),
        asked.p50_us,
        asked.p99_us,
        used.others
    );
}

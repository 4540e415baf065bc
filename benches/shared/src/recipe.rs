//! The recipe (sorted sets, five keys, one pipeline a key, keys in turn) in Node and Python, beside a node of ours on
//! the same Redis: with its five limits alone, and with the built-in profile.
//!
//! Servers, Redis and PostgreSQL share a core, the load has the other. What counts is processor time a call of all of
//! them. Ours writes its journal in either case. Its profile of five limits switches evidence off; the built-in one
//! counts all of it and answers two kilobytes with its reasons, where the recipe answers a hundred bytes.

use crate::Rounds;
use crate::assess::SHADOW;
use crate::load::Load;
use crate::machine::{Core, Meter, pin, spread};
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
    us: Vec<f64>,
}

pub fn run(rounds: &Rounds) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    pin(postgres.running.id(), Core::Servers);
    let node = Node::start(Core::Servers, "one", &postgres, &redis.url());
    node.profile(FIVE);
    node.profile(SHADOW);
    let peers = peers::start(&redis);
    let ours = vec![node.running.id(), redis.running.id(), postgres.running.id()];
    let target = |name, port, profile, ids| Target { name, port, profile, ids, us: Vec::new() };
    let mut targets = vec![
        target("ours, five limits", node.port, "five", ours.clone()),
        target("ours, built-in profile", node.port, "shadow", ours),
    ];
    let theirs = |peer: &peers::Peer| {
        target(peer.name, peer.port, "five", vec![peer.running.id(), redis.running.id()])
    };
    targets.extend(peers.iter().map(theirs));
    for target in &targets {
        Load::at(&[target.port], CONNECTIONS, rounds.ms.min(2_000), target.profile).run().all("201");
    }
    let blind = node.blind();
    println!("round  {:28} us/call  (server, Redis, PostgreSQL)  calls/s  p50 us  p99 us  others", "");
    for round in 1..=rounds.rounds.min(4) {
        for target in &mut targets {
            let meter = Meter::of(&target.ids);
            let asked = Load::at(&[target.port], CONNECTIONS, rounds.ms, target.profile).run();
            let used = meter.read();
            asked.all("201");
            let us = used.total() * 1e6 / asked.calls;
            let each: Vec<String> =
                used.each.iter().map(|s| format!("{:.1}", s * 1e6 / asked.calls)).collect();
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
    }
    println!("ours judged blind, because Redis was late: {:.0} (a sound run has none)", node.blind() - blind);
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

//! Two nodes beside one, over the same Redis and PostgreSQL. Two cores hold them all and the load too, so that two
//! nodes can never reach twice the rate here; what counts is processor time an assessment.

use crate::Rounds;
use crate::assess::SHADOW;
use crate::load::{Asked, Load};
use crate::machine::{Core, Meter, Used, spread};
use crate::servers::{Node, Postgres, Redis};

const CONNECTIONS: usize = 64;

pub fn run(rounds: &Rounds) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    // A node of its own for the first turn, so that both turns' nodes were asked for the same time.
    let alone = Node::start(Core::Servers, "alone", &postgres, &redis.url());
    alone.profile(SHADOW);
    let first = Node::start(Core::Servers, "first", &postgres, &redis.url());
    let second = Node::start(Core::Load, "second", &postgres, &redis.url());
    let turns = [vec![&alone], vec![&first, &second]];
    let ask = |turn: &[&Node], ms: u64| -> (Asked, Used) {
        let ports: Vec<u16> = turn.iter().map(|node| node.port).collect();
        let mut ids = vec![redis.running.id(), postgres.running.id()];
        ids.extend(turn.iter().map(|node| node.running.id()));
        let meter = Meter::of(&ids);
        let asked = Load::at(&ports, CONNECTIONS, ms, "shadow").run();
        asked.all("201");
        (asked, meter.read())
    };
    turns.iter().for_each(|turn| drop(ask(turn, rounds.ms.min(2_000))));
    let blind = || alone.blind() + first.blind() + second.blind();
    let before = blind();
    println!("round  nodes  calls/s  us: nodes, Redis, nodes + Redis, PostgreSQL  others");
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for round in 1..=rounds.rounds {
        let [one, two] = [0, 1].map(|n| {
            let (asked, used) = ask(&turns[n], rounds.ms);
            let us: Vec<f64> = used.each.iter().map(|s| s * 1e6 / asked.calls).collect();
            let nodes: f64 = us[2..].iter().sum();
            println!(
                "{round:5} {:6} {:8.0} {nodes:10.1} {:6.1} {:14.1} {:11.1} {:7.2}",
                n + 1,
                asked.per_second(),
                us[0],
                nodes + us[0],
                us[1],
                used.others
            );
            (asked.per_second(), nodes + us[0])
        });
        rates.push(two.0 / one.0);
        cpus.push(two.1 / one.1);
    }
    println!("judged blind, because Redis was late: {:.0} (a sound run has none)", blind() - before);
    println!("CPU an assessment, nodes and Redis, two / one: {} (line at most 1.1)", spread(&cpus, 2));
    println!("rate, two / one: {} (line 1.15)", spread(&rates, 2));
}

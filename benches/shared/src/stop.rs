//! Redis stopped as it stands for half a minute, under load: what callers see, how long it takes, which limits are
//! passed, and when all is as before. A thousand calls a second; some people come again and again, and their limit
//! is the built-in one of a user: 10 in ten minutes, 20 in an hour.

use crate::Rounds;
use crate::bodies;
use crate::load::{Line, Load, lines, part};
use crate::machine::{Core, Folder, now_ms};
use crate::servers::{Node, Postgres, Redis};
use std::collections::BTreeMap;
use std::time::Duration;

const CONNECTIONS: usize = 64;
const RATE: u64 = 1_000;
const MOST: u64 = 10;
/// Limits alone decide, or a ban would keep a user out before his limit does.
const PROFILE: &str = r#"{"name":"shadow","mode":"shadow"}"#;

pub fn run(rounds: &Rounds) {
    let quick = rounds.ms < 4_000;
    let (before, stopped, after) = if quick { (3_000, 4_000, 7_000) } else { (10_000, 30_000, 15_000) };
    for nodes in [1, 2] {
        one(nodes, before, stopped, after);
    }
}

fn one(many: usize, before: u64, stopped: u64, after: u64) {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let nodes: Vec<Node> =
        (0..many).map(|n| Node::start(Core::Any, ["first", "second"][n], &postgres, &redis.url())).collect();
    nodes[0].profile(PROFILE);
    let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
    Load { rate: Some(RATE), ..Load::at(&ports, CONNECTIONS, 1_000, "shadow") }.run();
    let folder = Folder::new("stop");
    let file = folder.0.join("samples").to_str().unwrap().to_owned();
    let all = before + stopped + after;
    let load = Load {
        rate: Some(RATE),
        hot: true,
        samples: Some(file.clone()),
        ..Load::at(&ports, CONNECTIONS, all, "shadow")
    };
    let asking = load.start();
    std::thread::sleep(Duration::from_millis(before));
    redis.running.signal("STOP");
    let from = now_ms();
    std::thread::sleep(Duration::from_millis(stopped));
    redis.running.signal("CONT");
    let to = now_ms();
    asking.wait();
    let samples = lines(&file);
    println!("{many} node(s), {RATE} calls a second, Redis stopped for {} s:", stopped / 1_000);
    let phase = |name: &str, of: &dyn Fn(&Line) -> bool| tell(name, samples.iter().filter(|line| of(line)));
    phase("before", &|line| line.at_ms < from);
    phase("stopped, first second", &|line| (from..from + 1_000).contains(&line.at_ms));
    phase("stopped, then", &|line| (from + 1_000..to).contains(&line.at_ms));
    phase("stopped, all of it", &|line| (from..to).contains(&line.at_ms));
    phase("after", &|line| line.at_ms >= to);
    recovery(&samples, to);
    limits(&samples, many as u64);
}

/// When calls were judged with Redis again: the first, and from when on a whole second of them was.
fn recovery(samples: &[Line], to: u64) {
    let mut after: Vec<(u64, bool)> = samples
        .iter()
        .filter(|line| line.at_ms >= to)
        .map(|line| (line.at_ms - to, line.status == 201 && !line.blind))
        .collect();
    after.sort_unstable();
    let first = after.iter().find(|(_, well)| *well).map(|(at, _)| *at);
    let end = after.last().map_or(0, |(at, _)| *at);
    let whole = |from: u64| {
        let mut second = after.iter().filter(|(at, _)| (from..from + 1_000).contains(at));
        from + 1_000 <= end && second.all(|(_, well)| *well)
    };
    let steady = (0..=end).find(|from| whole(*from));
    let shown = |at: Option<u64>| at.map_or("never".to_owned(), |at| format!("{at} ms"));
    println!(
        "after Redis went on: first call judged with it {}, a whole second of calls from {} (line 5,000)",
        shown(first),
        shown(steady)
    );
}

fn tell<'a>(name: &str, of: impl Iterator<Item = &'a Line>) {
    let (mut statuses, mut us, mut blind) = (BTreeMap::<u16, u64>::new(), Vec::new(), 0);
    for line in of {
        *statuses.entry(line.status).or_default() += 1;
        us.push(line.us);
        blind += u64::from(line.blind);
    }
    us.sort_unstable();
    println!(
        "  {name:24} {statuses:?}, {blind} blind; p50 {} us, p99 {} us, longest {} us",
        part(&us, 0.5),
        part(&us, 0.99),
        us.last().copied().unwrap_or(0)
    );
}

/// How often those who came again were let through, each against his limit.
fn limits(samples: &[Line], nodes: u64) {
    let mut through = BTreeMap::<u64, u64>::new();
    let mut asked = 0_u64;
    for line in samples {
        let Some(hot) = line.hot else { continue };
        asked += 1;
        *through.entry(hot).or_default() += u64::from(line.through);
    }
    let most = through.values().copied().max().unwrap_or(0);
    println!(
        "limit of {MOST} in ten minutes: {} people asked {asked} times, let through at most {most} times each, {} over \
         the limit (each of {nodes} node(s) alone holds to 1/N of it while it is blind)",
        bodies::HOT,
        most.saturating_sub(MOST)
    );
}

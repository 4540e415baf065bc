//! The server is paused, cut, killed and started empty: calls fail at once, the copy goes on, nothing is counted
//! twice, and all is well again by itself.

use super::nodes::{count, sent};
use super::*;
use crate::clock::Stopwatch;
use crate::store::contract::make::{NOW_S, attempt_facts, basis, number};
use crate::store::servers::redis::{Server, moment};
use crate::store::tallies::Tallies as _;
use cofferdam_engine::evidence::{Scope, faces};
use cofferdam_engine::known::Blind;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::Need;
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Attempt, Identity, Known, Needs};
use std::time::Duration;

const LIMIT: u64 = 77;

async fn hasty(server: &Server) -> SharedTallies {
    let settings = RedisSettings { timeout: Duration::from_millis(250), ..settings(&server.url()) };
    open(settings, SetClock::at(NOW_MS), SetDice::seeded(key())).await.unwrap()
}

/// Waits until the servers answer again.
async fn until_back(node: &SharedTallies) -> Duration {
    let watch = Stopwatch::start();
    for _ in 0..1_000 {
        if node.inner.link.away().is_none() {
            return watch.elapsed();
        }
        tokio::task::spawn_blocking(moment).await.unwrap();
    }
    panic!("{:?}", node.inner.link.away());
}

/// Judges an attempt as the program does: shared where it can, else from the copy. What was known, and how long it took.
async fn judged(node: &SharedTallies, attempt: &Attempt) -> (Known, Duration) {
    let watch = Stopwatch::start();
    let inquiry = cofferdam_engine::identify(attempt);
    let (found, mut away) = match node.identify(&inquiry, &faces(attempt), NOW_S).await {
        Ok(found) => (found, None),
        Err(error) => (node.identify_blind(&inquiry, &faces(attempt), NOW_S).await.unwrap(), Some(error)),
    };
    let identity = Identity { glimpse: found.glimpse, ..Identity::default() };
    let ask = cofferdam_engine::ask(attempt, &identity, &basis().policy);
    let need = Need { scope: LimitScope::Ip, key: LIMIT, windows_s: [3_600, 0, 0], add: true };
    let needs = Needs::from_iter([need]);
    let mut known = Known::default();
    if away.is_none() {
        away = node.count_with(&needs, &ask, &mut known).await.err();
    }
    if let Some(why) = away {
        assert!(node.count_blind(&needs, &ask, &why, &mut known).await);
    }
    (known, watch.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_judged_from_the_copy_and_ends_by_itself() {
    let Some(server) = Server::start() else { return };
    let node = hasty(&server).await;
    for name in 1..=10 {
        sent(&node, name, &attempt_facts(number(), NOW_MS)).await;
    }
    count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    server.pause();
    let mut slow = 0;
    for n in 0..60 {
        let (known, took) = judged(&node, &attempt_facts(number(), NOW_MS)).await;
        assert_eq!(known.blind, Some(Blind::Tallies { nodes: 1 }));
        assert_eq!(known.seen[0].windows[0].seen, 2 + n, "the copy counts on");
        slow += u32::from(took > Duration::from_millis(100));
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    assert!(slow <= 5, "the breaker opens after a few: {slow}");
    node.raise(&[Change::Prove { key: 5, at_s: NOW_S }]).await.unwrap();
    server.resume();
    let took = until_back(&node).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    node.inner.flush().await;
    println!("back after {took:?}; {} steps given up, {slow} attempts waited", node.inner.pending().lost);
    // What was counted blind is known to all now; of those whose answers were lost it is not known and they are not sent again.
    let other = super::node(&server.url(), 9).await.unwrap();
    let (_, known) = count(&other, &attempt_facts(number(), NOW_MS), LIMIT).await;
    let seen = known.seen[0].windows[1].seen;
    assert!((62 - slow..=62).contains(&seen), "{seen} of 62, {slow} unknown");
    let inquiry = cofferdam_engine::need::Inquiry { number: 5, ..Default::default() };
    assert_eq!(other.proofs(&inquiry).await.unwrap().number_s, Some(NOW_S), "nothing acknowledged is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_empty_gets_what_the_nodes_have() {
    let Some(server) = Server::start() else { return };
    let node = hasty(&server).await;
    for name in 1..=40 {
        sent(&node, name, &attempt_facts(number(), NOW_MS)).await;
    }
    for _ in 0..9 {
        count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    }
    node.raise(&[Change::Prove { key: 5, at_s: NOW_S }]).await.unwrap();
    server.end();
    let (known, took) = judged(&node, &attempt_facts(number(), NOW_MS)).await;
    assert!(known.blind.is_some() && took < Duration::from_millis(100), "{took:?}");
    server.begin();
    let took = until_back(&node).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    node.inner.flush().await;
    // Scripts were loaded again, limits, proofs and places stand as they were.
    let other = super::node(&server.url(), 9).await.unwrap();
    let (_, known) = count(&other, &attempt_facts(number(), NOW_MS), LIMIT).await;
    assert_eq!(known.seen[0].windows[1].seen, 11);
    let network = known.evidence.readings.iter().find(|reading| reading.scope == Scope::Network).unwrap();
    assert!((50.0..=51.5).contains(&network.seen[2]), "{network:?}");
    let inquiry = cofferdam_engine::need::Inquiry { number: 5, ..Default::default() };
    assert_eq!(other.proofs(&inquiry).await.unwrap().number_s, Some(NOW_S));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_somebody_empties_is_filled_while_calls_go_on() {
    let Some(server) = Server::start() else { return };
    let node = hasty(&server).await;
    count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    server.say(&["flushall"]);
    node.inner.look_for_mark().await.unwrap();
    let (_, known) = count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    assert_eq!(known.seen[0].windows[0].seen, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_is_away_until_there_is_room() {
    let Some(server) = Server::start() else { return };
    let node = hasty(&server).await;
    count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    server.say(&["config", "set", "maxmemory", "1"]);
    for _ in 0..3 {
        let (known, _) = judged(&node, &attempt_facts(number(), NOW_MS)).await;
        assert!(known.blind.is_some());
    }
    assert!(node.inner.link.away().unwrap().contains("maxmemory"), "{:?}", node.inner.link.away());
    server.say(&["config", "set", "maxmemory", "0"]);
    until_back(&node).await;
    node.inner.flush().await;
    let (known, _) = judged(&node, &attempt_facts(number(), NOW_MS)).await;
    assert_eq!((known.blind, known.seen[0].windows[0].seen), (None, 5));
}

/// Waits until a node knows so many.
async fn until_living(node: &SharedTallies, nodes: u32) {
    for _ in 0..1_000 {
        if node.inner.living() == nodes {
            return;
        }
        tokio::task::spawn_blocking(moment).await.unwrap();
    }
    panic!("{} of {nodes} nodes live", node.inner.living());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_first_what_the_others_had_counted_is_there_before_anybody_is_judged() {
    let Some(server) = Server::start() else { return };
    let (early, late) = (hasty(&server).await, hasty(&server).await);
    let nodes = [&early, &late];
    for node in nodes {
        until_living(node, 2).await;
    }
    // The one knows of one count, the other of all six.
    count(&early, &attempt_facts(number(), NOW_MS), LIMIT).await;
    for _ in 0..5 {
        count(&late, &attempt_facts(number(), NOW_MS), LIMIT).await;
    }
    server.end();
    for (node, blind) in [(&early, 2), (&late, 3)] {
        for _ in 0..blind {
            let (known, _) = judged(node, &attempt_facts(number(), NOW_MS)).await;
            assert_eq!(known.blind, Some(Blind::Tallies { nodes: 2 }));
        }
    }
    // Counted and given back while nobody answered.
    let given = Change::Count { key: LIMIT, at_s: NOW_S, windows_s: [3_600, 0, 0], by: -1 };
    late.raise(&[given]).await.unwrap();
    server.begin();
    for node in nodes {
        until_back(node).await;
    }
    for (n, node) in nodes.into_iter().enumerate() {
        let (_, known) = count(node, &attempt_facts(number(), NOW_MS), LIMIT).await;
        let stands = 6 + 2 + 3 - 1;
        assert_eq!(known.seen[0].windows[1].seen, stands + 1 + n as u32, "each once, and this one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_were_emptied_are_not_trusted_before_the_others_had_time_to_come() {
    let Some(server) = Server::start() else { return };
    let (node, gone) = (hasty(&server).await, hasty(&server).await);
    until_living(&node, 2).await;
    count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    server.end();
    drop(gone);
    judged(&node, &attempt_facts(number(), NOW_MS)).await;
    server.begin();
    let took = until_back(&node).await;
    assert!(took >= Duration::from_secs(2), "a node that lived is missing, and was waited for {took:?}");
    // By itself it comes at once.
    until_living(&node, 1).await;
    server.end();
    judged(&node, &attempt_facts(number(), NOW_MS)).await;
    server.begin();
    let alone = until_back(&node).await;
    assert!(alone < took, "{alone:?}");
    let (_, known) = count(&node, &attempt_facts(number(), NOW_MS), LIMIT).await;
    assert_eq!(known.seen[0].windows[1].seen, 4);
}

//! Several nodes over one server: they see each other's counts, tell each other what they learn, and take over from
//! whom they lose.

use super::*;
use crate::store::contract::make::{NOW_S, attempt_facts, basis, number};
use crate::store::servers::redis::{Server, moment};
use crate::store::shared::tallies::name::{Holds, Name};
use crate::store::tallies::{Followed, Identified, Learned, Lesson, Tallies as _};
use cofferdam_engine::evidence::{Ask, Fate, Scope, faces};
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::Need;
use cofferdam_engine::{Attempt, Identity, Known, Needs};

/// Counts an attempt at a node as a judgement does.
pub async fn count(node: &SharedTallies, attempt: &Attempt, limit: u64) -> (Ask, Known) {
    let at_s = (attempt.at_ms / 1_000) as u32;
    let inquiry = cofferdam_engine::identify(attempt);
    let Identified { glimpse, .. } = node.identify(&inquiry, &faces(attempt), at_s).await.unwrap();
    let ask = cofferdam_engine::ask(attempt, &Identity { glimpse, ..Identity::default() }, &basis().policy);
    let need = Need { scope: LimitScope::Ip, key: limit, windows_s: [60, 3_600, 0], add: true };
    let mut known = Known::default();
    node.count_with(&Needs::from_iter([need]), &ask, &mut known).await.unwrap();
    (ask, known)
}

pub async fn sent(node: &SharedTallies, name: u64, attempt: &Attempt) {
    let (ask, _) = count(node, attempt, name).await;
    let followed = Followed { name, ask: &ask, fate: Fate::Sent, score: 0.01, effects: &[], changes: &[] };
    node.follow(&followed).await.unwrap();
    node.inner.flush().await;
}

/// How many newcomers all have seen, and how many converted.
async fn whole(node: &SharedTallies) -> (f32, f32) {
    let attempt = attempt_facts(number(), NOW_MS + 900_000);
    let (_, known) = count(node, &attempt, 1).await;
    let found = known.evidence.readings.iter().find(|reading| reading.scope == Scope::All);
    found.map_or((0.0, 0.0), |reading| (reading.seen[2], reading.converted[2]))
}

/// Waits until a node knows of so many conversions.
async fn until_converted(node: &SharedTallies, many: f32) {
    for _ in 0..1_000 {
        let (_, converted) = whole(node).await;
        if (converted - many).abs() < 0.1 {
            return;
        }
        tokio::task::spawn_blocking(moment).await.unwrap();
    }
    let (_, known) = count(node, &attempt_facts(number(), NOW_MS + 900_000), 1).await;
    panic!("{many} at {:?}", known.evidence);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_see_each_others_counts_and_nobody_counts_twice() {
    let Some(server) = Server::start() else { return };
    let nodes = [node(&server.url(), 1).await.unwrap(), node(&server.url(), 2).await.unwrap()];
    let mut seen = Vec::new();
    for n in 0..20 {
        let attempt = attempt_facts(number(), NOW_MS);
        let (_, known) = count(&nodes[n % 2], &attempt, 7).await;
        assert!(known.evidence.newcomer);
        seen.push(known.seen[0].windows[0].seen);
    }
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
    let (seen, _) = whole(&nodes[0]).await;
    assert!((20.0..21.5).contains(&seen), "{seen}");
    // A number that one has asked for is known to the other.
    let attempt = attempt_facts(number(), NOW_MS);
    count(&nodes[0], &attempt, 7).await;
    let (ask, known) = count(&nodes[1], &attempt, 7).await;
    assert_eq!((ask.newcomer, known.evidence.newcomer, ask.glimpse.today), (false, false, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_reaches_the_node_that_has_the_attempt_and_counts_once() {
    let Some(server) = Server::start() else { return };
    let (own, other) = (node(&server.url(), 1).await.unwrap(), node(&server.url(), 2).await.unwrap());
    for name in 1..=4 {
        sent(&own, name, &attempt_facts(number(), NOW_MS)).await;
    }
    let lesson = |name| (name, Lesson::Converted(NOW_S + 20));
    let learned = other.learn(&[lesson(1), lesson(2)]).await.unwrap();
    assert_eq!(learned, Learned { doubted: false });
    until_converted(&other, 2.0).await;
    // Told again by both, and of one that nobody knows.
    other.learn(&[lesson(1), lesson(99)]).await.unwrap();
    own.learn(&[lesson(2), lesson(3)]).await.unwrap();
    until_converted(&other, 3.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_that_is_gone_had_open_is_taken_over_once() {
    let Some(server) = Server::start() else { return };
    let gone = node(&server.url(), 1).await.unwrap();
    for name in 1..=300 {
        sent(&gone, name, &attempt_facts(number(), NOW_MS)).await;
    }
    gone.inner.renew().await.unwrap();
    let others = [node(&server.url(), 2).await.unwrap(), node(&server.url(), 3).await.unwrap()];
    let lease = |node: &SharedTallies| {
        let text = node.inner.link.names.text(Name::new(Holds::Lease, node.inner.node.id()));
        String::from_utf8(text).unwrap()
    };
    let (lease_of_gone, inbox_of) = (lease(&gone), &others[1]);
    drop(gone);
    // Told before anybody noticed: it waits in the inbox of the one that is gone.
    inbox_of.learn(&[(5, Lesson::Converted(NOW_S + 20))]).await.unwrap();
    inbox_of.inner.flush().await;
    server.say(&["del", &lease_of_gone]);
    let (a, b) = tokio::join!(others[0].inner.renew(), others[1].inner.renew());
    a.unwrap();
    b.unwrap();
    for node in &others {
        node.inner.flush().await;
    }
    let open = |node: &SharedTallies| node.inner.copy().evidence.size().open;
    assert_eq!(open(&others[0]) + open(&others[1]), 300, "each by one of them");
    until_converted(&others[0], 1.0).await;
    others[0].learn(&[(6, Lesson::Converted(NOW_S + 20)), (7, Lesson::Converted(NOW_S + 20))]).await.unwrap();
    until_converted(&others[1], 3.0).await;
    // Their messages come of age with the new owners.
    for node in &others {
        node.advance(NOW_S + 1_000).await.unwrap();
        node.inner.flush().await;
    }
    let attempt = attempt_facts(number(), NOW_MS + 1_000_000);
    let (_, known) = count(&others[0], &attempt, 1).await;
    let all = known.evidence.readings.iter().find(|reading| reading.scope == Scope::All).unwrap();
    assert!((280.0..=300.0).contains(&all.matured[2]), "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_expires_and_a_plain_one_is_small() {
    let Some(server) = Server::start() else { return };
    let node = node(&server.url(), 1).await.unwrap();
    for name in 1..=50 {
        sent(&node, name, &attempt_facts(number(), NOW_MS + name as i64 * 1_000)).await;
    }
    node.learn(&[(1, Lesson::Converted(NOW_S + 60)), (2, Lesson::NotSent)]).await.unwrap();
    node.advance(NOW_S + 1_000).await.unwrap();
    node.inner.flush().await;
    node.inner.renew().await.unwrap();
    let keys = server.say(&["--raw", "keys", "*"]);
    let mut bytes: std::collections::BTreeMap<char, (u64, u64)> = std::collections::BTreeMap::new();
    for key in keys.lines() {
        let ttl: i64 = server.say(&["ttl", key]).parse().unwrap();
        assert!(ttl > 0, "`{key}` never expires");
        assert!(key.starts_with("cofferdam2:{"), "{key}");
        let used: u64 = server.say(&["memory", "usage", key]).parse().unwrap();
        let kind = bytes.entry(key.chars().nth(15).unwrap()).or_default();
        *kind = (kind.0 + 1, kind.1.max(used));
    }
    println!("kind: how many, bytes at most: {bytes:?}");
    assert!(bytes[&'p'].1 <= 320, "a plain key: {bytes:?}");
    assert!(bytes[&'r'].1 <= 2_000 && bytes[&'s'].1 <= 160 && bytes[&'l'].1 <= 256, "{bytes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_nodes_sum_is_exact_at_each_and_reaches_the_other_with_its_next_turn() {
    let Some(server) = Server::start() else { return };
    let summing = async |seed| {
        // One count is enough to be hot.
        let settings = RedisSettings { summed_from: Some(8), ..settings(&server.url()) };
        open(settings, SetClock::at(NOW_MS), SetDice::seeded(key() ^ seed)).await.unwrap()
    };
    let nodes = [summing(1).await, summing(2).await];
    let seen = async |node: &SharedTallies| {
        let (_, known) = count(node, &attempt_facts(number(), NOW_MS), 7).await;
        let all = known.evidence.readings.iter().find(|reading| reading.scope == Scope::All);
        all.map_or(0.0, |reading| reading.seen[2])
    };
    let (mut all, mut summed) = (0.0, 0);
    // What was counted until the turn before the last one, which has reached everybody.
    let (mut known, mut before) = (0.0, 0.0);
    for round in 1..=30 {
        for node in &nodes {
            for own in 1..=5u8 {
                all += 1.0;
                let (seen, least) = (seen(node).await, known + f32::from(own));
                let is = round == 1 || (least - 0.5..all + 0.5).contains(&(seen / 1.005));
                assert!(is, "round {round}, {own}: {seen}, at least {least}, of {all}");
            }
        }
        summed += nodes.iter().filter(|node| node.inner.pending().sums.len() > 4).count();
        nodes[0].inner.turn().await;
        nodes[1].inner.turn().await;
        (known, before) = (before, all);
    }
    assert!(summed > 20, "both sum in most rounds: {summed} of 60");
    // The servers have them, and have each once.
    let third = node(&server.url(), 3).await.unwrap();
    let seen = seen(&third).await;
    assert!((seen - 301.0).abs() < 2.5, "{seen} of 301");
}

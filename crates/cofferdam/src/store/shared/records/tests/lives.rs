//! Nodes that die, pause, and lose the database: what they held is taken over once, and by nobody too early.

use super::super::*;
use super::Shared;
use super::server::Cut;
use crate::clock::{SetClock, Stopwatch};
use crate::store::contract::make::*;
use crate::store::row::AttemptStatus;
use cofferdam_engine::limit::LimitScope;
use std::time::Duration;

/// How long a node may be silent in these tests.
const LIFE: Duration = Duration::from_secs(1);
/// How long a call holds its key, if nobody finds out that its node is dead.
const LEASE_MS: i64 = 45_000;

fn quick(mut shared: Shared) -> Shared {
    shared.settings.life = LIFE;
    shared
}

async fn node(shared: &Shared, seed: u64) -> PostgresRecords {
    shared.open(SetClock::at(NOW_MS), seed).await.unwrap()
}

/// As if its process were paused or dead: nothing is renewed any more.
fn silence(node: &PostgresRecords) {
    node.0.life.paused.store(true, std::sync::atomic::Ordering::SeqCst);
}

async fn queued(node: &PostgresRecords) -> Verification {
    let mut start = start(&owner(), number(), NOW_MS);
    start.reservations = vec![limit(LimitScope::Number, u64::from(number().0 as u32), 1, 600)];
    let v = start.verification.clone();
    assert_eq!(node.start(start).await.unwrap(), Started::Made);
    v
}

async fn status(node: &PostgresRecords, v: &Verification) -> AttemptStatus {
    node.verification(&owner(), &v.id).await.unwrap().unwrap().attempts[0].status
}

async fn until_settled(node: &PostgresRecords, v: &Verification) -> Duration {
    let since = Stopwatch::start();
    while status(node, v).await == AttemptStatus::Queued {
        assert!(since.elapsed() < 10 * LIFE, "nobody settled it");
        tokio::time::sleep(LIFE / 50).await;
    }
    assert_eq!(status(node, v).await, AttemptStatus::Unknown);
    since.elapsed()
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey { owner: owner(), scopes: "verify".into(), key: name.into() }
}

async fn take(node: &PostgresRecords, name: &str) -> Idempotency {
    node.idempotency_begin(&key(name), [1; 32], NOW_MS, LEASE_MS).await.unwrap()
}

fn answered() -> StoredAnswer {
    StoredAnswer { status: 201, content_type: "application/json".into(), sealed_body: vec![7], about: None }
}

fn dead(shared: &Shared) -> String {
    let schema = &shared.settings.schema;
    shared.server.sql("postgres", &format!("SELECT count(*) FROM {schema}.nodes WHERE dead"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_node_held_is_open_to_others_within_seconds() {
    let Some(shared) = Shared::new().map(quick) else { return };
    let (a, b) = (node(&shared, 1).await, node(&shared, 2).await);
    assert_eq!(take(&a, "nothing made").await, Idempotency::Fresh);
    assert_eq!(take(&a, "made").await, Idempotency::Fresh);
    let mut begun = start(&owner(), number(), NOW_MS);
    begun.idempotency = Some(key("made"));
    let v = begun.verification.clone();
    a.start(begun).await.unwrap();
    assert!(a.lease("sweep", 60_000).await.unwrap());
    // While it lives all of it is its own, for longer than a life is.
    tokio::time::sleep(LIFE * 3 / 2).await;
    assert_eq!(take(&b, "nothing made").await, Idempotency::Running);
    assert_eq!(take(&b, "made").await, Idempotency::Running);
    assert_eq!(status(&b, &v).await, AttemptStatus::Queued);
    assert!(!b.lease("sweep", 60_000).await.unwrap());
    assert!(a.still_ours(&v.attempts[0].id).await.unwrap());
    silence(&a);
    let took = until_settled(&b, &v).await;
    assert!(took > LIFE * 3 / 4, "a node that was heard of a moment ago was held for dead: {took:?}");
    assert_eq!(take(&b, "nothing made").await, Idempotency::Fresh);
    assert_eq!(take(&b, "made").await, Idempotency::Orphan { subject: v.id.clone() });
    assert!(b.lease("sweep", 60_000).await.unwrap());
    assert_eq!(take(&b, "made").await, Idempotency::Running, "one takes it over, not all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_only_paused_hands_nothing_over_that_others_settled() {
    let Some(shared) = Shared::new().map(quick) else { return };
    let (a, b) = (node(&shared, 1).await, node(&shared, 2).await);
    assert_eq!(take(&a, "taken over").await, Idempotency::Fresh);
    assert_eq!(take(&a, "left").await, Idempotency::Fresh);
    let (settled, number) = (queued(&a).await, number());
    let mut held = start(&owner(), number, NOW_MS);
    held.reservations = vec![limit(LimitScope::Number, 41, 1, 600)];
    let failed = held.verification.clone();
    a.start(held).await.unwrap();
    silence(&a);
    until_settled(&b, &settled).await;
    until_settled(&b, &failed).await;
    assert_eq!(take(&b, "taken over").await, Idempotency::Fresh);
    // It wakes up, and goes on where it was.
    assert!(!a.still_ours(&settled.attempts[0].id).await.unwrap(), "what others settled is not sent");
    assert!(!a.still_ours(&failed.attempts[0].id).await.unwrap());
    // It knows better than they what became of it.
    assert!(a.handed_over(&owner(), &settled.attempts[0].id, over(AttemptStatus::Sent)).await.unwrap());
    assert_eq!(status(&b, &settled).await, AttemptStatus::Sent);
    let reserve = async || {
        let another = new_id(crate::id::Noun::Attempt, NOW_MS);
        b.reserve(&owner(), &another, NOW_MS, &[limit(LimitScope::Number, 41, 1, 600)]).await.unwrap()
    };
    assert!(reserve().await.is_err(), "what is unknown is charged");
    assert!(a.handed_over(&owner(), &failed.attempts[0].id, over(AttemptStatus::Failed)).await.unwrap());
    assert_eq!(reserve().await, Ok(()), "what was not sent after all is not");
    let twice = a.handed_over(&owner(), &failed.attempts[0].id, over(AttemptStatus::Sent)).await.unwrap();
    assert!(!twice, "and what was told first stands");
    // Its calls' ends change nothing of those who took them over; what nobody took is its own still.
    a.idempotency_end(&key("taken over"), Some(answered())).await.unwrap();
    assert_eq!(take(&b, "taken over").await, Idempotency::Running);
    a.idempotency_end(&key("taken over"), None).await.unwrap();
    assert_eq!(take(&b, "taken over").await, Idempotency::Running);
    a.idempotency_end(&key("left"), Some(answered())).await.unwrap();
    assert!(matches!(take(&b, "left").await, Idempotency::Answered(_)));
    // What it begins from now on is its own: it lives again.
    let later = queued(&a).await;
    assert!(a.still_ours(&later.attempts[0].id).await.unwrap());
    assert_eq!(status(&b, &later).await, AttemptStatus::Queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_nobody_noticed_takes_nothing_away() {
    let Some(shared) = Shared::new().map(quick) else { return };
    let a = node(&shared, 1).await;
    let v = queued(&a).await;
    silence(&a);
    tokio::time::sleep(LIFE * 3 / 2).await;
    assert!(a.still_ours(&v.attempts[0].id).await.unwrap(), "nobody else was there");
    assert_eq!(dead(&shared), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_away_kills_nobody() {
    let Some(mut shared) = Shared::alone() else { return };
    shared.settings.life = 4 * LIFE;
    let way = Cut::to(shared.server.port);
    let mut by_the_way = Shared { server: Arc::clone(&shared.server), settings: shared.settings.clone() };
    by_the_way.settings.url = super::server::url(way.port, "postgres").into();
    let (a, b) = (node(&shared, 1).await, node(&by_the_way, 2).await);
    let (of_a, of_b) = (queued(&a).await, queued(&b).await);
    let schema = &shared.settings.schema;
    let psql = |text: &str| shared.server.sql("postgres", &text.replace("nodes", &format!("{schema}.nodes")));
    // Both are old enough to judge others.
    psql("UPDATE nodes SET steady = steady - interval '1 minute'");
    shared.server.kill();
    way.cut();
    tokio::time::sleep(5 * LIFE).await;
    shared.server.begin();
    let back = async |many: &str| {
        let since = Stopwatch::start();
        while psql("SELECT count(*) FROM nodes WHERE renewed > clock_timestamp() - interval '1 s'") != many {
            assert!(since.elapsed() < 10 * LIFE, "it does not come back");
            tokio::time::sleep(LIFE / 50).await;
        }
    };
    // The one hears the database again before the other does.
    back("1").await;
    tokio::time::sleep(LIFE).await;
    way.mend();
    back("2").await;
    let since = Stopwatch::start();
    while since.elapsed() < 4 * LIFE {
        assert_eq!(dead(&shared), "0", "a node that lives was held for dead");
        tokio::time::sleep(LIFE / 10).await;
    }
    assert_eq!(status(&b, &of_a).await, AttemptStatus::Queued);
    // And one that dies after it is found.
    silence(&b);
    until_settled(&a, &of_b).await;
    assert_eq!(status(&a, &of_a).await, AttemptStatus::Queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_again_under_its_name_takes_over_at_once() {
    let Some(mut shared) = Shared::new() else { return };
    shared.settings.node = Some("node-1".into());
    let first = node(&shared, 1).await;
    assert_eq!(take(&first, "held").await, Idempotency::Fresh);
    let v = queued(&first).await;
    assert!(first.lease("sweep", 60_000).await.unwrap());
    drop(first);
    let second = node(&shared, 2).await;
    assert_eq!(take(&second, "held").await, Idempotency::Running, "opening alone takes nothing over");
    second.arrive().await.unwrap();
    assert_eq!(status(&second, &v).await, AttemptStatus::Unknown);
    assert_eq!(take(&second, "held").await, Idempotency::Fresh);
    assert!(second.lease("sweep", 60_000).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_not_waited_for() {
    let Some(shared) = Shared::new() else { return };
    let (a, b) = (node(&shared, 1).await, node(&shared, 2).await);
    let v = queued(&a).await;
    // As old as it takes to judge others.
    let schema = &shared.settings.schema;
    let old = format!("UPDATE {schema}.nodes SET steady = steady - interval '1 minute'");
    shared.server.sql("postgres", &old);
    a.leave().await.unwrap();
    silence(&a);
    let took = until_settled(&b, &v).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_knows_no_lives_is_left_alone() {
    let Some(shared) = Shared::new().map(quick) else { return };
    let (a, b) = (node(&shared, 1).await, node(&shared, 2).await);
    assert_eq!(take(&a, "k").await, Idempotency::Fresh);
    let (old, v) = (queued(&a).await, queued(&a).await);
    let schema = &shared.settings.schema;
    let psql = |text: String| shared.server.sql("postgres", &text);
    // As the previous version writes them.
    psql(format!("UPDATE {schema}.attempts SET life = NULL WHERE id = '{}'", old.attempts[0].id));
    silence(&a);
    until_settled(&b, &v).await;
    assert_eq!(status(&b, &old).await, AttemptStatus::Queued, "only time ends it");
    // It takes the dead node's key when the time of that is over, and names no life.
    psql(format!("UPDATE {schema}.idempotency SET lease_until_ms = {}", NOW_MS + LEASE_MS - 1));
    assert_eq!(take(&b, "k").await, Idempotency::Running);
}

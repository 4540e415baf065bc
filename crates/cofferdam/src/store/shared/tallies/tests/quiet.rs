//! What becomes of messages in records that hardly anybody was counted in: late for the others, never for the node
//! that has the attempt.

use super::nodes::{count, sent};
use super::*;
use crate::store::contract::make::{attempt_facts, number};
use crate::store::shared::tallies::quiet::HOLD_S;
use crate::store::tallies::Tallies as _;
use cofferdam_engine::evidence::Scope;

const NOW_S: u32 = (NOW_MS / 1_000) as u32;

/// How many messages have come of age with a device that all have, as a node sees it that counts one more newcomer there.
async fn matured(node: &SharedTallies, at_s: u32) -> f32 {
    let (_, known) = count(node, &attempt_facts(number(), i64::from(at_s) * 1_000), 1).await;
    let own = known.evidence.readings.iter().find(|reading| reading.scope == Scope::Device);
    own.unwrap().matured[2]
}

async fn pass(node: &SharedTallies, now_s: u32) {
    node.advance(now_s).await.unwrap();
    node.inner.flush().await;
}

/// Two nodes, and a message of the first that came of age while nobody else was counted with its device.
async fn come_of_age(url: &str) -> [SharedTallies; 2] {
    let nodes = [node(url, 1).await.unwrap(), node(url, 2).await.unwrap()];
    sent(&nodes[0], 1, &attempt_facts(number(), NOW_MS)).await;
    pass(&nodes[0], NOW_S + 100).await;
    nodes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_a_message_is_late_for_others_where_hardly_anybody_was_counted() {
    let Some(server) = Server::start() else { return };
    let [own, other] = come_of_age(&server.url()).await;
    assert!(matured(&other, NOW_S + 100).await < 0.01, "kept back");
    let known = matured(&own, NOW_S + 100).await;
    assert!(known > 0.3, "never late here: {known}");
    pass(&own, NOW_S + 100 + HOLD_S).await;
    let told = matured(&other, NOW_S + 350).await;
    assert!(told > 0.3, "{told}");
    let again = matured(&own, NOW_S + 350).await;
    assert!((again - told).abs() < 0.01, "once: {told}, {again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_fourth_newcomer_others_learn_it_at_once() {
    let Some(server) = Server::start() else { return };
    let [own, other] = come_of_age(&server.url()).await;
    for _ in 0..2 {
        assert!(matured(&other, NOW_S + 100).await < 0.01, "kept back");
    }
    let known = matured(&own, NOW_S + 100).await;
    own.inner.flush().await;
    let told = matured(&other, NOW_S + 100).await;
    assert!(told > 0.3 && (told - known).abs() < 0.01, "{told}, {known}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_in_order_keeps_nothing_back() {
    let Some(server) = Server::start() else { return };
    let [own, other] = come_of_age(&server.url()).await;
    own.settle().await;
    let told = matured(&other, NOW_S + 100).await;
    assert!(told > 0.3, "{told}");
    let again = matured(&own, NOW_S + 100).await;
    assert!((again - told).abs() < 0.01, "once: {told}, {again}");
}

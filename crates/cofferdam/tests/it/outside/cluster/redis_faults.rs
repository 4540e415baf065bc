//! The tallies die, in every way: judged blind, limits of records exact, nothing lost.

use super::case::{Case, Expect};
use super::nodes::{Cluster, Home};
use super::sentinel::Sentinel;
use super::way::Passage;
use crate::outside::server::alone;
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_is_killed_and_comes_back_empty() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("Redis killed, back empty", Expect::Blind).await else { return };
    case.now();
    block_in_place(|| case.cluster.redis.end());
    case.lasts().await;
    block_in_place(|| case.cluster.redis.begin());
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_is_paused() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("Redis paused", Expect::Blind).await else { return };
    case.now();
    case.cluster.redis.pause();
    case.lasts().await;
    case.cluster.redis.resume();
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_is_cut_off() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("Redis cut off", Expect::Blind).await else { return };
    case.now();
    case.cluster.to_redis.set(Passage::Cut);
    case.lasts().await;
    case.cluster.to_redis.set(Passage::Open);
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_answers_late() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("Redis slow", Expect::Blind).await else { return };
    case.now();
    case.cluster.to_redis.set(Passage::Slow(Duration::from_millis(300), Duration::from_millis(800)));
    case.lasts().await;
    case.cluster.to_redis.set(Passage::Open);
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_is_full() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("Redis full", Expect::Blind).await else { return };
    case.now();
    assert_eq!(case.cluster.redis.say(&["config", "set", "maxmemory", "1"]), "OK");
    case.lasts().await;
    assert_eq!(case.cluster.redis.say(&["config", "set", "maxmemory", "0"]), "OK");
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_fails_over_to_its_replica() {
    let _alone = alone().await;
    let Some(home) = Home::start().await else { return };
    let sentinel = block_in_place(|| Sentinel::over(&home.redis));
    let cluster = Cluster::over(home, &sentinel.url()).await;
    let mut case = Case::over(cluster, "Redis failed over", Expect::Any).await;
    case.now();
    block_in_place(|| case.cluster.redis.end());
    block_in_place(|| sentinel.has_promoted(Duration::from_secs(15)));
    // The repair is the promotion; nobody does anything at the nodes.
    case.mended(Instant::now()).await;
}

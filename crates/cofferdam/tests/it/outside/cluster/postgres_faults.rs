//! The records die, in every way: 503 before anything is sent, nothing lost, no limit passed.

use super::case::{Case, Expect};
use super::way::Passage;
use crate::outside::server::alone;
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_is_killed_and_comes_back() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL killed, back", Expect::Away).await else { return };
    case.now();
    block_in_place(|| case.cluster.postgres.kill());
    case.lasts().await;
    block_in_place(|| case.cluster.postgres.begin());
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_is_stopped_in_a_hurry_and_comes_back() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL stopped, back", Expect::Away).await else { return };
    case.now();
    block_in_place(|| case.cluster.postgres.stop());
    case.lasts().await;
    block_in_place(|| case.cluster.postgres.begin());
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_is_paused() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL paused", Expect::Away).await else { return };
    case.now();
    case.cluster.postgres.pause();
    case.lasts().await;
    case.cluster.postgres.resume();
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_is_cut_off() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL cut off", Expect::Away).await else { return };
    case.now();
    case.cluster.to_postgres.set(Passage::Cut);
    case.lasts().await;
    case.cluster.to_postgres.set(Passage::Open);
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_takes_no_writes() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL read-only", Expect::Away).await else { return };
    case.now();
    block_in_place(|| case.cluster.postgres.read_only(true));
    case.lasts().await;
    block_in_place(|| case.cluster.postgres.read_only(false));
    case.mended(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgresql_answers_late() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("PostgreSQL slow", Expect::Any).await else { return };
    case.now();
    case.cluster.to_postgres.set(Passage::Slow(Duration::from_millis(150), Duration::from_millis(400)));
    case.lasts().await;
    case.cluster.to_postgres.set(Passage::Open);
    case.mended(Instant::now()).await;
}

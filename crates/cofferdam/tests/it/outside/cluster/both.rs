//! Records and tallies die together.

use super::case::{Case, Expect};
use crate::outside::server::alone;
use tokio::task::block_in_place;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_are_killed_and_come_back() {
    let _alone = alone().await;
    let Some(mut case) = Case::begin("both killed, back", Expect::Away).await else { return };
    case.now();
    block_in_place(|| case.cluster.redis.end());
    block_in_place(|| case.cluster.postgres.kill());
    case.lasts().await;
    block_in_place(|| case.cluster.postgres.begin());
    block_in_place(|| case.cluster.redis.begin());
    case.mended(Instant::now()).await;
}

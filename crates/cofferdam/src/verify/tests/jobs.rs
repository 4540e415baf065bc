//! What is done by time.

use super::*;
use crate::jobs::{self, Jobs};
use crate::store::row::{PageAsk, Status, VerificationFilter};
use std::time::Duration;
use tokio::sync::watch;

#[tokio::test]
async fn jobs_end_what_is_over_and_stop_when_they_are_told() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    house.clock.step(600_000);
    let (stop, stopped) = watch::channel(false);
    let jobs = Jobs::start(&house.app, jobs::RETENTION, &stopped);
    // The records themselves, not the view of them, which knows that it is over.
    let ended = async {
        loop {
            let row = house.app.store.records.verification(&house.test.owner, &id).await.unwrap().unwrap();
            if row.status == Status::Expired {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(30), jobs.ended()).await.unwrap();
    assert!(jobs::wind_down(&house.app, Duration::from_secs(10)).await);
}

#[tokio::test]
async fn numbers_are_taken_away_when_their_time_is_over() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let code = house.latest("+12125550123").await.code;
    house.check(&id, &code).await.unwrap();
    house.clock.step(jobs::RETENTION.numbers_ms + 60_000);
    house.app.store.records.sweep(house.app.clock.now_ms(), &jobs::RETENTION).await.unwrap();
    let page = PageAsk { limit: 10, after: None, descending: false };
    let filter = VerificationFilter::default();
    let rows = house.app.store.records.verifications(&house.test.owner, &filter, &page).await.unwrap().rows;
    assert_eq!(rows.len(), 1);
    assert!(rows.iter().all(|row| row.fixed.sealed_to.is_none() && row.fixed.own_code.is_none()));
    assert_eq!(house.messages("+12125550123").await, 0);
}

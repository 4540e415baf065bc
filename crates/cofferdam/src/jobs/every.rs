//! A loop with a stop signal.

use crate::app::App;
use crate::store::StoreError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// One round of a job.
pub(super) type Work =
    Box<dyn Fn(Arc<App>) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>> + Send + Sync>;

/// What wakes a job before its turn.
pub(super) type Wake = Option<watch::Receiver<u64>>;

/// Waits until something wakes it; for ever, where nothing can.
async fn woken(wake: &mut Wake) {
    let gone = match wake {
        Some(wake) => wake.changed().await.is_err(),
        None => true,
    };
    if gone {
        std::future::pending::<()>().await;
    }
}

/// Does the work at every turn, and when it is woken, until it is told to stop. A round that fails is
/// told and done again at the next turn; a stop waits for the round that runs.
pub(super) async fn every(
    period: Duration,
    mut wake: Wake,
    app: Arc<App>,
    mut stop: watch::Receiver<bool>,
    work: Work,
) {
    let mut turns = tokio::time::interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = woken(&mut wake) => {}
            _ = turns.tick() => {}
        }
        if let Err(error) = work(Arc::clone(&app)).await {
            tracing::warn!(%error, "a job's round failed, it is done again");
        }
    }
}

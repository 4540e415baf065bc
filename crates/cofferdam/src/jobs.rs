//! What is done by time: ending what is over, sweeping, keeping caches fresh, watching the store.
//!
//! Each job is a small loop with a stop signal; none decides anything. Started once by whoever serves.

mod advance;
mod every;
mod expire;
mod health;
mod review;
mod sweep;

use crate::app::App;
use crate::store::StoreError;
use crate::store::row::Retention;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use sweep::RETENTION;

/// All jobs, running.
pub struct Jobs(JoinSet<()>);

impl Jobs {
    /// Starts them; they end when `stop` becomes true, or its sender goes.
    pub fn start(app: &Arc<App>, keep: Retention, stop: &watch::Receiver<bool>) -> Self {
        let mut jobs = JoinSet::new();
        let mut woken = |seconds, wake, work: every::Work| {
            let period = Duration::from_secs(seconds);
            jobs.spawn(every::every(period, wake, Arc::clone(app), stop.clone(), work));
        };
        // What other nodes change is taken in as soon as it is heard of, and every second in any case.
        woken(1, app.store.records.changed(), Box::new(|app| Box::pin(review::refresh(app))));
        let mut job = |seconds, work: every::Work| woken(seconds, None, work);
        job(1, Box::new(|app| Box::pin(expire::once(app))));
        job(1, Box::new(|app| Box::pin(advance::once(app))));
        job(1, Box::new(|app| Box::pin(review::blocks(app))));
        job(1, Box::new(|app| Box::pin(health::once(app))));
        job(60, Box::new(|app| Box::pin(review::lists(app))));
        job(60, Box::new(move |app| Box::pin(sweep::once(app, keep))));
        Self(jobs)
    }

    /// Waits until all have ended.
    pub async fn ended(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// What must be done before anything is served: attempts that a crash left queued become `unknown`,
/// what is over ends.
pub async fn recover(app: &App) -> Result<(), StoreError> {
    if app.store.records.is_shared() {
        app.store.records.arrive().await?;
        // What is queued may be another machine's, which is just sending it.
        return expire::all(app, expire::queued_before(app.clock.now_ms()), u32::MAX).await;
    }
    // Whatever its time: the clock may stand behind the one that the crash stopped.
    expire::all(app, i64::MAX, u32::MAX).await
}

/// The last thing before the program ends, when nothing new comes any more: waits for the sends under
/// way, at most so long, and for the journal. Whether every send ended.
pub async fn wind_down(app: &App, at_most: Duration) -> bool {
    let ended = app.sends.drain(at_most).await;
    if let Err(error) = app.store.records.settle_down().await {
        tracing::error!(%error, "the last of the journal or the tallies was not saved");
    }
    if let Err(error) = app.store.records.leave().await {
        tracing::warn!(%error, "the other machines find out by themselves that this one has ended");
    }
    ended
}

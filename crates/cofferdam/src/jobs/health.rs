//! Watches the store: whether both halves answer, and whether the journal loses entries.

use crate::app::App;
use crate::store::StoreError;
use crate::store::health::Part;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) async fn once(app: Arc<App>) -> Result<(), StoreError> {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let lost = app.store.records.journal_lost();
    if lost > TOLD.swap(lost, Ordering::Relaxed) {
        tracing::error!(lost, "the journal's queue was full: entries are missing from it");
    }
    let (tallies, records) = tokio::join!(app.store.tallies.ping(), app.store.records.ping());
    for (part, answer) in [(Part::Tallies, tallies), (Part::Records, records)] {
        let now_ms = app.clock.now_ms();
        let before = app.health.of(part);
        if app.health.found(part, answer.is_ok(), now_ms) {
            let after_s = (now_ms - before.since_ms) / 1_000;
            match answer {
                Ok(()) => tracing::info!(part = part.name(), away_s = after_s, "a part is back"),
                Err(error) => tracing::error!(part = part.name(), %error, "a part is away"),
            }
        }
    }
    Ok(())
}

//! Watches the store: whether both halves answer, and whether the journal loses entries.

use crate::app::App;
use crate::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) async fn once(app: Arc<App>) -> Result<(), StoreError> {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let lost = app.store.records.journal_lost();
    if lost > TOLD.swap(lost, Ordering::Relaxed) {
        tracing::error!(lost, "the journal's queue was full: entries are missing from it");
    }
    app.store.tallies.ping().await?;
    app.store.records.ping().await
}

//! Takes numbers and old rows away.

use crate::app::App;
use crate::store::StoreError;
use crate::store::row::Retention;
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What is kept for how long unless the settings say otherwise.
pub const RETENTION: Retention = Retention {
    // A number is needed while somebody may ask about a message; a week. Guess.
    numbers_ms: 7 * DAY_MS,
    // Without its number a verification is a row of a statistic. Guess.
    verifications_ms: 90 * DAY_MS,
    // Long enough for two monthly bills to be disputed. Guess.
    journal_ms: 90 * DAY_MS,
    // What people changed is asked about a year later. Guess.
    audit_ms: 400 * DAY_MS,
    // Promised by the API.
    idempotency_ms: DAY_MS,
    // Promised by the API.
    outbox_ms: DAY_MS,
    outbox_rows: 10_000,
};

/// Of several nodes one does it, once a minute; if that one dies another begins after so long.
const LEASE_MS: i64 = 90_000;

pub(super) async fn once(app: Arc<App>, keep: Retention) -> Result<(), StoreError> {
    if !app.store.records.lease("sweep", LEASE_MS).await? {
        return Ok(());
    }
    let swept = app.store.records.sweep(app.clock.now_ms(), &keep).await?;
    for (kind, rows) in [
        ("verification", swept.verifications),
        ("journal", swept.journal),
        ("outbox", swept.outbox),
        ("list_entry", swept.list_entries),
        ("other", swept.other),
    ] {
        app.metrics.swept(kind, rows);
    }
    Ok(())
}

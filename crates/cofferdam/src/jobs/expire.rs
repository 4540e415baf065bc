//! Ends what is over: verifications past their time, attempts that nobody heard of again. Reports what
//! magic numbers ask for.

use crate::app::App;
use crate::store::StoreError;
use crate::verify::report;
use std::sync::Arc;

/// An attempt that stays queued for so long is `unknown`: every route has answered or timed out by then.
const QUEUED_MS: i64 = 5 * 60 * 1000;

/// Of several nodes one does it; if that one dies another begins after so long.
const LEASE_MS: i64 = 10_000;

/// Batches a round: what is left comes in the next one.
const BATCHES: u32 = 50;

pub(super) async fn once(app: Arc<App>) -> Result<(), StoreError> {
    report::due(&app).await;
    if !app.store.records.lease("expire", LEASE_MS).await? {
        return Ok(());
    }
    all(&app, queued_before(app.clock.now_ms()), BATCHES).await
}

/// What was queued before this moment was heard of by nobody again.
pub(super) fn queued_before(now_ms: i64) -> i64 {
    now_ms.saturating_sub(QUEUED_MS)
}

/// Ends what is over, in bounded batches, at most so many of them.
pub(super) async fn all(app: &App, queued_before_ms: i64, batches: u32) -> Result<(), StoreError> {
    for _ in 0..batches {
        let (_, more) = app.store.records.expire(app.clock.now_ms(), queued_before_ms).await?;
        if !more {
            break;
        }
    }
    Ok(())
}

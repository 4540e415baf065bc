//! Keeps standing facts fresh, ends list entries whose time is over, and moves blocks on.

use crate::app::App;
use crate::store::StoreError;
use crate::verify::{blocks, lists};
use std::sync::Arc;

/// Of several nodes one ends entries, once a minute; if that one dies another begins after so long.
const LEASE_MS: i64 = 90_000;

/// Takes in what other nodes changed.
pub(super) async fn refresh(app: Arc<App>) -> Result<(), StoreError> {
    app.standing.refresh(&app).await
}

/// An entry that is over matches nothing already; here its row goes.
pub(super) async fn lists(app: Arc<App>) -> Result<(), StoreError> {
    if !app.store.records.lease("lists", LEASE_MS).await? {
        return Ok(());
    }
    lists::end_over(&app).await
}

/// What time changes of standing blocks, and what changed of them, into the records.
pub(super) async fn blocks(app: Arc<App>) -> Result<(), StoreError> {
    blocks::keep(&app).await
}

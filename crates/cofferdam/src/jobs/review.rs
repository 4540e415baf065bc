//! Keeps standing facts fresh, and ends list entries whose time is over.

use crate::app::App;
use crate::store::StoreError;
use crate::verify::lists;
use std::sync::Arc;

/// Takes in what other nodes changed.
pub(super) async fn refresh(app: Arc<App>) -> Result<(), StoreError> {
    app.standing.refresh(&app).await
}

/// An entry that is over matches nothing already; here its row goes.
pub(super) async fn lists(app: Arc<App>) -> Result<(), StoreError> {
    lists::end_over(&app).await
}

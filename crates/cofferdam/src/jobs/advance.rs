//! Lets time pass for evidence: messages come of age, challenges are abandoned.

use crate::app::App;
use crate::store::StoreError;
use crate::verify::report;
use std::sync::Arc;

pub(super) async fn once(app: Arc<App>) -> Result<(), StoreError> {
    report::advance(&app).await
}

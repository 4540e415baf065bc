//! Cancels a verification.

use super::{Caller, Verified, VerifyError, get};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::Status;

/// Cancels a pending verification, or one that waits for a challenge.
pub async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<Verified, VerifyError> {
    if !id::is(Noun::Verification, id) {
        return Err(VerifyError::NotFound);
    }
    let at_ms = app.lives.at_ms(id, app.clock.now_ms());
    match app.store.records.cancel(&caller.owner, id, at_ms).await? {
        Some(Ok(())) => get::get(app, caller, id).await,
        Some(Err(Status::Expired)) => Err(VerifyError::Expired),
        Some(Err(ended)) => Err(VerifyError::AlreadyFinished(ended)),
        None => Err(VerifyError::NotFound),
    }
}

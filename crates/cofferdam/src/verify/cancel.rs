//! Cancels a verification.

use super::{Caller, Verified, VerifyError};
use crate::app::App;

/// Cancels a pending verification.
pub async fn cancel(_app: &App, _caller: &Caller, _id: &str) -> Result<Verified, VerifyError> {
    Err(VerifyError::NotFound)
}

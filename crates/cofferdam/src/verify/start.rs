//! Begins a verification.

use super::{Caller, StartInput, Verified, VerifyError};
use crate::app::App;
use std::sync::Arc;

/// Begins a verification: judges, makes it durable, and sends. Blocked is a result, not an error.
pub async fn start(_app: &Arc<App>, _caller: &Caller, _input: StartInput) -> Result<Verified, VerifyError> {
    Err(VerifyError::NotFound)
}

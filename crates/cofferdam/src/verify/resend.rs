//! Sends a pending verification's code again.

use super::{Caller, Verified, VerifyError};
use crate::app::App;
use cofferdam_engine::Channel;
use std::sync::Arc;

/// Sends the same code again, as an attempt of its own.
pub async fn resend(
    _app: &Arc<App>,
    _caller: &Caller,
    _id: &str,
    _channel: Option<Channel>,
) -> Result<Verified, VerifyError> {
    Err(VerifyError::NotFound)
}

//! Reads the outbox: messages are rendered when they are read, so that no code is stored.

use super::{Caller, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk};
use cofferdam_atlas::{Country, Destination};
use cofferdam_engine::Channel;

/// A message as a person would have got it. It holds the code, so it has no `Debug`.
pub struct OutboxMessage {
    /// Its identifier.
    pub id: String,
    /// To whom.
    pub to: Destination,
    /// How.
    pub channel: Channel,
    /// Text of the message, code included.
    pub body: String,
    /// The code by itself.
    pub code: String,
    /// Of which verification.
    pub verification: String,
    /// When.
    pub at_ms: i64,
}

/// Messages, oldest first unless asked otherwise. `NotFound` with live keys.
pub async fn list(
    _app: &App,
    _caller: &Caller,
    _to: Option<(&str, Option<Country>)>,
    _page: &PageAsk,
) -> Result<Page<OutboxMessage>, VerifyError> {
    Err(VerifyError::NotFound)
}

/// The newest message, waiting up to `wait_s` (at most 30) for one. `NotFound` if none came.
pub async fn latest(
    _app: &App,
    _caller: &Caller,
    _to: Option<(&str, Option<Country>)>,
    _wait_s: u32,
) -> Result<OutboxMessage, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Empties it; how many there were.
pub async fn clear(
    _app: &App,
    _caller: &Caller,
    _to: Option<(&str, Option<Country>)>,
) -> Result<u64, VerifyError> {
    Err(VerifyError::NotFound)
}

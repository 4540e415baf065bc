//! Judges for callers who send by themselves.

use super::{AssessInput, Caller, VerifyError};
use crate::app::App;
use crate::store::row::JournalEntry;

/// Judges an attempt; nothing is sent. A limit met is a `block`, not an error.
pub async fn assess(_app: &App, _caller: &Caller, _input: &AssessInput) -> Result<JournalEntry, VerifyError> {
    Err(VerifyError::NotFound)
}

/// A judgement made before, by the identifier of its assessment or of its attempt.
pub async fn find(_app: &App, _caller: &Caller, _id: &str) -> Result<JournalEntry, VerifyError> {
    Err(VerifyError::NotFound)
}

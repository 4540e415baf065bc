//! What is known of a number.

use super::{Caller, VerifyError};
use crate::app::App;
use cofferdam_atlas::{Country, Destination, Risk};
use cofferdam_engine::Identity;

/// What is known of a number.
#[derive(Debug, Clone)]
pub struct NumberKnown {
    /// What the atlas knows.
    pub destination: Destination,
    /// Its prior.
    pub risk: Risk,
    /// Proofs and lists, as a judgement would see them.
    pub identity: Identity,
    /// What was done with it here.
    pub history: History,
}

/// What was done with a number in the caller's world. Of at most the last 200 verifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct History {
    pub verifications: u32,
    pub approved: u32,
    pub blocked: u32,
    pub last_at_ms: Option<i64>,
    pub proved_at_s: Option<u32>,
}

/// What is known of a number, written as people type it.
pub async fn number(
    _app: &App,
    _caller: &Caller,
    _text: &str,
    _country: Option<Country>,
) -> Result<NumberKnown, VerifyError> {
    Err(VerifyError::NotFound)
}

//! Takes what happened afterwards: from callers, from providers, from checks.

use super::{Caller, VerifyError};
use crate::app::App;
use crate::provider::{Callback, CallbackError};
use crate::store::row::ToldOf;
use cofferdam_engine::outcome::{Label, What};

/// An outcome as a caller tells it.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Of which attempt; a caller names an attempt or a verification.
    pub of: ToldOf,
    /// When; now, if it isn't said.
    pub at_ms: Option<i64>,
    /// What.
    pub what: What,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportAnswer {
    /// Counted.
    Accepted,
    /// Told before.
    Duplicate,
    /// No such attempt, or another's.
    Unknown,
    /// It can't be: why.
    Invalid(&'static str),
}

/// Takes outcomes; the answers stand in their order.
pub async fn report(
    _app: &App,
    _caller: &Caller,
    _events: Vec<Reported>,
) -> Result<Vec<ReportAnswer>, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Labels a judged attempt, by the identifier of its assessment. The note goes into the audit.
pub async fn label(
    _app: &App,
    _caller: &Caller,
    _assessment: &str,
    _label: Label,
    _note: Option<&str>,
) -> Result<ReportAnswer, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Why a provider's callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveredError {
    /// No such provider.
    #[error("there is no such provider")]
    NotFound,
    /// Not believed.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// Not kept.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Takes a provider's delivery callback. `token` is the last part of its address.
pub async fn delivered(
    _app: &App,
    _provider: &str,
    _callback: &Callback<'_>,
) -> Result<ReportAnswer, DeliveredError> {
    Err(DeliveredError::NotFound)
}

//! Reads verifications.

use super::{Caller, Verified, VerifyError};
use crate::app::App;
use crate::store::row::{Page, PageAsk, Status};
use cofferdam_atlas::Country;

/// Which verifications.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of this number, as people type it.
    pub to: Option<String>,
    /// Country of a national form.
    pub country: Option<Country>,
    /// In this status.
    pub status: Option<Status>,
    /// Made since, in Unix milliseconds.
    pub since_ms: Option<i64>,
}

/// One verification, with the judgement of its newest attempt.
pub async fn get(_app: &App, _caller: &Caller, _id: &str) -> Result<Verified, VerifyError> {
    Err(VerifyError::NotFound)
}

/// Verifications, by identifier. Their judgements are not read (`judged` is `None`).
pub async fn list(
    _app: &App,
    _caller: &Caller,
    _which: &Which,
    _page: &PageAsk,
) -> Result<Page<Verified>, VerifyError> {
    Err(VerifyError::NotFound)
}

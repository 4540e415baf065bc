//! Reads verifications.

use super::{Caller, Verified, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Page, PageAsk, Status, Verification, VerificationFilter};
use cofferdam_atlas::{Country, Destination};

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
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Verified, VerifyError> {
    let verification = row(app, caller, id).await?;
    verified(app, verification, true).await
}

/// Verifications, by identifier. Their judgements are not read (`judged` is `None`).
pub async fn list(
    app: &App,
    caller: &Caller,
    which: &Which,
    page: &PageAsk,
) -> Result<Page<Verified>, VerifyError> {
    let number = match &which.to {
        Some(text) => {
            let to = cofferdam_atlas::parse(text, which.country)?;
            let realm = super::standing::realm(&app.secrets, &caller.owner);
            Some(cofferdam_engine::attempt::number_name(&app.keyer, realm, &to))
        }
        None => None,
    };
    let filter = VerificationFilter { number, status: which.status, since_ms: which.since_ms };
    let found = app.store.records.verifications(&caller.owner, &filter, page).await?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for verification in found.rows {
        rows.push(verified(app, verification, false).await?);
    }
    Ok(Page { rows, next: found.next })
}

/// One of the caller's own; unknown and foreign ones are alike.
pub(super) async fn row(app: &App, caller: &Caller, id: &str) -> Result<Verification, VerifyError> {
    if !id::is(Noun::Verification, id) {
        return Err(VerifyError::NotFound);
    }
    app.store.records.verification(&caller.owner, id).await?.ok_or(VerifyError::NotFound)
}

/// With what a view needs beside it.
pub(super) async fn verified(
    app: &App,
    mut verification: Verification,
    judged: bool,
) -> Result<Verified, VerifyError> {
    let open = matches!(verification.status, Status::Pending | Status::ChallengeRequired);
    // Over, though the job that ends it has not come by yet.
    if open && app.lives.at_ms(&verification.id, app.clock.now_ms()) >= verification.expires_ms {
        verification.status = Status::Expired;
    }
    let newest = verification.attempts.last().map(|row| &row.assessment);
    let assessment = newest.unwrap_or(&verification.fixed.assessment);
    let judged =
        if judged { app.store.records.journalled(&verification.owner, assessment).await? } else { None };
    Ok(Verified { to: number(app, &verification), verification, judged })
}

/// The number; `None` once erased.
pub(super) fn number(app: &App, verification: &Verification) -> Option<Destination> {
    let sealed = verification.fixed.sealed_to.as_deref()?;
    let clear = app.secrets.open(verification.id.as_bytes(), sealed)?;
    cofferdam_atlas::parse_e164(std::str::from_utf8(&clear).ok()?).ok()
}

//! Takes the answer to a challenge. Only the test world can be challenged yet: `pass` passes.

use super::resend::{self, Further};
use super::{Caller, Verified, VerifyError, get, report};
use crate::app::App;
use crate::store::row::Status;
use cofferdam_engine::outcome::{Outcome, What};
use std::sync::Arc;

/// The answer that passes in the test world.
const PASS: &str = "pass";

/// Takes the answer to a challenge: passed goes on to send, failed is blocked.
pub async fn challenge(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    answer: &str,
) -> Result<Verified, VerifyError> {
    let (inner, caller, id) = (Arc::clone(app), caller.clone(), id.to_owned());
    let passed = answer == PASS;
    app.sends.survive(async move { Box::pin(take(&inner, &caller, &id, passed)).await }).await
}

async fn take(app: &Arc<App>, caller: &Caller, id: &str, passed: bool) -> Result<Verified, VerifyError> {
    let verification = get::row(app, caller, id).await?;
    let at_ms = app.lives.at_ms(id, app.clock.now_ms());
    if resend::standing(&verification, at_ms)? != Status::ChallengeRequired {
        return Err(VerifyError::State("no challenge is waiting".to_owned()));
    }
    let to = get::number(app, &verification).ok_or(VerifyError::NotFound)?;
    let outcome = Outcome { at_ms, what: What::Challenge { passed } };
    report::challenge_behind(app, &verification, outcome);
    if passed {
        let why = Further { channel: None, from: Status::ChallengeRequired, at_ms };
        return Box::pin(resend::further(app, caller, verification, to, why)).await;
    }
    app.store.records.challenge_failed(&caller.owner, id, at_ms).await?;
    get::get(app, caller, id).await
}

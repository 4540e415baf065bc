//! Takes the answer to a challenge. Only the test world can be challenged yet: `pass` passes.

use super::resend::{self, Further};
use super::{Caller, Verified, VerifyError, get, judge, report};
use crate::app::App;
use crate::store::row::{IdempotencyKey, Status};
use crate::store::tallies::Lesson;
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
    key: Option<IdempotencyKey>,
) -> Result<Verified, VerifyError> {
    let (inner, caller, id) = (Arc::clone(app), caller.clone(), id.to_owned());
    let passed = answer == PASS;
    app.sends.survive(async move { Box::pin(take(&inner, &caller, &id, passed, key)).await }).await
}

async fn take(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    passed: bool,
    key: Option<IdempotencyKey>,
) -> Result<Verified, VerifyError> {
    let verification = get::row(app, caller, id).await?;
    let at_ms = app.lives.at_ms(id, app.clock.now_ms());
    if resend::standing(&verification, at_ms)? != Status::ChallengeRequired {
        return Err(VerifyError::State("no challenge is waiting".to_owned()));
    }
    let to = get::number(app, &verification).ok_or(VerifyError::NotFound)?;
    let outcome = Outcome { at_ms, what: What::Challenge { passed } };
    let challenged = verification.fixed.assessment.clone();
    // Away: it fades as a challenge that nobody answered.
    let _ = app.store.tallies.learn(&[(judge::name(&challenged), Lesson::Challenged { passed })]).await;
    report::challenge_behind(app, &verification, outcome);
    if passed {
        let why = Further { channel: None, from: Status::ChallengeRequired, at_ms, key };
        let further = Box::pin(resend::further(app, caller, verification, to, why)).await;
        let sent = further.as_ref().is_ok_and(|verified| verified.verification.status == Status::Pending);
        if !sent {
            judge::not_sent(app, &challenged).await;
        }
        return further;
    }
    app.store.records.challenge_failed(&caller.owner, id, at_ms).await?;
    get::get(app, caller, id).await
}

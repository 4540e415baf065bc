//! Checks a code: pays for the guess, compares, settles.
//!
//! The order is the promise: a guess is paid for durably *before* it is compared, right or wrong, so
//! that no number of guesses at once is compared more often than is allowed.

use super::code::{self, Code};
use super::{Caller, Checked, Verified, VerifyError, get, judge, report};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Guess, Owner, Status, Verification};
use crate::store::tallies::{Lesson, Marks};
use cofferdam_engine::Effect;
use cofferdam_engine::limit::{LimitScope, WINDOWS};
use cofferdam_engine::outcome::{CheckResult, Outcome, What};
use cofferdam_engine::tally::Change;
use std::sync::Arc;

/// Checks a code. Once a guess is paid for it is compared and settled, also when the caller goes away.
pub async fn check(app: &Arc<App>, caller: &Caller, id: &str, code: &str) -> Result<Checked, VerifyError> {
    if !id::is(Noun::Verification, id) {
        return Err(VerifyError::NotFound);
    }
    let (inner, caller, id, code) = (Arc::clone(app), caller.clone(), id.to_owned(), Code::typed(code));
    let world = caller.owner.world.name();
    let result = app.sends.survive(async move { pay(&inner, &caller, &id, &code).await }).await;
    let word = match &result {
        Ok(checked) if checked.status == Status::Approved => "approved",
        Ok(checked) if checked.status == Status::TooManyChecks => "too_many_checks",
        Ok(_) => "wrong",
        Err(_) => "refused",
    };
    app.metrics.checked(world, word);
    result
}

async fn pay(app: &Arc<App>, caller: &Caller, id: &str, code: &Code) -> Result<Checked, VerifyError> {
    let owner = &caller.owner;
    let at_ms = app.lives.at_ms(id, app.clock.now_ms());
    let paid = app.store.records.guess(owner, id, at_ms, windows(app, owner)).await?;
    match paid {
        Guess::Paid(verification) => compare(app, *verification, code, at_ms).await,
        Guess::NoneLeft(verification) => checked(app, Status::TooManyChecks, *verification).await,
        Guess::TooSoon { at_ms: until } => {
            Err(VerifyError::TooSoon { retry_after_ms: (until - at_ms).max(1) })
        }
        Guess::Finished(verification) => match verification.status {
            Status::TooManyChecks => checked(app, Status::TooManyChecks, *verification).await,
            Status::Expired => Err(VerifyError::Expired),
            Status::ChallengeRequired => {
                Err(VerifyError::State("a challenge must be passed first".to_owned()))
            }
            ended => Err(VerifyError::AlreadyFinished(ended)),
        },
        Guess::Expired(_) => Err(VerifyError::Expired),
        Guess::Unknown => Err(VerifyError::NotFound),
    }
}

/// The guess is paid for.
async fn compare(
    app: &Arc<App>,
    mut verification: Verification,
    code: &Code,
    at_ms: i64,
) -> Result<Checked, VerifyError> {
    // A code that can't be made any more (its secret is gone) is matched by nothing.
    let right = code::of(&app.secrets, &verification).is_some_and(|ours| ours.matches(code));
    let result = if right { CheckResult::Ok } else { CheckResult::Wrong };
    let outcome = Outcome { at_ms, what: What::Check { result } };
    let marks = if right { prove(app, &verification, &outcome).await } else { Marks::default() };
    let owner = verification.owner.clone();
    let settled = app.store.records.settle_guess(&owner, &verification.id, right, at_ms, marks).await?;
    report::check_behind(app, &verification, outcome, right && settled);
    if right && settled {
        verification.status = Status::Approved;
        verification.finished_ms = Some(at_ms);
        return checked(app, Status::Approved, verification).await;
    }
    // Others may have guessed, approved or canceled at the same time: the records know how it stands.
    let stands = app.store.records.verification(&owner, &verification.id).await?;
    let stands = stands.ok_or(VerifyError::NotFound)?;
    match stands.status {
        Status::Pending | Status::TooManyChecks => checked(app, stands.status, stands).await,
        Status::Expired => Err(VerifyError::Expired),
        ended => Err(VerifyError::AlreadyFinished(ended)),
    }
}

/// What a right code proves: number, device, user, and the number with each. Where the attempt was more
/// likely pumped than not it proves nothing, or accomplices could launder themselves.
async fn prove(app: &App, verification: &Verification, outcome: &Outcome) -> Marks {
    let lesson = Lesson::Converted(judge::seconds(outcome.at_ms));
    let rows = verification.attempts.iter().map(|row| row.assessment.as_str());
    let judged = std::iter::once(verification.fixed.assessment.as_str()).chain(rows);
    let mut lessons: Vec<_> = judged.map(|assessment| (judge::name(assessment), lesson)).collect();
    lessons.dedup();
    for (name, _) in &lessons {
        app.blocks.converted(&verification.owner, *name);
    }
    // Away: evidence knows less, and nobody is doubted.
    if app.store.tallies.learn(&lessons).await.is_ok_and(|learned| learned.doubted) {
        return Marks::default();
    }
    let learned = cofferdam_engine::learn(outcome, &verification.fixed.attempt);
    let proofs: Vec<Change> = learned
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Prove { key, at_s } => Some(Change::Prove { key, at_s }),
            Effect::GiveBack
            | Effect::Reserve { .. }
            | Effect::EndEntry { .. }
            | Effect::Explain { .. }
            | Effect::Strike { .. }
            | Effect::OpenBlock(_)
            | Effect::StopAtBlock { .. }
            | Effect::PassBlock { .. } => None,
        })
        .collect();
    // Away: the person is approved all the same, and proves himself next time.
    app.store.tallies.raise(&proofs).await.unwrap_or_default()
}

/// Windows in which wrong guesses at a number are counted.
fn windows(app: &App, owner: &Owner) -> [u32; WINDOWS] {
    app.standing.world(owner, |world| world.windows.of(LimitScope::NumberChecks)).unwrap_or_default()
}

async fn checked(app: &App, status: Status, verification: Verification) -> Result<Checked, VerifyError> {
    Ok(Checked { status, verified: get::verified(app, verification, false).await? })
}

impl From<Checked> for Verified {
    fn from(checked: Checked) -> Self {
        checked.verified
    }
}

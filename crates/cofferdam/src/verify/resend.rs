//! Sends a pending verification's code again: the same code, an attempt of its own, and no guesses back.

use super::judge::{self, Case};
use super::send::{self, Job};
use super::start::{self, refused};
use super::{Caller, Verified, VerifyError, asked, get, profiles};
use crate::app::App;
use crate::store::row::{Again, AgainAnswer, AttemptStatus, IdempotencyKey, Status, Verification, World};
use cofferdam_atlas::Destination;
use cofferdam_engine::{Attempt, Channel, Decision};
use std::sync::Arc;

/// Sends the same code again, as an attempt of its own.
pub async fn resend(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    channel: Option<Channel>,
    key: Option<IdempotencyKey>,
) -> Result<Verified, VerifyError> {
    let (inner, caller, id) = (Arc::clone(app), caller.clone(), id.to_owned());
    app.sends.survive(async move { Box::pin(again(&inner, &caller, &id, channel, key)).await }).await
}

pub(super) async fn again(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    channel: Option<Channel>,
    key: Option<IdempotencyKey>,
) -> Result<Verified, VerifyError> {
    let verification = get::row(app, caller, id).await?;
    let at_ms = app.lives.at_ms(id, app.clock.now_ms());
    let status = standing(&verification, at_ms)?;
    if status != Status::Pending {
        return Err(VerifyError::State("a challenge must be passed first".to_owned()));
    }
    if at_ms < verification.resend_at_ms {
        return Err(VerifyError::TooSoon { retry_after_ms: verification.resend_at_ms - at_ms });
    }
    let to = get::number(app, &verification).ok_or(VerifyError::NotFound)?;
    let why = Further { channel, from: Status::Pending, at_ms, key };
    Box::pin(further(app, caller, verification, to, why)).await
}

/// Why a further attempt is made.
pub(super) struct Further {
    pub channel: Option<Channel>,
    /// What the verification must be: pending, or waiting for its challenge, which was passed.
    pub from: Status,
    pub at_ms: i64,
    /// The idempotency key it answers.
    pub key: Option<IdempotencyKey>,
}

/// Judges, makes durable and sends a further attempt of a verification.
pub(super) async fn further(
    app: &Arc<App>,
    caller: &Caller,
    mut verification: Verification,
    to: Destination,
    why: Further,
) -> Result<Verified, VerifyError> {
    let owner = &caller.owner;
    let named = profiles::named(app, owner, Some(&verification.fixed.profile));
    let profile = named.or_else(|| profiles::named(app, owner, None)).ok_or(VerifyError::NotFound)?;
    let channel = asked::channel(why.channel.or(Some(verification.fixed.channel)), &profile)?;
    let case = Case {
        owner,
        profile: &profile,
        to: &to,
        ip: None,
        attempt: attempt_of(app, &verification, &to, channel),
        verification: Some(verification.id.clone()),
        assess_only: false,
    };
    let judged = judge::judge(app, case).await?;
    if let Some(limited) = judged.limited() {
        app.store.records.journal(&judged.entry, judged.marks.clone());
        return Err(limited);
    }
    let allowed = judged.followed() == Decision::Allow;
    let ordinal = verification.attempts.iter().map(|row| row.ordinal).max().unwrap_or(0) + 1;
    let status = if allowed { AttemptStatus::Queued } else { AttemptStatus::Blocked };
    let row = start::row(&verification.id, ordinal, &judged, status);
    let to_status = match (allowed, why.from) {
        (false, Status::ChallengeRequired) => Status::Blocked,
        _ => Status::Pending,
    };
    let resend_at_ms = why.at_ms.saturating_add(i64::from(verification.fixed.resend_after_s) * 1000);
    let again = Again {
        owner: owner.clone(),
        attempt: row.clone(),
        from_status: why.from,
        to_status,
        resend_at_ms,
        at_ms: why.at_ms,
        reservations: if allowed { judge::reservations(&judged.entry.assessment) } else { Vec::new() },
        journal: judged.journalled(),
        idempotency: why.key,
    };
    let mut judged = judged;
    match app.store.records.again(again).await {
        Ok(AgainAnswer::Made) => {}
        Ok(AgainAnswer::Refused(refusal)) => return Err(refused(app, judged, &refusal).await),
        other => {
            if !matches!(other, Err(crate::store::StoreError::Unknown(_))) {
                judged.give_back(app).await;
            }
            app.store.records.journal_marks(judged.marks);
            if let Ok(AgainAnswer::Taken(made)) = other {
                return get::get(app, caller, &made).await;
            }
            return Err(not_made(other, why.at_ms));
        }
    }
    let reached = |row: &crate::store::row::AttemptRow| {
        !matches!(row.status, AttemptStatus::Failed | AttemptStatus::Blocked)
    };
    let sent_before = verification.attempts.iter().any(reached);
    verification.attempts.push(row);
    verification.status = to_status;
    verification.resend_at_ms = resend_at_ms;
    if allowed {
        let entry = judged.entry.clone();
        verification = send::send(app, Job { verification, to, entry, ordinal, sent_before }).await;
    }
    Ok(Verified { verification, to: Some(to), judged: Some(*judged.entry) })
}

/// The attempt of the start once more, as it is asked for now.
fn attempt_of(app: &App, verification: &Verification, to: &Destination, channel: Channel) -> Attempt {
    let mut attempt = verification.fixed.attempt.clone();
    attempt.channel = channel;
    attempt.at_ms = app.clock.now_ms();
    attempt.dice = app.dice.roll();
    // Nothing that is kept holds them.
    attempt.place.last4 = (to.number.digits() % 10_000) as u16;
    // Who got one message has passed what was asked of him; only the test world asks anything yet.
    attempt.challenge_passed = verification.owner.world == World::Test;
    attempt
}

/// The status of a verification that has not ended; or how it ended.
pub(super) fn standing(verification: &Verification, at_ms: i64) -> Result<Status, VerifyError> {
    match verification.status {
        Status::Expired => Err(VerifyError::Expired),
        Status::Pending | Status::ChallengeRequired if at_ms >= verification.expires_ms => {
            Err(VerifyError::Expired)
        }
        open @ (Status::Pending | Status::ChallengeRequired) => Ok(open),
        ended => Err(VerifyError::AlreadyFinished(ended)),
    }
}

fn not_made(answer: Result<AgainAnswer, crate::store::StoreError>, now_ms: i64) -> VerifyError {
    match answer {
        Ok(AgainAnswer::TooSoon { at_ms }) => {
            VerifyError::TooSoon { retry_after_ms: (at_ms - now_ms).max(1) }
        }
        Ok(AgainAnswer::Finished(Status::Expired)) => VerifyError::Expired,
        Ok(AgainAnswer::Finished(status)) => VerifyError::AlreadyFinished(status),
        Ok(AgainAnswer::Made | AgainAnswer::Taken(_) | AgainAnswer::Refused(_) | AgainAnswer::Unknown) => {
            VerifyError::NotFound
        }
        Err(error) => error.into(),
    }
}

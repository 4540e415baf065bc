//! Begins a verification.

use super::judge::{self, Case, Judged, Sought};
use super::send::{self, Job};
use super::{
    Caller, FieldError, StartInput, Verified, VerifyError, asked, code, get, magic, profiles, resend,
};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{
    AttemptRow, AttemptStatus, Owner, Refusal, Restart, Start, Started, Status, Verification,
    VerificationFixed,
};
use cofferdam_atlas::Destination;
use cofferdam_engine::Decision;
use std::sync::Arc;

/// Begins a verification: judges, makes it durable, and sends. Blocked is a result, not an error.
/// Once begun it goes on, also when the caller goes away.
pub async fn start(app: &Arc<App>, caller: &Caller, input: StartInput) -> Result<Verified, VerifyError> {
    let (inner, caller) = (Arc::clone(app), caller.clone());
    let world = caller.owner.world.name();
    let result = app.sends.survive(async move { Box::pin(begin(&inner, &caller, input)).await }).await;
    let word = match &result {
        Ok(verified) => verified.verification.status.name(),
        Err(_) => "refused",
    };
    app.metrics.verification(world, word);
    result
}

async fn begin(app: &Arc<App>, caller: &Caller, input: StartInput) -> Result<Verified, VerifyError> {
    let at_ms = app.clock.now_ms();
    let owner = &caller.owner;
    let profile = profiles::named(app, owner, input.profile.as_deref()).ok_or_else(asked::no_profile)?;
    let channel = asked::channel(input.channel, &profile)?;
    asked::texts(&input, &profile)?;
    let to = asked::number(app, owner, &profile, &input.to, input.country, &input.client, at_ms).await?;
    let price = cofferdam_atlas::reference_price_micros(to);
    let attempt = judge::attempt(
        app,
        owner,
        &profile,
        &Sought { to: &to, client: &input.client, channel, price_micros: price, at_ms },
    );
    let id = id::new(Noun::Verification, at_ms, &*app.dice);
    let case = Case {
        owner,
        profile: &profile,
        to: &to,
        ip: input.client.ip,
        attempt,
        verification: Some(id.clone()),
        assess_only: false,
    };
    let judged = judge::judge(app, case).await?;
    if let Some(limited) = judged.limited() {
        app.store.records.journal(&judged.entry, judged.marks.clone());
        return Err(limited);
    }
    let fixed = fixed(app, &id, &profile, &to, &judged, &input);
    let verification = verification(id, owner, &profile, &judged, fixed);
    app.lives.began(&verification.id, profile.lifetime_s);
    Box::pin(commit(app, caller, judged, verification, to, &profile, input)).await
}

/// Makes it durable, and sends if that is what was decided.
async fn commit(
    app: &Arc<App>,
    caller: &Caller,
    judged: Judged,
    verification: Verification,
    to: Destination,
    profile: &super::profile::Profile,
    input: StartInput,
) -> Result<Verified, VerifyError> {
    let allowed = judged.followed() == Decision::Allow;
    let start = Start {
        verification: verification.clone(),
        reservations: if allowed { judge::reservations(&judged.entry.assessment) } else { Vec::new() },
        journal: judged.journalled(),
        restart: restart(profile.restart, judged.followed()),
        idempotency: input.idempotency.clone(),
    };
    match app.store.records.start(start).await {
        Ok(Started::Made) if allowed => {
            let entry = judged.entry.clone();
            let job = Job { verification, to, entry, ordinal: 1, sent_before: false };
            let verification = send::send(app, job).await;
            Ok(Verified { verification, to: Some(to), judged: Some(*judged.entry) })
        }
        Ok(Started::Made) => Ok(Verified { verification, to: Some(to), judged: Some(*judged.entry) }),
        Ok(Started::Refused(Refusal::Money { .. })) => {
            let judged = judged.exhausted(app).await;
            let blocked = blocked(verification);
            Box::pin(commit(app, caller, judged, blocked, to, profile, input)).await
        }
        Ok(Started::Refused(refusal)) => Err(refused(app, judged, &refusal).await),
        Ok(Started::Pending(pending)) => {
            let mut judged = judged;
            judged.give_back(app).await;
            app.store.records.journal_marks(judged.marks);
            match profile.restart {
                Restart::Resend => {
                    Box::pin(resend::again(app, caller, &pending, None, input.idempotency)).await
                }
                _ => Err(VerifyError::Pending(pending)),
            }
        }
        Ok(Started::Taken(made)) => {
            let mut judged = judged;
            judged.give_back(app).await;
            app.store.records.journal_marks(judged.marks);
            get::get(app, caller, &made).await
        }
        Err(error) => {
            // Perhaps it was written: then it is found queued, and what is counted stays counted.
            let mut judged = judged;
            if !matches!(error, crate::store::StoreError::Unknown(_)) {
                judged.give_back(app).await;
            }
            app.store.records.journal_marks(judged.marks);
            Err(error.into())
        }
    }
}

/// A verification as it stands where the money for its message is not there: a result, not an error.
fn blocked(mut verification: Verification) -> Verification {
    verification.status = Status::Blocked;
    verification.finished_ms = Some(verification.created_ms);
    verification.fixed.own_code = None;
    for row in &mut verification.attempts {
        row.status = AttemptStatus::Blocked;
    }
    verification
}

/// The error of a start or resend that the records refused.
pub(super) async fn refused(app: &App, judged: Judged, refusal: &Refusal) -> VerifyError {
    let judged = judged.refused(app, refusal).await;
    app.store.records.journal(&judged.entry, judged.marks.clone());
    let limited = judged.limited();
    limited.unwrap_or_else(|| VerifyError::State("a budget is spent".to_owned()))
}

/// Only what is sent may end a pending one: who is blocked or challenged can't use up another's.
fn restart(wanted: Restart, followed: Decision) -> Restart {
    match (followed, wanted) {
        (Decision::Allow, wanted) => wanted,
        (Decision::Challenge, Restart::Conflict | Restart::Resend) => wanted,
        (Decision::Challenge | Decision::Block, _) => Restart::New,
    }
}

fn verification(
    id: String,
    owner: &Owner,
    profile: &super::profile::Profile,
    judged: &Judged,
    fixed: VerificationFixed,
) -> Verification {
    let at_ms = judged.entry.attempt.at_ms;
    let (status, attempt) = match judged.followed() {
        Decision::Allow => (Status::Pending, Some(AttemptStatus::Queued)),
        Decision::Challenge => (Status::ChallengeRequired, None),
        Decision::Block => (Status::Blocked, Some(AttemptStatus::Blocked)),
    };
    let attempts = attempt.map(|status| row(&id, 1, judged, status)).into_iter().collect();
    Verification {
        owner: owner.clone(),
        number: judged.entry.attempt.place.number,
        status,
        created_ms: at_ms,
        expires_ms: at_ms.saturating_add(i64::from(profile.lifetime_s) * 1000),
        checks_left: profile.checks,
        check_at_ms: None,
        resend_at_ms: at_ms.saturating_add(i64::from(profile.resend_after_s) * 1000),
        finished_ms: (status == Status::Blocked).then_some(at_ms),
        fixed,
        attempts,
        id,
    }
}

/// The row of an attempt as it is judged.
pub(super) fn row(verification: &str, ordinal: u32, judged: &Judged, status: AttemptStatus) -> AttemptRow {
    AttemptRow {
        id: judged.entry.attempt_id.clone(),
        verification: verification.to_owned(),
        ordinal,
        channel: judged.entry.attempt.channel,
        status,
        at_ms: judged.entry.attempt.at_ms,
        provider: None,
        reference: None,
        price_micros: None,
        currency: None,
        assessment: judged.entry.assessment_id.clone(),
    }
}

fn fixed(
    app: &App,
    id: &str,
    profile: &super::profile::Profile,
    to: &Destination,
    judged: &Judged,
    input: &StartInput,
) -> VerificationFixed {
    let seal = |context: &[u8], clear: &[u8]| app.secrets.seal(&*app.dice, context, clear);
    let own = input.code.as_deref().filter(|_| judged.followed() != Decision::Block);
    let ending = magic::ending(judged.entry.owner.world, to);
    VerificationFixed {
        sealed_to: Some(seal(id.as_bytes(), to.number.to_string().as_bytes())),
        country: to.country,
        channel: judged.entry.attempt.channel,
        profile: profile.id.clone(),
        profile_name: profile.name.clone(),
        resend_after_s: profile.resend_after_s,
        send_wait_s: profile.send_wait_s,
        code_version: app.secrets.current(),
        code_length: input.code.as_ref().map_or(profile.code_length, |code| code.len() as u8),
        own_code: own.map(|own| seal(&code::own_context(id), own.as_bytes())),
        template: profile.template.clone(),
        locale: input.locale.clone(),
        brand: input.brand.clone(),
        sender_id: input.sender_id.clone(),
        app_hash: input.app_hash.clone().or_else(|| profile.app_hash.clone()),
        metadata: input.metadata.clone(),
        attempt: judged.entry.attempt.clone(),
        magic: magic::judged(ending),
        assessment: judged.entry.assessment_id.clone(),
        magic_ending: ending,
    }
}

/// One field that can't be taken.
pub(super) fn invalid(field: &str, code: &'static str, detail: &str) -> VerifyError {
    VerifyError::Invalid(vec![FieldError { field: field.to_owned(), code, detail: detail.to_owned() }])
}

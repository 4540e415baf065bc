//! Verifications and what belongs to them.

use super::assessment::Assessed;
use super::plain::{self, Money, Shown, Time};
use crate::store::row::{AttemptRow, AttemptStatus, Status};
use crate::verify::outbox::OutboxMessage;
use crate::verify::{Checked, Verified};
use cofferdam_atlas::Number;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A verification.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationView<'a> {
    /// Its identifier, `ver_…`.
    #[schema(value_type = String)]
    id: &'a str,
    /// `pending`, `challenge_required`, `blocked`, `approved`, `expired`, `canceled`, `failed` or `too_many_checks`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The number in E.164; none once it was erased.
    #[schema(value_type = Option<String>)]
    to: Option<Shown<Number>>,
    /// The number's country, where it has one.
    #[schema(value_type = Option<String>)]
    country: Option<&'static str>,
    /// The channel asked for.
    #[schema(value_type = String)]
    channel: &'static str,
    /// Name of the profile.
    #[schema(value_type = String)]
    profile: &'a str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// Guesses that are left; a resend gives none back.
    checks_left: u32,
    /// When the next things are allowed; none once it has ended.
    next: Option<NextView>,
    /// Every request to send, oldest first.
    attempts: Vec<AttemptView<'a>>,
    /// The judgement of the newest attempt; none in lists, and once the journal has let go of it.
    assessment: Option<Assessed<'a>>,
    /// What is asked of the person, where `status` is `challenge_required`.
    challenge: Option<ChallengeView>,
    /// As given.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    metadata: &'a BTreeMap<String, String>,
}

/// When the next things are allowed.
#[derive(Serialize, ToSchema)]
#[schema(as = Next)]
pub struct NextView {
    /// A check.
    #[schema(value_type = String, format = DateTime)]
    check_at: Time,
    /// A resend.
    #[schema(value_type = String, format = DateTime)]
    resend_at: Time,
    /// Other channels, and when each may be asked for.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    channels: BTreeMap<&'static str, Time>,
}

/// One request to send.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView<'a> {
    /// Its identifier, `att_…`.
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String)]
    channel: &'static str,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `blocked` or `unknown`.
    #[schema(value_type = String)]
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// What the provider charged, once it said so.
    price: Option<Money<'a>>,
}

/// What is asked of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = Challenge)]
pub struct ChallengeView {
    /// `test`: answer `pass` or anything else.
    #[schema(value_type = String)]
    kind: &'static str,
    /// What the kind needs.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    parameters: BTreeMap<&'static str, &'static str>,
}

impl<'a> VerificationView<'a> {
    /// As it stands.
    pub fn of(verified: &'a Verified) -> Self {
        let v = &verified.verification;
        let waiting = matches!(v.status, Status::Pending | Status::ChallengeRequired);
        Self {
            id: &v.id,
            status: status(v.status),
            to: verified.to.map(|to| Shown(to.number)),
            country: v.fixed.country.map(cofferdam_atlas::Country::iso2),
            channel: plain::channel(v.fixed.channel),
            profile: &v.fixed.profile_name,
            created_at: Time(v.created_ms),
            expires_at: Time(v.expires_ms),
            checks_left: v.checks_left,
            next: waiting.then(|| NextView {
                check_at: Time(v.check_at_ms.unwrap_or(v.created_ms)),
                resend_at: Time(v.resend_at_ms),
                channels: BTreeMap::new(),
            }),
            attempts: v.attempts.iter().map(AttemptView::of).collect(),
            assessment: verified.judged.as_ref().map(Assessed::of),
            challenge: (v.status == Status::ChallengeRequired).then(ChallengeView::test),
            metadata: &v.fixed.metadata,
        }
    }

    /// As a check leaves it.
    pub fn checked(checked: &'a Checked) -> Self {
        Self { status: status(checked.status), ..Self::of(&checked.verified) }
    }
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a AttemptRow) -> Self {
        let price = attempt.price_micros.map(|micros| Money {
            amount: plain::Micros(micros),
            currency: attempt.currency.as_deref().unwrap_or("USD"),
        });
        Self {
            id: &attempt.id,
            channel: plain::channel(attempt.channel),
            status: attempt_status(attempt.status),
            at: Time(attempt.at_ms),
            price,
        }
    }
}

impl ChallengeView {
    fn test() -> Self {
        Self { kind: "test", parameters: BTreeMap::from([("pass_with", "pass")]) }
    }
}

/// A status as written.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::ChallengeRequired => "challenge_required",
        Status::Blocked => "blocked",
        Status::Approved => "approved",
        Status::Expired => "expired",
        Status::Canceled => "canceled",
        Status::Failed => "failed",
        Status::TooManyChecks => "too_many_checks",
    }
}

fn attempt_status(status: AttemptStatus) -> &'static str {
    match status {
        AttemptStatus::Queued => "queued",
        AttemptStatus::Sent => "sent",
        AttemptStatus::Delivered => "delivered",
        AttemptStatus::Undelivered => "undelivered",
        AttemptStatus::Failed => "failed",
        AttemptStatus::Blocked => "blocked",
        AttemptStatus::Unknown => "unknown",
    }
}

/// A message of the outbox, as a person would have got it.
#[derive(Serialize, ToSchema)]
#[schema(as = OutboxMessage)]
pub struct OutboxView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// In E.164.
    #[schema(value_type = String)]
    to: Shown<Number>,
    #[schema(value_type = String)]
    channel: &'static str,
    /// The message.
    #[schema(value_type = String)]
    body: &'a str,
    /// The code by itself.
    #[schema(value_type = String)]
    code: &'a str,
    /// The verification it belongs to.
    #[schema(value_type = String)]
    verification: &'a str,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

impl<'a> OutboxView<'a> {
    /// As written.
    pub fn of(message: &'a OutboxMessage) -> Self {
        Self {
            id: &message.id,
            to: Shown(message.to.number),
            channel: plain::channel(message.channel),
            body: &message.body,
            code: &message.code,
            verification: &message.verification,
            at: Time(message.at_ms),
        }
    }
}

//! Verifications and their attempts: as they stand, and what may become of them.

use super::{IdempotencyKey, Journalled, Owner, Refusal, Reservation};
use crate::store::tallies::Marks;
use cofferdam_atlas::Country;
use cofferdam_engine::policy::Magic;
use cofferdam_engine::{Attempt, Channel, Pseudonym};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a verification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Status {
    Pending,
    ChallengeRequired,
    Blocked,
    Approved,
    Expired,
    Canceled,
    Failed,
    TooManyChecks,
}

impl Status {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ChallengeRequired => "challenge_required",
            Self::Blocked => "blocked",
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::TooManyChecks => "too_many_checks",
        }
    }
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum AttemptStatus {
    Queued,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Blocked,
    Unknown,
}

/// A verification as it stands.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Verification {
    pub id: String,
    pub owner: Owner,
    pub number: Pseudonym,
    pub status: Status,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub checks_left: u32,
    /// Before this no check is compared (429 `too_soon`).
    pub check_at_ms: Option<i64>,
    /// Before this no resend is made (429 `too_soon`).
    pub resend_at_ms: i64,
    pub finished_ms: Option<i64>,
    pub fixed: VerificationFixed,
    pub attempts: Vec<AttemptRow>,
}

/// What never changes after the start, but for erasure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct VerificationFixed {
    /// The number, sealed with the verification's id as context; `None` once erased.
    pub sealed_to: Option<Vec<u8>>,
    pub country: Option<Country>,
    pub channel: Channel,
    /// Identifier and name of the profile.
    pub profile: String,
    pub profile_name: String,
    pub resend_after_s: u32,
    pub send_wait_s: u32,
    /// Version of the secret that the code is derived from.
    pub code_version: u32,
    pub code_length: u8,
    /// The caller's own code, sealed with the verification's id as context; gone when it ends.
    pub own_code: Option<Vec<u8>>,
    pub template: Option<String>,
    pub locale: Option<String>,
    pub brand: Option<String>,
    pub sender_id: Option<String>,
    pub app_hash: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// What was asked, for resends: facts under keyed names.
    pub attempt: Attempt,
    pub magic: Option<Magic>,
    /// The first assessment.
    pub assessment: String,
    /// What the test world's fictional number asks of checks and sending: its last two digits.
    pub magic_ending: Option<u8>,
}

/// An attempt of a verification: one request to send, sent or not.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct AttemptRow {
    pub id: String,
    pub verification: String,
    pub ordinal: u32,
    pub channel: Channel,
    pub status: AttemptStatus,
    pub at_ms: i64,
    pub provider: Option<String>,
    pub reference: Option<String>,
    pub price_micros: Option<i64>,
    pub currency: Option<String>,
    pub assessment: String,
}

/// What to do with a pending verification of the same number and profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Begin an independent one beside it.
    #[default]
    New,
    /// Send the pending one's code again.
    Resend,
    /// Refuse: 409.
    Conflict,
    /// Cancel the pending one, then begin.
    Supersede,
}

/// A verification to begin, in one transaction.
pub struct Start {
    /// As it will stand: blocked, challenge required, or pending with one queued attempt.
    pub verification: Verification,
    /// What must be reserved; empty unless it is sent.
    pub reservations: Vec<Reservation>,
    /// The judgement.
    pub journal: Journalled,
    /// What to do with pending ones of the same number and profile.
    pub restart: Restart,
    /// The idempotency key it answers, so that a crash cannot make a second one of it.
    pub idempotency: Option<IdempotencyKey>,
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// It stands, on stable storage.
    Made,
    /// A reservation was refused; nothing was written.
    Refused(Refusal),
    /// A pending one stands in its way (restart `conflict` or `resend`); nothing was written.
    Pending(String),
    /// The idempotency key has made this one already (its lease ran out and somebody else took it
    /// over); nothing was written.
    Taken(String),
}

/// A further attempt of a verification: a resend, or the first after a passed challenge.
pub struct Again {
    /// Whose.
    pub owner: Owner,
    /// Queued, or blocked.
    pub attempt: AttemptRow,
    /// The verification must be in this status, and comes to be `pending` (or `to_status`).
    pub from_status: Status,
    /// What the verification becomes.
    pub to_status: Status,
    /// The verification's next resend moment.
    pub resend_at_ms: i64,
    /// Now: it must not be expired, and its resend moment must have come.
    pub at_ms: i64,
    /// What must be reserved.
    pub reservations: Vec<Reservation>,
    /// The judgement.
    pub journal: Journalled,
    /// The idempotency key it answers, so that a crash cannot make a second one of it.
    pub idempotency: Option<IdempotencyKey>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum AgainAnswer {
    /// Queued, on stable storage.
    Made,
    /// The idempotency key has sent again already, or made this verification (its lease ran out and somebody
    /// else took it over); nothing was written.
    Taken(String),
    /// A reservation was refused; nothing was written.
    Refused(Refusal),
    /// Its moment has not come: a race lost, or too early.
    TooSoon {
        /// When it comes.
        at_ms: i64,
    },
    /// It has another status now.
    Finished(Status),
    /// No such verification.
    Unknown,
}

/// What became of a message at the providers.
#[derive(Debug, Clone, PartialEq)]
pub struct HandOver {
    /// `Sent`, `Failed`, `Unknown`, or `Queued` again where a provider queued it.
    pub status: AttemptStatus,
    /// By whom.
    pub provider: Option<String>,
    /// The provider's own name for it.
    pub reference: Option<String>,
    /// What it charged.
    pub price_micros: Option<i64>,
    /// In which currency.
    pub currency: Option<String>,
    /// The verification failed with it: no route could carry it.
    pub verification_failed: bool,
    /// Tally changes that went with it (giving back).
    pub marks: Marks,
}

/// The first half of a check: the guess is paid for, durably, before anything is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Guess {
    /// Paid: compare now, then [`crate::store::records::Records::settle_guess`].
    Paid(Box<Verification>),
    /// Not before this moment; nothing was paid.
    TooSoon {
        /// When.
        at_ms: i64,
    },
    /// All guesses were used: also the answer of every later check.
    NoneLeft(Box<Verification>),
    /// It ended before, in this way.
    Finished(Box<Verification>),
    /// Its time was over.
    Expired(Box<Verification>),
    /// No such verification, or another's.
    Unknown,
}

/// Which verifications.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct VerificationFilter {
    pub number: Option<Pseudonym>,
    pub status: Option<Status>,
    pub since_ms: Option<i64>,
}

//! The use cases: what HTTP, the command line and later the facades all call.
//!
//! Each function here names its steps in order, on one screen; it asks for the time and the dice
//! once, does what the assessment says, and makes no choices of its own. It reads no request and
//! writes no JSON.

use crate::store::StoreError;
use crate::store::row::{AttemptRow, IdempotencyKey, JournalEntry, Owner, Status, Verification};
use cofferdam_atlas::{Country, Destination, NumberError};
use cofferdam_engine::Channel;
use cofferdam_engine::limit::LimitScope;
use std::collections::BTreeMap;
use std::net::IpAddr;

mod asked;
pub mod assess;
pub mod blocks;
pub mod cancel;
pub mod challenge;
pub mod check;
pub mod code;
pub mod erase;
mod facts;
pub mod get;
mod judge;
pub mod keys;
pub mod lists;
pub mod lives;
pub mod magic;
pub mod message;
pub mod numbers;
pub mod outbox;
pub mod profile;
pub mod profiles;
pub mod recover;
pub mod report;
pub mod resend;
pub mod send;
pub mod standing;
pub mod start;
pub mod tenants;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    Verify,
    Assess,
    Read,
    Manage,
    Admin,
}

/// Who calls, once the key is known.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key's identifier; `cli` for the command line.
    pub key: String,
    /// In whose name and world it acts.
    pub owner: Owner,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// The request it came with.
    pub request_id: String,
}

/// What a caller tells of the person.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub ip: Option<IpAddr>,
    pub device_id: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub user_agent: Option<String>,
    pub ja4: Option<String>,
    pub asn: Option<u32>,
    pub ip_country: Option<Country>,
}

/// A verification asked for. Shapes are checked at the edge; meaning is checked here.
#[derive(Debug, Clone)]
pub struct StartInput {
    pub to: String,
    pub country: Option<Country>,
    pub channel: Option<Channel>,
    pub profile: Option<String>,
    pub client: Client,
    pub locale: Option<String>,
    pub brand: Option<String>,
    pub sender_id: Option<String>,
    pub app_hash: Option<String>,
    pub code: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub idempotency: Option<IdempotencyKey>,
}

/// A judgement asked for.
#[derive(Debug, Clone)]
pub struct AssessInput {
    pub to: String,
    pub country: Option<Country>,
    pub channel: Option<Channel>,
    pub profile: Option<String>,
    pub client: Client,
    pub price_micros: Option<i64>,
}

/// A verification with what a view needs beside it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// As it stands.
    pub verification: Verification,
    /// The number; `None` once erased.
    pub to: Option<Destination>,
    /// The judgement of its newest attempt, if the journal still has it.
    pub judged: Option<JournalEntry>,
}

/// The answer to a check.
#[derive(Debug, Clone)]
pub struct Checked {
    /// `approved`, `pending` (wrong) or `too_many_checks`.
    pub status: Status,
    /// The verification after it.
    pub verified: Verified,
}

/// A field that is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Dotted path: `client.ip`.
    pub field: String,
    /// Stable.
    pub code: &'static str,
    /// For people; never repeats a secret.
    pub detail: String,
}

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The number is none, or a live key was given a fictional one (`fictional`).
    #[error("the number is not valid: {reason}")]
    InvalidNumber {
        /// `too_short`, `fictional` …
        reason: &'static str,
    },
    /// Fields whose values cannot be taken.
    #[error("a field is not valid")]
    Invalid(Vec<FieldError>),
    /// Promised by the API and not there yet.
    #[error("`{field}` is not available yet")]
    NotAvailable {
        /// The field.
        field: &'static str,
    },
    /// A limit is met.
    #[error("limited by `{}`", scope.name())]
    Limited {
        /// Which.
        scope: LimitScope,
        /// The attempt that was refused.
        attempt: String,
        /// Its assessment.
        assessment: String,
        /// In how many milliseconds to come again.
        retry_after_ms: i64,
        /// The limit and what stands in it, for the `RateLimit` header.
        max: u32,
        /// Its window.
        window_s: u32,
    },
    /// Before the moment that the verification states.
    #[error("too soon")]
    TooSoon {
        /// In how many milliseconds to come again.
        retry_after_ms: i64,
    },
    /// It ended before.
    #[error("the verification has ended")]
    AlreadyFinished(Status),
    /// Its time is over.
    #[error("the verification has expired")]
    Expired,
    /// Unknown, or another's: alike.
    #[error("there is no such thing")]
    NotFound,
    /// Another one is pending (restart `conflict`).
    #[error("another verification of this number is pending")]
    Pending(String),
    /// It stands already, under this identifier.
    #[error("it stands already: {0}")]
    Duplicate(String),
    /// Not in this state.
    #[error("this is not possible now: {0}")]
    State(String),
    /// Too many wait for the same thing.
    #[error("too many wait already")]
    Crowded,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NumberError> for VerifyError {
    fn from(error: NumberError) -> Self {
        Self::InvalidNumber { reason: error.code() }
    }
}

/// When the next things are allowed, in Unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// A check.
    pub check_at_ms: i64,
    /// A resend.
    pub resend_at_ms: i64,
}

impl Verified {
    /// Its newest attempt.
    pub fn newest(&self) -> Option<&AttemptRow> {
        self.verification.attempts.last()
    }
}

#[cfg(test)]
mod tests;

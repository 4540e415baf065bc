//! The replay event format as values: what a recorded or made-up stream is made of.
//!
//! Reading its lines is in `stream/line.rs`, writing them in `stream/write.rs`. Times are Unix
//! milliseconds of the stream; nobody here looks at another clock.

pub(crate) mod json;
pub mod line;
pub(crate) mod money;
pub(crate) mod time;
pub mod write;

use alloc::string::String;
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};

/// One line of a stream.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "most lines are attempts, and a box for each costs more than it saves"
)]
pub enum Event {
    /// Somebody asks for a code.
    Attempt(AttemptEvent),
    /// Something became of it.
    Outcome(OutcomeEvent),
}

/// Somebody asks for a code. Missing is not suspicious in itself.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as the event format names them")]
pub struct AttemptEvent {
    pub id: String,
    pub at_ms: i64,
    /// As it stands in the stream; it may be no number at all.
    pub phone: String,
    pub channel: Channel,
    /// In micros of the stream's one currency.
    pub price_micros: Option<i64>,
    pub ip: Option<String>,
    pub asn: Option<u32>,
    pub ip_country: Option<String>,
    pub device_id: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub user_agent: Option<String>,
    pub profile: Option<String>,
}

/// Something became of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeEvent {
    /// Which attempt.
    pub attempt_id: String,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What.
    pub what: Became,
}

/// What became of an attempt, as if it had been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// What this visitor did, or would have done, when challenged.
    Challenge {
        /// Solved it.
        passed: bool,
    },
    /// The provider's word.
    Delivery(DeliveryStatus),
    /// Somebody entered a code.
    Check(CheckResult),
}

impl Event {
    /// When it happened, in Unix milliseconds.
    pub fn at_ms(&self) -> i64 {
        match self {
            Self::Attempt(attempt) => attempt.at_ms,
            Self::Outcome(outcome) => outcome.at_ms,
        }
    }
}

//! What a store holds, on its way from one home to another: every row as a value, with all that its
//! meaning needs and nothing of how a home lays it out.

use super::{AuditEntry, Fact, IdempotencyKey, JournalEntry, OutboxRow, Owner, StoredAnswer, Verification};
use cofferdam_engine::Outcome;
use cofferdam_engine::limit::LimitScope;

/// What is moved together, in the order in which it is: what others point to goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Table {
    Journal,
    Outcomes,
    Audit,
    Facts,
    Verifications,
    Reservations,
    Limits,
    Spend,
    Idempotency,
    Outbox,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Journal,
        Self::Outcomes,
        Self::Audit,
        Self::Facts,
        Self::Verifications,
        Self::Reservations,
        Self::Limits,
        Self::Spend,
        Self::Idempotency,
        Self::Outbox,
    ];

    /// As people are told of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Journal => "judged attempts",
            Self::Outcomes => "outcomes",
            Self::Audit => "audit",
            Self::Facts => "standing facts",
            Self::Verifications => "verifications",
            Self::Reservations => "reservations",
            Self::Limits => "exact limits",
            Self::Spend => "money",
            Self::Idempotency => "idempotency keys",
            Self::Outbox => "outbox",
        }
    }
}

/// A count in a bucket of a window of an exact limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovedBucket {
    /// The window's length.
    pub window_s: u32,
    /// Which bucket of it.
    pub at: u32,
    /// How many.
    pub n: u32,
}

/// What stands under an exact limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct MovedLimit {
    pub owner: Owner,
    pub scope: LimitScope,
    pub key: u64,
    /// In order.
    pub buckets: Vec<MovedBucket>,
}

/// What stands in a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct MovedMoney {
    pub budget: String,
    pub period_start_ms: i64,
    pub micros: i64,
}

/// What is reserved for an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedReserved {
    /// Buckets of limits in which it stands.
    pub limits: Vec<MovedLimit>,
    /// Budgets, with what stands in them for it.
    pub money: Vec<MovedMoney>,
    /// It was spent: nothing is given back any more.
    pub spent: bool,
}

/// An idempotency key, and what is known under it. A lease is not moved: whoever held it is gone.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct MovedKey {
    pub key: IdempotencyKey,
    pub fingerprint: [u8; 32],
    pub made_ms: i64,
    /// What it made.
    pub subject: Option<String>,
    pub answer: Option<StoredAnswer>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Moved {
    Judged(Box<JournalEntry>),
    Outcome {
        attempt: String,
        once: String,
        told_ms: i64,
        outcome: Outcome,
    },
    Audit(AuditEntry),
    /// Also one that is gone: caches learn of it by its version, which stays.
    Fact(Fact),
    Verification {
        verification: Box<Verification>,
        /// By attempt, those for which something stands.
        reserved: Vec<(String, MovedReserved)>,
    },
    Reservation {
        owner: Owner,
        attempt: String,
        at_ms: i64,
        reserved: MovedReserved,
    },
    Limit(MovedLimit),
    Spend {
        owner: Owner,
        money: MovedMoney,
    },
    Key(Box<MovedKey>),
    Outbox(OutboxRow),
}

/// Some rows of a table, and where the next begin.
#[derive(Debug)]
pub struct Stretch {
    /// In the order of the home they come from.
    pub rows: Vec<Moved>,
    /// To go on from; none where all were given.
    pub next: Option<String>,
}

//! What was judged, and what was told of it afterwards.

use super::{Owner, Reservation};
use crate::store::tallies::Marks;
use cofferdam_engine::policy::{Policy, Terms};
use cofferdam_engine::{Assessment, Attempt, Known, Outcome};
use std::sync::Arc;

/// What an attempt is judged under besides what is known of it. Many attempts share one, so the
/// journal keeps it once, under a name made from its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// SHA-256 of its JSON, shortened, in hexadecimal.
    pub id: String,
    /// The policy.
    pub policy: Policy,
    /// The profile's terms.
    pub terms: Terms,
}

/// One judged attempt, with all that it was judged from.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct JournalEntry {
    pub assessment_id: String,
    pub attempt_id: String,
    pub verification: Option<String>,
    pub owner: Owner,
    pub attempt: Attempt,
    pub known: Box<Known>,
    pub basis: Arc<Basis>,
    pub assessment: Assessment,
    /// Whether a caller sends by itself (`POST /v1/assessments`).
    pub assess_only: bool,
    /// Exact reservations that stand for it although no intent does (assess only).
    pub reservations: Vec<Reservation>,
}

/// An entry with the tally changes that it made, for recovery.
#[derive(Debug, Clone, PartialEq)]
pub struct Journalled {
    /// What was judged.
    pub entry: JournalEntry,
    /// What was counted.
    pub marks: Marks,
}

/// Where the journal and the outcomes go on from what was saved of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsaved {
    /// The journal's position of the last save.
    pub position: u64,
    /// When that was, in Unix milliseconds; 0 if there was none.
    pub at_ms: i64,
}

/// An outcome told by a caller or a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Of which attempt.
    pub of: ToldOf,
    /// What.
    pub outcome: Outcome,
    /// The same once key is told twice only once: kind, and for checks its moment.
    pub once: String,
}

/// How an outcome names its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ToldOf {
    Attempt(String),
    Verification(String),
    Reference {
        provider: String,
        reference: String,
    },
    /// An attempt of ours that this provider was handed, and no other's.
    Handed {
        provider: String,
        attempt: String,
    },
}

/// What became of an outcome.
#[derive(Debug, Clone, PartialEq)]
pub enum ToldAnswer {
    /// The first of its kind: what was judged, to learn from it.
    Accepted(Box<JournalEntry>),
    /// Told before.
    Duplicate,
    /// No such attempt, or another's.
    Unknown,
}

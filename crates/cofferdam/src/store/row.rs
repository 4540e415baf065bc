//! What the records hold, as values. No SQL, no JSON of the API: those have types of their own.

use cofferdam_engine::{Channel, Pseudonym};
use serde::{Deserialize, Serialize};

mod fact;
mod journal;
mod ledger;
mod moved;
mod verification;

pub use fact::{AuditEntry, Fact, FactAnswer, FactChange, FactEdit, FactKind, number_unique};
pub use journal::{Basis, JournalEntry, Journalled, Told, ToldAnswer, ToldOf, Unsaved};
pub use ledger::{Refusal, Reservation};
pub use moved::{Moved, MovedBucket, MovedKey, MovedLimit, MovedMoney, MovedReserved, Stretch, Table};
pub use verification::{
    Again, AgainAnswer, AttemptRow, AttemptStatus, Guess, HandOver, Restart, Start, Started, Status,
    Verification, VerificationFilter, VerificationFixed,
};

/// Live and test are two worlds of a tenant: nothing crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum World {
    Live,
    Test,
}

impl World {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// Whose something is. Every query names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Owner {
    pub tenant: String,
    pub world: World,
}

/// How an API call is answered again under the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Whose.
    pub owner: Owner,
    /// The calling key's scopes, as text: another scope is another key.
    pub scopes: String,
    /// The key as sent.
    pub key: String,
}

/// What is known of an idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub enum Idempotency {
    /// Never seen: go on; the lease is yours until it ends.
    Fresh,
    /// Somebody is at it.
    Running,
    /// Another request had this key.
    Mismatch,
    /// Answered before.
    Answered(StoredAnswer),
    /// Whoever was at it is gone, and had made this.
    Orphan {
        /// The identifier of what was made.
        subject: String,
    },
}

/// An answer kept for the same request again. The body is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct StoredAnswer {
    pub status: u16,
    pub content_type: String,
    pub sealed_body: Vec<u8>,
    /// The verification or list entry whose number it repeats: erasing that number finds it by this.
    pub about: Option<String>,
}

/// A message of the outbox: the code is rendered when it is read.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct OutboxRow {
    pub id: String,
    pub owner: Owner,
    pub attempt: String,
    pub verification: String,
    pub number: Pseudonym,
    pub channel: Channel,
    pub at_ms: i64,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the order asked for.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsk {
    /// 1 to 200.
    pub limit: u32,
    /// After this identifier.
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Finished verifications lose their number after this.
    pub numbers_ms: i64,
    /// And are removed after this.
    pub verifications_ms: i64,
    /// The journal.
    pub journal_ms: i64,
    /// The audit.
    pub audit_ms: i64,
    /// Idempotency keys.
    pub idempotency_ms: i64,
    /// The outbox: age, and messages a tenant.
    pub outbox_ms: i64,
    /// Messages a tenant.
    pub outbox_rows: u32,
}

/// What was done to rows, for logs and `erase`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Swept {
    pub verifications: u64,
    pub journal: u64,
    pub outbox: u64,
    pub list_entries: u64,
    pub other: u64,
}

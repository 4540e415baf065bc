//! Standing facts and what people changed of them.

use super::Owner;
use cofferdam_engine::Pseudonym;
use serde::{Deserialize, Serialize};

/// A kind of standing fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum FactKind {
    Tenant,
    Key,
    Profile,
    SafeEntry,
    DenyEntry,
    Policy,
    Block,
}

/// Something that stands until it is changed: cached by version on every machine.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Fact {
    pub kind: FactKind,
    pub id: String,
    /// Facts of the installation (tenants, admin keys) stand under the tenant `*`.
    pub owner: Owner,
    /// Unique in its kind and owner: a name, a normalised value, a hash.
    pub unique: String,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    /// JSON of the shell's own type for this kind; personal values inside are sealed.
    pub body: String,
    /// Raised by every change; given by the records.
    pub version: u64,
    /// Deleted: kept so that caches learn of it.
    pub gone: bool,
}

/// [`Fact::unique`] of a list entry that is a whole number. It must be this, in lists of every tenant,
/// or erasing the number would not find the entry.
pub fn number_unique(number: Pseudonym) -> String {
    format!("number:{:032x}", number.0)
}

/// A change of facts, with its entry in the audit, in one transaction.
#[derive(Debug, Clone)]
pub struct FactChange {
    /// What.
    pub change: FactEdit,
    /// Who, and what to remember of it.
    pub audit: AuditEntry,
}

/// What is changed.
#[derive(Debug, Clone)]
pub enum FactEdit {
    /// A new fact; [`FactAnswer::Duplicate`] where its `unique` stands already.
    Insert(Vec<Fact>),
    /// Its body, unique text and expiry, if it stands at this version (any, if `None`).
    Update {
        /// The fact as it will stand.
        fact: Fact,
        /// The version it must stand at.
        if_version: Option<u64>,
    },
    /// Its end.
    Delete {
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: FactKind,
        /// Which.
        id: String,
    },
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum FactAnswer {
    /// Done, durably; the installation's facts now stand at this version.
    Done(u64),
    /// The identifier of the fact that stands already.
    Duplicate(String),
    /// It stands at another version.
    Moved(u64),
    /// No such fact, or another's.
    Unknown,
}

/// What an operator or caller changed, and when.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct AuditEntry {
    pub id: String,
    pub owner: Owner,
    pub at_ms: i64,
    /// Identifier of the key that did it, or `cli`, `first start`.
    pub actor: String,
    pub request_id: Option<String>,
    /// `list.safe.add`, `key.revoke` …
    pub action: String,
    /// Identifier of what was changed.
    pub subject: String,
    /// JSON, without secrets and full numbers.
    pub detail: String,
}

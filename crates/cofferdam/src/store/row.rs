//! What the records hold, as values. No SQL, no JSON of the API: those have types of their own.

use super::tallies::Marks;
use cofferdam_atlas::Country;
use cofferdam_engine::limit::{Limit, LimitScope, WINDOWS};
use cofferdam_engine::policy::{Magic, Policy, Terms};
use cofferdam_engine::{Assessment, Attempt, Channel, Known, Outcome, Pseudonym};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// An exact reservation, made in the transaction of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    /// One message under a limit.
    Limit {
        /// Number or tenant.
        scope: LimitScope,
        /// The key it is counted under.
        key: u64,
        /// What must hold.
        limits: Vec<Limit>,
        /// Windows to count in.
        windows_s: [u32; WINDOWS],
    },
    /// Money under a budget. No budget exists yet; the ledger that carries them does.
    Money {
        /// The budget.
        budget: String,
        /// Start of its period, in Unix milliseconds.
        period_start_ms: i64,
        /// What may be spent in the period.
        limit_micros: i64,
        /// What this attempt may come to.
        micros: i64,
    },
}

/// Why a reservation was refused; nothing was reserved at all then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A limit is met.
    Limit {
        /// Which.
        scope: LimitScope,
        /// The limit that refused.
        limit: Limit,
        /// How many stand in its window.
        seen: u32,
        /// In how many seconds the oldest leaves it.
        frees_in_s: u32,
    },
    /// A budget is spent.
    Money {
        /// Which.
        budget: String,
    },
}

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
    pub known: Known,
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
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum AgainAnswer {
    /// Queued, on stable storage.
    Made,
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
    /// Paid: compare now, then [`super::Records::settle_guess`].
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
}

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
    Reference { provider: String, reference: String },
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

/// Which verifications.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct VerificationFilter {
    pub number: Option<Pseudonym>,
    pub status: Option<Status>,
    pub since_ms: Option<i64>,
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

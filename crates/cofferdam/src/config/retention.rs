//! `[retention]`: how long things are kept.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "retention",
    doc: "How long things are kept. `cofferdam erase` destroys one number at once, whatever stands here.",
    keys: &[
        key(
            "numbers_days",
            Kind::Integer { min: 1, max: 3650 },
            "30",
            "After this a finished verification loses its number; what it was judged from stays, under a keyed name.",
            "guess: support questions come within a month",
        ),
        key(
            "verifications_days",
            Kind::Integer { min: 1, max: 3650 },
            "90",
            "After this a finished verification is removed.",
            "guess",
        ),
        key(
            "journal_days",
            Kind::Integer { min: 1, max: 3650 },
            "90",
            "How long judged attempts can be explained and replayed.",
            "guess: a quarter, as backtests want",
        ),
        key(
            "audit_days",
            Kind::Integer { min: 1, max: 36_500 },
            "730",
            "How long it stands who changed what.",
            "guess: two yearly reviews",
        ),
        key(
            "idempotency_hours",
            Kind::Integer { min: 1, max: 168 },
            "24",
            "How long an `Idempotency-Key` is known.",
            "the API's contract",
        ),
        key(
            "outbox_hours",
            Kind::Integer { min: 1, max: 168 },
            "24",
            "How long test messages are kept.",
            "the API's contract",
        ),
        key(
            "outbox_messages_max",
            Kind::Integer { min: 1, max: 1_000_000 },
            "10000",
            "Test messages a tenant; the oldest are removed first.",
            "the API's contract",
        ),
    ],
};

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct Retention {
    pub numbers_ms: i64,
    pub verifications_ms: i64,
    pub journal_ms: i64,
    pub audit_ms: i64,
    pub idempotency_ms: i64,
    pub outbox_ms: i64,
    pub outbox_messages_max: u32,
}

impl Retention {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let mut days = |name| i64::try_from(section.integer(name)).unwrap_or(0) * DAY_MS;
        let (numbers_ms, verifications_ms) = (days("numbers_days"), days("verifications_days"));
        let (journal_ms, audit_ms) = (days("journal_days"), days("audit_days"));
        if numbers_ms > verifications_ms {
            let what = "a number cannot be kept longer than its verification";
            section.refuse("numbers_days", what, "take at most `verifications_days`");
        }
        let mut hours = |name| i64::try_from(section.integer(name)).unwrap_or(0) * DAY_MS / 24;
        let (idempotency_ms, outbox_ms) = (hours("idempotency_hours"), hours("outbox_hours"));
        let outbox_messages_max = u32::try_from(section.integer("outbox_messages_max")).unwrap_or(u32::MAX);
        Self {
            numbers_ms,
            verifications_ms,
            journal_ms,
            audit_ms,
            idempotency_ms,
            outbox_ms,
            outbox_messages_max,
        }
    }
}

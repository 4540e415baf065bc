//! `[limits]`: sizes and times that protect this machine. Limits of messages are the profile's, in the store.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "limits",
    doc: "Sizes that protect this machine. How many messages a number may get is not here: that is the profile's, in the store.",
    keys: &[
        key(
            "body_bytes_max",
            Kind::Integer { min: 1024, max: 1_048_576 },
            "65536",
            "Longest body of a request.",
            "the API's contract",
        ),
        key(
            "bulk_bytes_max",
            Kind::Integer { min: 65_536, max: 67_108_864 },
            "8388608",
            "Longest body of events and lists.",
            "the API's contract",
        ),
        key(
            "requests_max",
            Kind::Integer { min: 1, max: 100_000 },
            "2000",
            "Requests that are worked on at once; more are answered 503 with `Retry-After`.",
            "guess: 64 KiB each at worst, 128 MiB together",
        ),
        key(
            "sends_max",
            Kind::Integer { min: 1, max: 100_000 },
            "1000",
            "Messages that are being handed over at once; more are answered 503.",
            "guess: one slow provider at 100 messages a second and 10 s",
        ),
        key(
            "journal_entries_max",
            Kind::Integer { min: 1024, max: 16_777_216 },
            "65536",
            "Assessments that wait to be written to the journal; more are lost, and counted.",
            "guess: a second at 50,000 assessments a second",
        ),
        key(
            "tallies_mib_max",
            Kind::Integer { min: 16, max: 1_048_576 },
            "2048",
            "Memory for tallies; what was not seen for longest is pushed out first.",
            "guess: about 10 million keys at 200 bytes",
        ),
    ],
};

/// Sizes that protect this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a key, and its meaning stands in the table above")]
pub struct Limits {
    pub body_bytes_max: usize,
    pub bulk_bytes_max: usize,
    pub requests_max: usize,
}

impl Limits {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            body_bytes_max: section.integer("body_bytes_max") as usize,
            bulk_bytes_max: section.integer("bulk_bytes_max") as usize,
            requests_max: section.integer("requests_max") as usize,
        }
    }
}

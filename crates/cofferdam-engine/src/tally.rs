//! What a store keeps under a key, and the only ways in which it may change.
//!
//! One machine and many must come to the same figures to the bit, so a store does nothing but add
//! integers at a place that the engine names, and takes larger of two times: both commute, so the
//! order in which machines write does not matter. Every other operation is the engine's.
//!
//! A **ring** counts in buckets of absolute time: six buckets make a window, a seventh is the one
//! being filled. A reader sums the buckets that overlap the window, the oldest whole, so a window is
//! never passed and errs by at most a sixth of its length, on the strict side.

use serde::{Deserialize, Serialize};

/// Buckets that make one window.
pub const BUCKETS: u32 = 6;
/// Buckets in a ring: a window and the one being filled.
pub const RING: usize = BUCKETS as usize + 1;

/// Counts in buckets of absolute time. `width_s` 0: not in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Length of a bucket in seconds; the window it serves is six of them.
    pub width_s: u32,
    /// Absolute number of the newest bucket.
    pub head: u32,
    /// Counts; bucket `b` stands at `b % 7`.
    pub counts: [u32; RING],
}

/// What may be kept under a key. A store keeps each kind in a table of its own, since their sizes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Up to three rings: the limits of one scope ([`LimitRecord`]).
    Limit,
    /// The last time that something was proved ([`ProofRecord`]).
    Proof,
}

/// The rings of one limit scope: at most 124 bytes with its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRecord {
    /// One ring a window, in the order in which the windows were first asked for.
    pub rings: [Ring; crate::limit::WINDOWS],
}

/// When something was last proved, in Unix seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// Unix seconds; 0: never.
    pub at_s: u32,
}

/// One change to a record, by key. Changes commute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Add `by` to the bucket of `at_s` in the ring of each window; a negative one gives back.
    Count {
        /// The record.
        key: u64,
        /// When, in Unix seconds.
        at_s: u32,
        /// Lengths of the windows, in seconds; 0: none.
        windows_s: [u32; crate::limit::WINDOWS],
        /// How many; negative to give back.
        by: i32,
    },
    /// Keep the later of two times.
    Prove {
        /// The record.
        key: u64,
        /// When, in Unix seconds.
        at_s: u32,
    },
}

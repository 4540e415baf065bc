//! What a store keeps under a key, and the only ways in which it may change.
//!
//! One machine and many must come to the same figures to the bit, so a store does nothing but add
//! integers at a place that the engine names, and takes larger of two times: both commute, so the
//! order in which machines write does not matter. Every other operation is the engine's.
//!
//! A **ring** counts in buckets of absolute time: six buckets make a window, a seventh is the one
//! being filled. A reader sums the buckets that overlap the window, the oldest whole, so a window is
//! never passed and errs by at most a sixth of its length, on the strict side.

use crate::known::SeenWindow;
use crate::limit::WINDOWS;
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

/// The rings of one limit scope: at most 124 bytes with its key, and 64 as a table keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRecord {
    /// One ring a window, in the order in which the windows were first asked for.
    pub rings: [Ring; WINDOWS],
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
        windows_s: [u32; WINDOWS],
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
    /// Forget what was proved: its number is erased. Unlike the others it minds the order.
    Unprove {
        /// The record.
        key: u64,
    },
}

/// How long a bucket must be so that six of them are no shorter than the window.
pub const fn width_of(window_s: u32) -> u32 {
    window_s.div_ceil(BUCKETS)
}

impl Ring {
    /// An empty ring that serves a window.
    pub const fn serving(window_s: u32) -> Self {
        Self { width_s: width_of(window_s), head: 0, counts: [0; RING] }
    }

    /// Adds to the bucket of `at_s`. What is older than the ring reaches is ignored: it would be
    /// out of every window that can still be read. A bucket may stand below nought for a moment,
    /// when what gives back arrives before what it gives back, so the arithmetic wraps.
    pub fn add(&mut self, at_s: u32, by: i32) {
        let Some(bucket) = at_s.checked_div(self.width_s) else { return };
        if bucket > self.head {
            self.advance(bucket);
        } else if self.head - bucket >= RING as u32 {
            return;
        }
        if let Some(count) = self.counts.get_mut(bucket as usize % RING) {
            *count = count.wrapping_add_signed(by);
        }
    }

    /// Empties the buckets between the newest and the one that becomes it.
    fn advance(&mut self, to: u32) {
        if to - self.head >= RING as u32 {
            self.counts = [0; RING];
        } else {
            for bucket in self.head + 1..=to {
                if let Some(count) = self.counts.get_mut(bucket as usize % RING) {
                    *count = 0;
                }
            }
        }
        self.head = to;
    }

    /// How many stand in the window that ends at `at_s`, and in how many seconds the oldest of
    /// them leave it. What was added for later times is counted too: a clock that runs behind its
    /// neighbours must not let more through.
    pub fn read(&self, at_s: u32) -> (u32, u32) {
        let Some(now) = at_s.checked_div(self.width_s) else { return (0, 0) };
        // Seven buckets stand side by side, the oldest just behind the newest. Those that time has
        // left behind since the newest was filled are skipped.
        let (newer, older) = self.counts.split_at((self.head as usize + 1) % RING);
        let gone = now.saturating_sub(self.head) as usize;
        let kept = |count: &u32| i64::from(*count as i32);
        let sum: i64 = if gone == 0 {
            self.counts.iter().map(kept).sum()
        } else {
            older.iter().chain(newer).skip(gone).map(kept).sum()
        };
        if sum <= 0 {
            return (0, 0);
        }
        let in_old = older.iter().skip(gone).position(|count| kept(count) > 0).map(|at| at + gone);
        let first = in_old.or_else(|| {
            let gone = gone.saturating_sub(older.len());
            newer.iter().skip(gone).position(|count| kept(count) > 0).map(|at| at + gone + older.len())
        });
        let frees_in_s = first.map_or(0, |at| {
            let leaves_s = (u64::from(self.head) + 1 + at as u64) * u64::from(self.width_s);
            u32::try_from(leaves_s.saturating_sub(u64::from(at_s))).unwrap_or(u32::MAX)
        });
        (u32::try_from(sum).unwrap_or(u32::MAX), frees_in_s)
    }

    /// Whether no window that ends at `at_s` or later holds anything of it.
    pub fn at_rest(&self, at_s: u32) -> bool {
        match at_s.checked_div(self.width_s) {
            None => true,
            Some(now) => now.saturating_sub(self.head) > BUCKETS || self.counts.iter().all(|c| *c == 0),
        }
    }
}

impl LimitRecord {
    /// Adds to the ring of each window. A window that has no ring takes an unused one, or one that
    /// serves none of the windows asked for any more: a changed limit begins anew, the others stay.
    pub fn add(&mut self, at_s: u32, windows_s: &[u32; WINDOWS], by: i32) {
        let mut done = [0u32; WINDOWS];
        for (at, window_s) in windows_s.iter().enumerate() {
            let width_s = width_of(*window_s);
            // Two windows of one width share a ring, which must count once.
            if width_s == 0 || done.contains(&width_s) {
                continue;
            }
            if let Some(done) = done.get_mut(at) {
                *done = width_s;
            }
            if let Some(ring) = self.ring_for(at, width_s, windows_s) {
                ring.add(at_s, by);
            }
        }
    }

    /// Nearly always the ring stands where its window does.
    fn ring_for(&mut self, at: usize, width_s: u32, windows_s: &[u32; WINDOWS]) -> Option<&mut Ring> {
        let at = if self.rings.get(at).is_some_and(|ring| ring.width_s == width_s) {
            at
        } else {
            let unwanted = |ring: &Ring| !windows_s.iter().any(|w| width_of(*w) == ring.width_s);
            let own = self.rings.iter().position(|ring| ring.width_s == width_s);
            own.or_else(|| self.rings.iter().position(|ring| ring.width_s == 0 || unwanted(ring)))?
        };
        let ring = self.rings.get_mut(at)?;
        if ring.width_s != width_s {
            *ring = Ring { width_s, ..Ring::default() };
        }
        Some(ring)
    }

    /// What stands in each window that ends at `at_s`.
    pub fn read(&self, at_s: u32, windows_s: &[u32; WINDOWS]) -> [SeenWindow; WINDOWS] {
        let mut all = [SeenWindow::default(); WINDOWS];
        for ((at, window_s), seen) in windows_s.iter().enumerate().zip(&mut all) {
            let width_s = width_of(*window_s);
            if width_s == 0 {
                continue;
            }
            let here = self.rings.get(at).filter(|ring| ring.width_s == width_s);
            let ring = here.or_else(|| self.rings.iter().find(|ring| ring.width_s == width_s));
            let (count, frees_in_s) = ring.map_or((0, 0), |ring| ring.read(at_s));
            *seen = SeenWindow { window_s: *window_s, seen: count, frees_in_s };
        }
        all
    }
}

impl ProofRecord {
    /// Keeps the later of two times.
    pub fn prove(&mut self, at_s: u32) {
        self.at_s = self.at_s.max(at_s);
    }

    /// When it was last proved.
    pub fn proved_s(self) -> Option<u32> {
        (self.at_s != 0).then_some(self.at_s)
    }
}

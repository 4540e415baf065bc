//! Whether the database answers, and a breaker: once it did not, callers are told so at once for a
//! moment instead of each waiting for it.
//!
//! The moment is short and differs by chance, so that nodes don't come back all at once. One caller
//! finds out; nothing needs a restart.

use crate::clock::Stopwatch;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// So many failures in a row open it.
const FAILURES: u32 = 3;
/// The shortest moment, doubled with every further failure.
const LEAST_MS: u64 = 100;
/// The longest: back to normal within seconds.
const MOST_MS: u64 = 1_000;

/// A breaker.
pub(super) struct Health {
    since: Stopwatch,
    failures: AtomicU32,
    /// Until then, by the stopwatch, nobody asks.
    until_ms: AtomicU64,
    chance: AtomicU64,
}

impl Health {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            since: Stopwatch::start(),
            failures: AtomicU32::new(0),
            until_ms: AtomicU64::new(0),
            chance: AtomicU64::new(seed),
        }
    }

    fn now_ms(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    /// A number below `below`, by chance.
    pub(super) fn chance(&self, below: u64) -> u64 {
        let mut x = self.chance.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % below.max(1)
    }

    /// Whether to ask. Once the moment is over one caller is let through, and the moment begins anew for
    /// the others until that one has been answered.
    pub(super) fn may_ask(&self) -> bool {
        let until = self.until_ms.load(Ordering::Acquire);
        if until == 0 {
            return true;
        }
        let now = self.now_ms();
        now >= until
            && self
                .until_ms
                .compare_exchange(until, now + MOST_MS, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// It answered.
    pub(super) fn answered(&self) {
        // Nearly always they are zero already: a load costs the other threads nothing.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.until_ms.load(Ordering::Relaxed) != 0 {
            self.until_ms.store(0, Ordering::Release);
        }
    }

    /// It did not.
    pub(super) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures >= FAILURES {
            let most = (LEAST_MS << (failures - FAILURES).min(4)).min(MOST_MS);
            let moment = most / 2 + self.chance(most / 2);
            self.until_ms.store(self.now_ms() + moment.max(1), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_some_failures_and_closes_with_an_answer() {
        let health = Health::new(7);
        for _ in 0..FAILURES {
            assert!(health.may_ask());
            health.failed();
        }
        assert!(!health.may_ask(), "nobody asks for a moment");
        health.answered();
        assert!(health.may_ask());
        health.failed();
        assert!(health.may_ask(), "one failure is none");
    }

    #[test]
    fn one_finds_out_for_all() {
        let health = Health::new(7);
        (0..FAILURES).for_each(|_| health.failed());
        // As if the moment were over.
        health.until_ms.store(1, Ordering::Release);
        while health.now_ms() < 1 {
            std::hint::spin_loop();
        }
        assert!(health.may_ask());
        assert!(!health.may_ask(), "the second one waits for the first one's answer");
    }
}

//! Time and chance, as values that a test can set. The only place that may ask the machine for them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Unix milliseconds. May step backwards when the machine's clock does.
    fn now_ms(&self) -> i64;
}

/// Draws chance.
pub trait Dice: Send + Sync {
    /// Fills `bytes` from the system's generator of secrets.
    fn fill(&self, bytes: &mut [u8]);

    /// One throw.
    fn roll(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The machine's chance, taken in pieces of a page: a call to the system for each of the four throws
/// that an assessment needs would cost more than counting it.
pub struct SystemDice(Mutex<Drawn>);

/// Bytes that were drawn and not given out yet. What was given out is wiped.
struct Drawn {
    bytes: [u8; 4096],
    given: usize,
}

impl Default for SystemDice {
    fn default() -> Self {
        Self(Mutex::new(Drawn { bytes: [0; 4096], given: 4096 }))
    }
}

impl std::fmt::Debug for SystemDice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemDice(…)")
    }
}

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.len() > drawn.bytes.len() {
            return draw(bytes);
        }
        if drawn.bytes.len() - drawn.given < bytes.len() {
            draw(&mut drawn.bytes);
            drawn.given = 0;
        }
        let from = drawn.given;
        drawn.given += bytes.len();
        let to = drawn.given;
        if let Some(piece) = drawn.bytes.get_mut(from..to) {
            bytes.copy_from_slice(piece);
            piece.fill(0);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "this is the place that asks; without chance no code may be made"
)]
fn draw(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's generator of secrets answers");
}

/// A clock that tests set.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// A clock that stands at `now_ms`.
    pub fn at(now_ms: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now_ms)))
    }

    /// Moves it on, or back.
    pub fn step(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Dice that tests seed: the same throws every time.
#[derive(Debug)]
pub struct SetDice(AtomicU64);

impl SetDice {
    /// Dice from a seed.
    pub fn seeded(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed)))
    }
}

impl Dice for SetDice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: good enough to tell throws apart, which is all a test wants.
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let all = (z ^ (z >> 31)).to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(all) {
                *to = from;
            }
        }
    }
}

/// How long something took, for metrics and time-outs; never for a judgement.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_out_twice() {
        let dice = SystemDice::default();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2000 {
            let mut bytes = [0; 14];
            dice.fill(&mut bytes);
            assert!(seen.insert(bytes));
        }
        let mut long = [0; 5000];
        dice.fill(&mut long);
        assert!(long.iter().any(|b| *b != 0));
    }
}

//! How long codes have lived by a clock that nobody sets.
//!
//! The machine's clock may step back, and an old code must not become young again by it. So the time
//! at which a verification is looked at is the later of two: the machine's, and its beginning plus
//! what has passed since by the monotonic clock. One that was begun before this process has lived at
//! least as long as the process: after a restart a code lives at most once more its life.
//! Nothing here judges or stores. Called by `start`, `check`, `resend` and `challenge`.

use crate::clock::Stopwatch;
use crate::id::{self, Noun};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// At most this many verifications are remembered; beyond it only the machine's clock is asked.
const REMEMBERED: usize = 1 << 20;

/// Since when this process runs, and which verifications it began when.
pub struct Lives {
    up: Stopwatch,
    begun: Mutex<Begun>,
}

#[derive(Default)]
struct Begun {
    /// Milliseconds of uptime at the beginning, by identifier.
    at: HashMap<String, u64>,
    /// When each may be forgotten, in order of beginning.
    order: VecDeque<(u64, String)>,
    /// Until when some that were begun here may not be remembered.
    lost_until: u64,
}

impl Default for Lives {
    fn default() -> Self {
        Self::new()
    }
}

impl Lives {
    /// Starts now.
    pub fn new() -> Self {
        Self { up: Stopwatch::start(), begun: Mutex::default() }
    }

    /// Remembers that a verification begins now.
    pub fn began(&self, id: &str, lifetime_s: u32) {
        self.began_at(id, lifetime_s, self.up_ms());
    }

    /// What time it is for a verification: never earlier than its beginning plus what passed since.
    pub fn at_ms(&self, id: &str, now_ms: i64) -> i64 {
        self.at_ms_at(id, now_ms, self.up_ms())
    }

    fn up_ms(&self) -> u64 {
        u64::try_from(self.up.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn began_at(&self, id: &str, lifetime_s: u32, up_ms: u64) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((until, _)) = begun.order.front()
            && *until < up_ms
            && let Some((_, old)) = begun.order.pop_front()
        {
            begun.at.remove(&old);
        }
        // Twice its life: whoever comes later finds it ended in the records, whatever the clock says.
        let until = up_ms.saturating_add(u64::from(lifetime_s) * 2000);
        if begun.at.len() >= REMEMBERED {
            begun.lost_until = begun.lost_until.max(until);
            return;
        }
        begun.at.insert(id.to_owned(), up_ms);
        begun.order.push_back((until, id.to_owned()));
    }

    fn at_ms_at(&self, id: &str, now_ms: i64, up_ms: u64) -> i64 {
        let Some(created_ms) = created_ms(id) else { return now_ms };
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let lived = match begun.at.get(id) {
            Some(began) => up_ms.saturating_sub(*began),
            None if begun.lost_until > up_ms => return now_ms,
            None => up_ms,
        };
        now_ms.max(created_ms.saturating_add(i64::try_from(lived).unwrap_or(i64::MAX)))
    }
}

/// When a verification was made: its identifier begins with the time.
fn created_ms(id: &str) -> Option<i64> {
    const ALPHABET: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
    if !id::is(Noun::Verification, id) {
        return None;
    }
    let (_, text) = id.split_once('_')?;
    // Ten characters hold fifty bits; the time is the first forty-eight.
    let mut bits: i64 = 0;
    for byte in text.bytes().take(10) {
        let five = ALPHABET.iter().position(|a| *a == byte)?;
        bits = bits << 5 | i64::try_from(five).ok()?;
    }
    Some(bits >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;

    const NOON: i64 = 1_800_000_000_000;

    #[test]
    fn a_step_back_of_the_clock_makes_no_code_younger() {
        let lives = Lives::new();
        let id = id::new(Noun::Verification, NOON, &*SetDice::seeded(1));
        lives.began_at(&id, 600, 5_000);
        assert_eq!(lives.at_ms_at(&id, NOON + 1_000, 6_000), NOON + 1_000);
        assert_eq!(lives.at_ms_at(&id, NOON - 3_600_000, 606_000), NOON + 601_000, "an hour back");
        assert_eq!(lives.at_ms_at(&id, NOON + 3_600_000, 6_000), NOON + 3_600_000, "an hour on");
    }

    #[test]
    fn after_a_restart_a_code_lives_at_most_once_more_its_life() {
        let lives = Lives::new();
        let id = id::new(Noun::Verification, NOON, &*SetDice::seeded(1));
        assert_eq!(lives.at_ms_at(&id, NOON - 86_400_000, 600_000), NOON + 600_000);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let lives = Lives::new();
        let dice = SetDice::seeded(1);
        for second in 0..5_000_u64 {
            lives.began_at(&id::new(Noun::Verification, NOON, &*dice), 1, second * 1000);
        }
        assert!(lives.begun.lock().unwrap().at.len() <= 4);
    }
}

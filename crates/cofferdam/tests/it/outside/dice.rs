//! Chance for tests, and the numbers they use.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A small generator; its seed is printed, so that a failure tells how it came about.
pub struct Dice(u64);

impl Dice {
    pub fn new(test: &str) -> Self {
        let seed = std::env::var("COFFERDAM_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("{test}: COFFERDAM_SEED={seed}");
        Self(seed)
    }

    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// `n` different codes of six digits, none of them `right`.
    pub fn wrong_codes(&mut self, n: usize, right: &str) -> Vec<String> {
        let mut codes = std::collections::BTreeSet::new();
        while codes.len() < n {
            let code = format!("{:06}", self.next() % 1_000_000);
            if code != right {
                codes.insert(code);
            }
        }
        codes.into_iter().collect()
    }
}

/// A number reserved for fiction; never one with a magic ending.
pub fn fictional(n: usize) -> String {
    const MAGIC: [usize; 10] = [0, 10, 11, 12, 20, 21, 22, 30, 31, 40];
    let plain: Vec<usize> = (0..1000).filter(|n| !MAGIC.contains(&(n % 100))).collect();
    format!("+447700900{:03}", plain[n % plain.len()])
}

/// A number that a live key takes, and that belongs to nobody: 555 lines outside the fictional hundred.
/// The messages of these tests never leave the machine.
pub fn live(n: usize) -> String {
    const AREAS: [u32; 12] = [212, 415, 312, 305, 206, 617, 713, 202, 404, 303, 503, 702];
    format!("+1{}555{:04}", AREAS[n % AREAS.len()], 2000 + n / AREAS.len() % 7000)
}

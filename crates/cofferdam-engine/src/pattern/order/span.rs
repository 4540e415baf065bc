//! How closely numbers crowd: blocks of each size explain them, be they people's or an attack's.

use super::{PREFIX, Sorted};
use crate::math::{exp, ln};

/// Sizes of block, with the share of prefixes whose people live in one so large and the share of
/// attacks that keep to one (both guesses: networks hand out thousands and hundreds, seldom less).
const BLOCKS: [(f64, f64, f64); 6] = [
    (10_000.0, 0.50, 0.36),
    (3_000.0, 0.10, 0.10),
    (1_000.0, 0.20, 0.16),
    (300.0, 0.10, 0.12),
    (100.0, 0.07, 0.14),
    (30.0, 0.03, 0.12),
];
/// The share of numbers that keep to the block.
const KEEP: f64 = 0.75;

/// What the crowding of the numbers says: blocks of each size explain them, honest or not.
pub(super) fn span(sorted: &Sorted) -> f64 {
    let n = sorted.len() as f64;
    let stray = ln((1.0 - KEEP) / PREFIX);
    let fits = BLOCKS.map(|(block, ..)| {
        if block >= PREFIX {
            return -n * ln(PREFIX);
        }
        let inside = most_within(sorted, block as u16) as f64;
        // The block may lie anywhere, so its place costs what it can't explain.
        inside * ln(KEEP / block + (1.0 - KEEP) / PREFIX) + (n - inside) * stray + ln(block / PREFIX)
    });
    let most = fits.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let (mut honest, mut attack) = (0.0, 0.0);
    for ((_, by_people, by_attack), fits) in BLOCKS.into_iter().zip(fits) {
        let fits = exp(fits - most);
        honest += by_people * fits;
        attack += by_attack * fits;
    }
    ln(attack / honest)
}

/// How many lie in the fullest run of `block` numbers.
fn most_within(sorted: &Sorted, block: u16) -> usize {
    let (mut low, mut most) = (0, 0);
    for (at, n) in sorted.iter().enumerate() {
        while sorted.get(low).is_some_and(|first| n - first >= block) {
            low += 1;
        }
        most = most.max(at + 1 - low);
    }
    most
}

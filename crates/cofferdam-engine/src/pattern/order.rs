//! Order: do the last numbers of a prefix follow one another, and do they crowd?
//!
//! It takes the last four digits of up to [`LAST`] numbers that share all but them, and sorts them, so
//! shuffling hides nothing. A run is a chain of at least three numbers at one step (`…0107`, `…0114`,
//! `…0121`); two alone are what a typing error leaves. All chains of a step count together, so a run
//! with holes, several runs at once, and runs among living numbers are seen; so are gaps that are nearly
//! all multiples of one step.
//!
//! How often chance makes a step is read off the numbers themselves: from how many pairs are *nearly*
//! that far apart. So a living block, where any two numbers are close, is its own excuse. The span is
//! held against blocks of several sizes, each of which honest numbers may live in too; it says little
//! by itself. A company's fleet has order as well: whether it converts is not asked here, so whoever
//! weighs rivals should grant the same nats to a fleet as to an attack.

mod here;
mod run;
mod span;

use super::{LEAST, together};
use arrayvec::ArrayVec;
use here::Here;
use run::run;
use span::span;

/// So many numbers of a prefix are kept.
pub const LAST: usize = 32;
/// The share of attacks that count through numbers (a guess).
const COUNTING: f64 = 0.3;
/// How many numbers share all but four digits.
const PREFIX: f64 = 10_000.0;
/// What the order of some numbers says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Order {
    /// Attack against honest, run and span together, within [`CAP`](super::CAP).
    pub nats: f64,
    /// What the step alone says.
    pub run_nats: f64,
    /// What the span alone says.
    pub span_nats: f64,
    /// The step that explains most, if steps speak for an attack.
    pub step: Option<u16>,
}

type Sorted = ArrayVec<u16, LAST>;

/// What the order of the last numbers of a prefix says, given as their last four digits. One that
/// comes twice counts once; what is no four digits, or past [`LAST`], is left out.
pub fn order(numbers: &[u16]) -> Order {
    let here = Here::of(numbers.iter().copied().filter(|n| *n < 10_000).take(LAST));
    let sorted = here.sorted();
    if sorted.len() < LEAST {
        return Order::default();
    }
    let (run_nats, step) = run(&sorted, &here);
    let span_nats = span(&sorted);
    Order { nats: together(&[run_nats, span_nats]), run_nats, span_nats, step }
}

#[cfg(test)]
mod tests;

//! Runs: chains of numbers at one step, and gaps that are multiples of one.

use super::here::Here;
use super::{COUNTING, LAST, PREFIX, Sorted};
use crate::math::{ln, log_sum_exp};
use crate::pattern::{CAP, some};
use arrayvec::ArrayVec;

/// Pairs that miss a step by at most this are what chance is read from.
const NEAR: u16 = 50;
/// Fewer links of a step are no run.
const LINKS_MIN: u32 = 3;
/// A chain of fewer links says nothing by its length.
const CHAIN_MIN: f64 = 4.0;
/// Links among gaps in an attack: a run among many living numbers, half and half, or with few holes.
/// With the logarithms of each and of its rest.
const LINKED: [(f64, (f64, f64)); 3] = [
    (0.2, (-1.609_437_912_434_100_3, -0.223_143_551_314_209_7)),
    (0.5, (-core::f64::consts::LN_2, -core::f64::consts::LN_2)),
    (0.8, (-0.223_143_551_314_209_7, -1.609_437_912_434_100_3)),
];
/// However close numbers live, chance is never taken to make more links than this.
const CHANCE_MAX: f64 = 0.4;
/// Gaps that are multiples of the step, in an attack that leaves holes.
const MULTIPLES: [f64; 2] = [0.8, 0.95];
/// What steps say, and the one that says most.
pub(super) fn run(sorted: &Sorted, here: &Here) -> (f64, Option<u16>) {
    let gaps = sorted.len() as f64 - 1.0;
    let mut terms: ArrayVec<(f64, f64), 288> = ArrayVec::new();
    let mut most = (0.0, None);
    let mut note = |step: u16, ratio: f64| {
        // Small steps are likelier chosen than large ones: 1 in 10 × the step, which adds up to one.
        let term = (-ln(10.0 * f64::from(step)), ratio);
        if term.0 + term.1 > most.0 {
            most = (term.0 + term.1, Some(step));
        }
        let _ = terms.try_push(term);
    };
    let chains = chains(sorted, here);
    for of_step in chains.chunk_by(|a, b| a.step() == b.step()) {
        // The first link of each chain is granted: it may be somebody who typed both neighbours.
        let links: u32 = of_step.iter().map(|chain| u32::from(chain.links() - 1)).sum();
        let Some(longest) = of_step.last().filter(|_| links >= LINKS_MIN) else { continue };
        let links = f64::from(links).min(gaps);
        let by_chance = chance(sorted, longest.step());
        note(longest.step(), linked(links, f64::from(longest.links()), gaps, by_chance));
    }
    multiples(sorted, note);
    let [(_, (_, ln_rest)), ..] = LINKED;
    let nothing = gaps * ln_rest;
    let nats = some(COUNTING, log_sum_exp(&terms).max(nothing)).clamp(-CAP, CAP);
    (nats, most.1.filter(|_| nats > 0.0))
}

/// How much likelier `k` of `n` are if each comes with one chance than with another, each given as the
/// logarithms of the chance and of its rest. In how many ways so many may fall is the same for both.
fn likelier(k: f64, n: f64, (yes, no): (f64, f64), (other_yes, other_no): (f64, f64)) -> f64 {
    let k = k.clamp(0.0, n);
    k * (yes - other_yes) + (n - k) * (no - other_no)
}

#[inline]
fn lns(chance: f64) -> (f64, f64) {
    (ln(chance), ln(1.0 - chance))
}

/// What so many links of a step say, of which `longest` in one chain, where each comes by `chance`.
fn linked(links: f64, longest: f64, gaps: f64, chance: f64) -> f64 {
    let by_chance = lns(chance);
    let quarter = -2.0 * core::f64::consts::LN_2;
    let share = |at: usize| {
        let (share, lns) = LINKED.get(at).copied().unwrap_or_default();
        // What chance makes half of the time is no sign of a run.
        let weight = if share < 2.0 * chance { f64::NEG_INFINITY } else { quarter };
        (weight, likelier(links, gaps, lns, by_chance))
    };
    // Among other runs and many people the links are few, but one long chain is no chance either.
    let begins = ln(gaps + 1.0) + longest * by_chance.0;
    let [.., (_, (ln_most, _))] = LINKED;
    let chain = longest * ln_most - begins.min(0.0);
    let weight = if longest < CHAIN_MIN { f64::NEG_INFINITY } else { quarter };
    log_sum_exp(&[share(0), share(1), share(2), (weight, chain)])
}

/// Numbers at one step: the step above the links, in one word that sorts soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Chain(u32);

impl Chain {
    fn step(self) -> u16 {
        (self.0 >> 16) as u16
    }

    fn links(self) -> u16 {
        self.0 as u16
    }
}

/// All chains of at least three numbers, ascending by step and links. There are at most 240
/// among 32 numbers: each has a middle, and as many as numbers on its shorter side.
pub(super) fn chains(sorted: &Sorted, here: &Here) -> ArrayVec<Chain, 256> {
    let has = |n: u16| here.has(n);
    let mut chains = ArrayVec::new();
    let last = sorted.last().copied().unwrap_or_default();
    for (at, first) in sorted.iter().enumerate() {
        for second in sorted.iter().skip(at + 1) {
            let step = second - first;
            if second + step > last {
                // Those that follow reach further still.
                break;
            }
            // Few pairs have a third at their step, so that is asked first.
            if !has(second + step) || first.checked_sub(step).is_some_and(has) {
                continue;
            }
            let (mut end, mut links) = (second + step, 2u32);
            while has(end + step) {
                (end, links) = (end + step, links + 1);
            }
            let _ = chains.try_push(Chain(u32::from(step) << 16 | links));
        }
    }
    chains.sort_unstable();
    chains
}

/// How likely a number has another at just this step, by chance.
fn chance(sorted: &Sorted, step: u16) -> f64 {
    /// Near to no number, by any step.
    const NOBODY: u16 = 40_000;
    let mut others = [NOBODY; LAST];
    others.iter_mut().zip(sorted).for_each(|(other, n)| *other = *n);
    // All are compared with all: without a branch, and without a sum that could overflow, that is sooner
    // done than looking for the first.
    let mut near = [0u16; LAST];
    for n in sorted {
        let low = n.wrapping_add(step).wrapping_sub(NEAR);
        for (near, other) in near.iter_mut().zip(&others) {
            let above = other.wrapping_sub(low);
            let counted = u16::from(above <= 2 * NEAR) ^ u16::from(above == NEAR);
            *near = near.wrapping_add(counted);
        }
    }
    // Whose step is short finds himself near.
    let own = if step <= NEAR { sorted.len() as f64 } else { 0.0 };
    let near = near.into_iter().map(f64::from).sum::<f64>() - own;
    let of_window = near / f64::from(2 * NEAR) / (sorted.len() as f64 - 1.0);
    of_window.max(2.0 * sorted.len() as f64 / PREFIX).min(CHANCE_MAX)
}

/// Steps of which most gaps are multiples, though many are larger: runs with holes. By chance one gap
/// in so many is, as large as the step. Tells each step and what it says.
fn multiples(sorted: &Sorted, mut note: impl FnMut(u16, f64)) {
    let mut gaps: ArrayVec<u16, LAST> = ArrayVec::new();
    gaps.extend(sorted.iter().zip(sorted.iter().skip(1)).map(|(low, high)| high - low));
    // Where most gaps are multiples, two in a row are, and have it in common.
    let mut steps: ArrayVec<u16, LAST> = ArrayVec::new();
    steps.extend(gaps.iter().zip(gaps.iter().skip(1)).map(|(a, b)| common(*a, *b)).filter(|step| *step > 1));
    steps.sort_unstable();
    for of_step in steps.chunk_by(|a, b| a == b) {
        let Some(step) = of_step.first() else { continue };
        let n = gaps.len() as f64;
        // Whether one divides another without a division: its product with the inverse, cut to 32 bits,
        // is less than the inverse.
        let inverse = u32::MAX / u32::from(*step) + 1;
        let hits = gaps.iter().filter(|gap| u32::from(**gap).wrapping_mul(inverse) < inverse).count() as f64;
        if hits <= n / 2.0 {
            continue;
        }
        let by_chance = lns(1.0 / f64::from(*step));
        let half = -core::f64::consts::LN_2;
        note(*step, log_sum_exp(&MULTIPLES.map(|share| (half, likelier(hits, n, lns(share), by_chance)))));
    }
}

/// The largest that two have in common, neither of them nought; by shifts, since divisions take long.
fn common(a: u16, b: u16) -> u16 {
    let twos = (a | b).trailing_zeros();
    let (mut a, mut b) = (a >> a.trailing_zeros().min(15), b >> b.trailing_zeros().min(15));
    while a != b {
        let (low, far) = (a.min(b), a.abs_diff(b));
        (a, b) = (low, far >> far.trailing_zeros());
    }
    a << twos
}

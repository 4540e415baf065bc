//! Runs: chains of numbers at one step, and gaps that are multiples of one.

use super::{COUNTING, LAST, PREFIX, Sorted};
use crate::math::{ln_binomial, log_sum_exp};
use crate::pattern::{CAP, some};
use arrayvec::ArrayVec;

/// Pairs that miss a step by at most this are what chance is read from.
const NEAR: i32 = 50;
/// Fewer links of a step are no run.
const LINKS_MIN: u32 = 3;
/// A chain of fewer links says nothing by its length.
const CHAIN_MIN: f64 = 4.0;
/// Links among gaps in an attack: a run among many living numbers, half and half, or with few holes.
const LINKED: [f64; 3] = [0.2, 0.5, 0.8];
/// However close numbers live, chance is never taken to make more links than this.
const CHANCE_MAX: f64 = 0.4;
/// Gaps that are multiples of the step, in an attack that leaves holes.
const MULTIPLES: [f64; 2] = [0.8, 0.95];
/// What steps say, and the one that says most.
pub(super) fn run(sorted: &Sorted) -> (f64, Option<u16>) {
    let gaps = sorted.len() as f64 - 1.0;
    let mut terms: ArrayVec<(f64, f64), 288> = ArrayVec::new();
    let mut most = (0.0, None);
    let mut note = |step: u16, ratio: f64| {
        // Small steps are likelier chosen than large ones: 1 in 10 × the step, which adds up to one.
        let term = (-libm::log(10.0 * f64::from(step)), ratio);
        if term.0 + term.1 > most.0 {
            most = (term.0 + term.1, Some(step));
        }
        let _ = terms.try_push(term);
    };
    let chains = chains(sorted);
    for of_step in chains.chunk_by(|a, b| a.0 == b.0) {
        // The first link of each chain is granted: it may be somebody who typed both neighbours.
        let links: u32 = of_step.iter().map(|chain| u32::from(chain.1 - 1)).sum();
        let Some((step, longest)) = of_step.last().filter(|_| links >= LINKS_MIN) else { continue };
        let links = f64::from(links).min(gaps);
        let ratio = linked(links, f64::from(*longest), gaps, chance(sorted, *step));
        note(*step, ratio);
    }
    multiples(sorted, note);
    let nothing = gaps * libm::log(1.0 - LINKED[0]);
    let nats = some(COUNTING, log_sum_exp(&terms).max(nothing)).clamp(-CAP, CAP);
    (nats, most.1.filter(|_| nats > 0.0))
}

/// What so many links of a step say, of which `longest` in one chain, where each comes by `chance`.
fn linked(links: f64, longest: f64, gaps: f64, chance: f64) -> f64 {
    let by_chance = ln_binomial(links, gaps, chance);
    let quarter = -libm::log(4.0);
    let share = |share: f64| {
        // What chance makes half of the time is no sign of a run.
        let ratio = ln_binomial(links, gaps, share) - by_chance;
        (if share < 2.0 * chance { f64::NEG_INFINITY } else { quarter }, ratio)
    };
    let [some, half, most] = LINKED;
    // Among other runs and many people the links are few, but one long chain is no chance either.
    let begins = libm::log(gaps + 1.0) + longest * libm::log(chance);
    let chain = longest * libm::log(most) - begins.min(0.0);
    let weight = if longest < CHAIN_MIN { f64::NEG_INFINITY } else { quarter };
    log_sum_exp(&[share(some), share(half), share(most), (weight, chain)])
}

/// All chains of at least three numbers, as (step, links), ascending by step. There are at most 240
/// among 32 numbers: each has a middle, and as many as numbers on its shorter side.
pub(super) fn chains(sorted: &Sorted) -> ArrayVec<(u16, u16), 256> {
    let mut here = [0u64; 157];
    for n in sorted {
        if let Some(word) = here.get_mut(usize::from(n / 64)) {
            *word |= 1 << (n % 64);
        }
    }
    let has = |n: u16| here.get(usize::from(n / 64)).is_some_and(|word| word >> (n % 64) & 1 == 1);
    let mut chains = ArrayVec::new();
    for (at, first) in sorted.iter().enumerate() {
        for second in sorted.iter().skip(at + 1) {
            let step = second - first;
            let starts = first.checked_sub(step).is_none_or(|before| !has(before));
            if !starts || !has(second + step) {
                continue;
            }
            let (mut end, mut links) = (second + step, 2);
            while has(end + step) {
                (end, links) = (end + step, links + 1);
            }
            let _ = chains.try_push((step, links));
        }
    }
    chains.sort_unstable();
    chains
}

/// How likely a number has another at just this step, by chance.
fn chance(sorted: &Sorted, step: u16) -> f64 {
    let step = i32::from(step);
    let (mut low, mut high, mut near) = (0, 0, 0);
    for n in sorted {
        let to = i32::from(*n) + step;
        while sorted.get(low).is_some_and(|other| i32::from(*other) < to - NEAR) {
            low += 1;
        }
        while sorted.get(high).is_some_and(|other| i32::from(*other) <= to + NEAR) {
            high += 1;
        }
        let exact = u16::try_from(to).is_ok_and(|to| sorted.binary_search(&to).is_ok());
        near += high - low - usize::from(exact) - usize::from(step <= NEAR);
    }
    let of_window = near as f64 / f64::from(2 * NEAR) / (sorted.len() as f64 - 1.0);
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
        let hits = gaps.iter().filter(|gap| *gap % step == 0).count() as f64;
        let chance = 1.0 / f64::from(*step);
        if hits <= n / 2.0 {
            continue;
        }
        let held = MULTIPLES.map(|share| (-libm::log(MULTIPLES.len() as f64), ln_binomial(hits, n, share)));
        note(*step, log_sum_exp(&held) - ln_binomial(hits, n, chance));
    }
}

/// The largest that two have in common.
fn common(mut a: u16, mut b: u16) -> u16 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

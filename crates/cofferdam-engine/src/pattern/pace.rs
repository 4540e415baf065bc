//! Pace: do newcomers come like people, or like a clock?
//!
//! The coefficient of variation of the last gaps is about 1 for people and near 0 for timers. Its
//! likelihood is exact: the gaps are taken for gamma-distributed of some shape (whose variation is 1 /
//! √shape) at an unknown pace, which drops out. It is worth little: bots may draw their times as people
//! would, and honest monitors are timers.

use super::some;
use crate::math::{ln_gamma, log_sum_exp};

/// So many gaps are kept.
pub const GAPS: usize = 16;
/// Fewer say nothing.
const GAPS_MIN: usize = 6;
/// It never says more than this.
const PACE_CAP: f64 = 1.5;
/// The share of attacks that are paced by a timer (a guess).
const TIMED: f64 = 0.3;
/// Shapes of people's gaps: as chance has it, and more ragged.
const PEOPLE: [f64; 3] = [0.4, 0.7, 1.0];
/// Shapes of timers' gaps: variations of a half, a quarter, an eighth and a sixteenth.
const TIMERS: [f64; 4] = [4.0, 16.0, 64.0, 256.0];
/// Gaps that are not this many times longer than times are fine say nothing: rounding makes them even.
const COARSE: f64 = 5.0;

/// What the gaps between the last newcomers say, in any unit, with the `fineness` of the times in the
/// same unit (1 for whole seconds). The newest [`GAPS`] must come first, since only those are read.
pub fn pace(gaps: &[f64], fineness: f64) -> f64 {
    let n = gaps.len().min(GAPS);
    let (mut sum, mut ln_sum) = (0.0, 0.0);
    for gap in gaps.iter().take(GAPS) {
        // A gap of nought is one that rounding has swallowed.
        let gap = gap.max(fineness / 2.0);
        sum += gap;
        ln_sum += libm::log(gap);
    }
    let count = n as f64;
    if n < GAPS_MIN || sum <= COARSE * fineness * count {
        return 0.0;
    }
    let (all, ln_total) = (count, libm::log(sum));
    let fits = |shape: f64| {
        ln_gamma(all * shape) - all * ln_gamma(shape) + (shape - 1.0) * ln_sum - all * shape * ln_total
    };
    let ratio = log_sum_exp(&TIMERS.map(|shape| (-libm::log(TIMERS.len() as f64), fits(shape))))
        - log_sum_exp(&PEOPLE.map(|shape| (-libm::log(PEOPLE.len() as f64), fits(shape))));
    some(TIMED, ratio).clamp(-PACE_CAP, PACE_CAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Gaps as chance has them, with a mean of 60.
    fn chance(seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..GAPS)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                -60.0 * libm::log(((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64)
            })
            .collect()
    }

    #[test]
    fn a_timer_is_seen_and_people_are_not() {
        assert!((pace(&[30.0; 16], 1.0) - PACE_CAP).abs() < 1e-9);
        let jitter: Vec<f64> = (0..16).map(|at| 30.0 + f64::from(at * 7 % 11)).collect();
        assert!((pace(&jitter, 1.0) - PACE_CAP).abs() < 1e-9, "thirty seconds and some");
        let loud = (0..2000).filter(|seed| pace(&chance(*seed), 1.0) > 0.5).count();
        assert!(loud < 40, "{loud} of 2000");
        // A ratio that is what it says it is averages one over people.
        let mean = (0..2000).map(|seed| libm::exp(pace(&chance(seed), 1.0))).sum::<f64>() / 2000.0;
        assert!(mean < 1.0, "{mean}");
    }

    #[test]
    fn a_rush_is_no_timer() {
        // Ten a second, and times in whole seconds: all gaps look the same.
        assert!(pace(&[0.0; 16], 1.0).abs() < 1e-12 && pace(&[1.0; 16], 1.0).abs() < 1e-12);
        assert!(pace(&[30.0; 5], 1.0).abs() < 1e-12, "five gaps say nothing");
    }

    #[test]
    fn bursts_are_people() {
        let bursts = [2.0, 900.0, 4.0, 3.0, 1200.0, 1.0, 8.0, 2.0, 700.0, 5.0];
        assert!((-0.4..0.0).contains(&pace(&bursts, 1.0)));
    }

    proptest! {
        #[test]
        fn the_unit_does_not_matter(seed in any::<u64>(), by in 0.5f64..50.0) {
            let gaps: Vec<f64> = chance(seed);
            let scaled: Vec<f64> = gaps.iter().map(|gap| gap * by).collect();
            prop_assert!((pace(&gaps, 0.01) - pace(&scaled, 0.01 * by)).abs() < 1e-6);
        }

        #[test]
        fn more_even_says_more(seed in any::<u64>(), pull in 0.1f64..1.0) {
            // Drawing gaps towards their mean makes them look more like a timer's.
            let gaps = chance(seed);
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            let even: Vec<f64> = gaps.iter().map(|gap| gap + (mean - gap) * pull).collect();
            prop_assert!(pace(&even, 0.01) >= pace(&gaps, 0.01) - 1e-9);
        }
    }
}

//! How likely a count is under an expectation: the negative binomial, since counts of people wander
//! more than chance alone would let them.

use super::gamma::{ln_gamma, rise};
use super::ln::ln;

/// Nothing is ever wholly unexpected, so no count has a likelihood of nought.
const MEAN_MIN: f64 = 1e-9;

/// ln of the likelihood of `n` under expectation `mean` and size `r` (variance mean + mean² / r).
pub fn nb(n: f64, mean: f64, r: f64) -> f64 {
    Nb::new(mean, r).ln_at(n)
}

/// What the likelihood of a count needs of the count and the size alone: ln gamma(n + r) - ln gamma(n + 1).
/// Worked out once where many expectations are held against one count.
pub fn rise_per_count(n: f64, r: f64) -> f64 {
    if r < 1.0 { -rise(n + r, 1.0 - r) } else { rise(n + 1.0, r - 1.0) }
}

/// A hypothesis about a count, with what does not depend on the count worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nb {
    mean: f64,
    r: f64,
    /// r ln(r / (r + mean)) - ln gamma(r).
    constant: f64,
    /// ln(mean / (r + mean)).
    each: f64,
}

impl Nb {
    /// The hypothesis of an expectation and a size.
    pub fn new(mean: f64, r: f64) -> Self {
        Self::with(mean, r, ln_gamma(r))
    }

    /// The same where ln gamma(r) is known, as it is for every hypothesis of one kind.
    pub fn with(mean: f64, r: f64, ln_gamma_r: f64) -> Self {
        Self::known(mean, r, ln(r), ln_gamma_r)
    }

    /// The same where ln r is known as well.
    #[inline]
    pub fn known(mean: f64, r: f64, ln_r: f64, ln_gamma_r: f64) -> Self {
        let mean = mean.max(MEAN_MIN);
        let sum = ln(r + mean);
        let constant = r * (ln_r - sum) - ln_gamma_r;
        Self { mean, r, constant, each: ln(mean) - sum }
    }

    /// The expectation.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// ln of the likelihood of `n`.
    pub fn ln_at(&self, n: f64) -> f64 {
        self.ln_given(n, rise_per_count(n, self.r))
    }

    /// The same where [`rise_per_count`] of this count and size is known.
    pub fn ln_given(&self, n: f64, rise: f64) -> f64 {
        rise + self.constant + n * self.each
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are the same to the bit")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(mean: f64, r: f64) -> (f64, f64) {
        let hypothesis = Nb::new(mean, r);
        (0..20_000).fold((0.0, 0.0), |(all, first), n| {
            let p = libm::exp(hypothesis.ln_at(f64::from(n)));
            (all + p, first + p * f64::from(n))
        })
    }

    #[test]
    fn it_is_a_distribution_with_its_mean() {
        for (mean, r) in [(0.02, 0.25), (1.0, 0.5), (3.0, 1.5), (40.0, 4.0), (300.0, 30.0)] {
            let (all, first) = sum(mean, r);
            assert!((all - 1.0).abs() < 1e-6, "{mean} {r}: {all}");
            assert!((first / mean - 1.0).abs() < 1e-6, "{mean} {r}: {first}");
        }
    }

    #[test]
    fn a_surge_of_a_quiet_place_says_less_than_one_of_a_busy_place() {
        // Five times the usual: nothing special where 0.5 is usual, everything where 200 is.
        let lift = |usual: f64| {
            nb(5.0 * usual, 5.0 * usual, 4.0) - nb(5.0 * usual, usual, super::super::dispersion(usual))
        };
        assert!(lift(0.5) < 2.0, "{}", lift(0.5));
        assert!(lift(200.0) > 15.0, "{}", lift(200.0));
    }

    #[test]
    fn a_place_where_nobody_lives_has_an_answer() {
        assert!(nb(0.0, 0.0, 0.5).is_finite() && nb(7.0, 0.0, 0.5) < -50.0);
    }

    proptest! {
        #[test]
        fn the_most_likely_expectation_is_the_count(n in 1.0f64..3000.0, by in 1.05f64..20.0, r in 0.25f64..30.0) {
            prop_assert!(nb(n, n, r) > nb(n, n * by, r) && nb(n, n, r) > nb(n, n / by, r));
        }

        #[test]
        fn what_is_worked_out_before_changes_nothing(n in 0.0f64..3000.0, mean in 1e-6f64..1e4, r in 0.25f64..30.0) {
            let plain = libm::lgamma(n + r) - libm::lgamma(r) - libm::lgamma(n + 1.0)
                + r * libm::log(r / (r + mean)) + n * libm::log(mean / (r + mean));
            prop_assert!((nb(n, mean, r) - plain).abs() < 1e-6);
            prop_assert_eq!(nb(n, mean, r), Nb::with(mean, r, ln_gamma(r)).ln_given(n, rise_per_count(n, r)));
        }
    }
}

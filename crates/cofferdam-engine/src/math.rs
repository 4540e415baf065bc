//! The mathematics that judgements are made of: likelihoods of counts and of shares, and what turns
//! them into probabilities.
//!
//! Pure arithmetic on `f64` from one software library, so that every machine gets the same bits. It
//! knows no scope, no policy and no hypothesis: those are the posterior's and the patterns', who call
//! it. Logarithms are natural; what is called a likelihood here is its logarithm, in nats.

mod beta;
mod count;
mod exp;
mod gamma;
mod ln;
mod share;

pub use beta::beta_above;
pub use count::{Nb, nb, rise_per_count};
pub use exp::exp;
pub use gamma::{ln_gamma, ln_gammas, rise};
pub use ln::ln;
pub use share::{BELIEF, Bb, BbOf14, bb, ln_binomial};

/// Shares nearer to 0 or 1 than this are taken for it.
const SHARE_MIN: f64 = 1e-12;

/// Log-odds of a probability; 0 and 1 are taken for the nearest that is none.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(SHARE_MIN, 1.0 - SHARE_MIN);
    ln(p / (1.0 - p))
}

/// The probability of log-odds.
pub fn sigma(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// The logarithm of a sum, of terms given as (ln weight, ln likelihood): the largest is taken out
/// first, so that nothing overflows and what is small only adds nothing. Of no terms: minus infinity.
pub fn log_sum_exp(terms: &[(f64, f64)]) -> f64 {
    let most = terms.iter().fold(f64::NEG_INFINITY, |most, (w, l)| most.max(w + l));
    if most == f64::NEG_INFINITY {
        return most;
    }
    // What is forty below the largest changes no bit of the sum; nearly all terms are, often.
    let near = terms.iter().map(|(w, l)| w + l - most).filter(|below| *below > -40.0);
    most + ln(near.map(exp).sum())
}

/// How much a place of some expectation wanders: knots of (ln expectation, size r). The last knot is
/// where "a very large place" begins, a guess: the paper says only that it lies above 100.
const KNOTS: [(f64, f64); 5] = [
    (0.0, 0.5),
    (1.098_612_288_668_109_8, 1.5),
    (core::f64::consts::LN_10, 5.0),
    (2.0 * core::f64::consts::LN_10, 15.0),
    (3.0 * core::f64::consts::LN_10, 30.0),
];

/// The size r of the negative binomial for a place that expects `mean`: 0.5 below 1, 1.5 at 3, 5 at
/// 10, 15 at 100, 30 from 1000 on, straight lines in ln mean between. Prefixes, addresses and devices
/// take half of it.
pub fn dispersion(mean: f64) -> f64 {
    dispersion_at(ln(mean))
}

/// The same where the logarithm of the mean is known.
pub fn dispersion_at(at: f64) -> f64 {
    if at <= 0.0 {
        return KNOTS[0].1;
    }
    let (mut low, mut r) = (KNOTS[0], KNOTS[4].1);
    for high in KNOTS {
        if at < high.0 {
            r = low.1 + (high.1 - low.1) * (at - low.0) / (high.0 - low.0);
            break;
        }
        low = high;
    }
    r
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are the same to the bit")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_size_of_a_place_follows_the_knots() {
        let said =
            [(0.01, 0.5), (1.0, 0.5), (3.0, 1.5), (10.0, 5.0), (100.0, 15.0), (1000.0, 30.0), (1e6, 30.0)];
        for (mean, r) in said {
            assert!((dispersion(mean) - r).abs() < 1e-9, "{mean}: {}", dispersion(mean));
        }
        assert!((dispersion(31.622_776_601_683_79) - 10.0).abs() < 1e-9, "half way between 10 and 100");
    }

    #[test]
    fn odds_of_almost_nothing_stay_finite() {
        assert!(logit(0.0).is_finite() && logit(1.0).is_finite());
        assert!((logit(0.002) + 6.212_606).abs() < 1e-6);
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[(f64::NEG_INFINITY, 3.0)]), f64::NEG_INFINITY);
        // e^800 is no number, the logarithm of twice of it is.
        assert!((log_sum_exp(&[(0.0, 800.0), (0.0, 800.0)]) - 800.693_147_180_56).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn sigma_is_the_inverse_of_logit(p in 1e-9f64..0.999_999_999) {
            prop_assert!((sigma(logit(p)) - p).abs() < 1e-9);
        }

        #[test]
        fn larger_places_wander_less(mean in 0.01f64..5000.0, by in 1.0f64..10.0) {
            prop_assert!(dispersion(mean * by) >= dispersion(mean));
        }

        #[test]
        fn a_sum_lies_between_its_largest_term_and_as_many_of_them(
            terms in proptest::collection::vec((-20.0f64..0.0, -500.0f64..0.0), 1..30)
        ) {
            let most = terms.iter().fold(f64::NEG_INFINITY, |most, (w, l)| most.max(w + l));
            let sum = log_sum_exp(&terms);
            prop_assert!(sum >= most && sum <= most + libm::log(terms.len() as f64) + 1e-9);
        }
    }
}

//! Patterns: what a scope has seen, beside how much of it. Each gives the logarithm of a likelihood
//! ratio, attack against honest, in nats, **given the same count**, so that it may be added to what
//! the count itself says.
//!
//! Pure functions of small arrays. They find and do not weigh: which scopes are asked, what share the
//! attack would have, and what all of it is worth is the posterior's and the policy's, who call them.
//!
//! Two habits hold for all. Fewer than [`LEAST`] observations say nothing. And only *some* attacks show
//! any one pattern: one that does not show it is a little less likely an attack, never proved honest,
//! or whoever imitates people well would be rewarded for it ([`some`]).

pub mod challenge;
pub mod distinct;
pub mod early;
pub mod order;
pub mod pace;
pub mod sameness;

use crate::math::rise;

/// Fewer observations than this say nothing.
pub const LEAST: usize = 5;
/// All patterns of a scope together never say more than this, either way.
pub const CAP: f64 = 4.0;

/// The ratio when only `share` of all attacks show a pattern and `nats` tells those from honest ones.
pub fn some(share: f64, nats: f64) -> f64 {
    // Beyond this the rest no longer matters, and the exponential would be no number.
    if nats > 500.0 {
        return nats + libm::log(share);
    }
    libm::log(1.0 - share + share * libm::exp(nats))
}

/// Several patterns of one scope together: their sum, within [`CAP`].
pub fn together(nats: &[f64]) -> f64 {
    nats.iter().sum::<f64>().clamp(-CAP, CAP)
}

/// ln of the likelihood that what fell into some bins fell as it did, in one order, when shares are
/// believed to be `weight × shares`: the Dirichlet-multinomial without its coefficient, which is
/// common to all beliefs. A share of nought is taken for a very small one.
pub(crate) fn fell<const BINS: usize>(counts: &[f64; BINS], shares: &[f64; BINS], weight: f64) -> f64 {
    const SHARE_MIN: f64 = 0.002;
    let all: f64 = shares.iter().map(|share| share.max(SHARE_MIN)).sum();
    let each = counts.iter().zip(shares).map(|(n, share)| rise(weight * share.max(SHARE_MIN) / all, *n));
    each.sum::<f64>() - rise(weight, counts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_some_attacks_show_does_not_clear_the_others() {
        assert!((some(0.3, 0.0)).abs() < 1e-12);
        assert!((some(0.3, -50.0) - libm::log(0.7)).abs() < 1e-12);
        assert!((some(0.3, 10.0) - (10.0 + libm::log(0.3))).abs() < 1e-3);
        assert!((some(0.3, 900.0) - (900.0 + libm::log(0.3))).abs() < 1e-9);
    }

    #[test]
    fn together_they_are_held() {
        assert!((together(&[3.0, 3.0]) - CAP).abs() < 1e-12 && (together(&[-9.0, 1.0]) + CAP).abs() < 1e-12);
        assert!((together(&[1.5, -0.5]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_of_a_kind_falls_with_its_share() {
        let shares = [0.5, 0.3, 0.2];
        assert!((fell(&[0.0, 1.0, 0.0], &shares, 20.0) - libm::log(0.3)).abs() < 1e-6);
        assert!(fell(&[0.0; 3], &shares, 20.0).abs() < 1e-12);
        assert!(fell(&[9.0, 0.0, 0.0], &[0.0, 0.5, 0.5], 20.0).is_finite());
    }
}

//! The log-gamma function, and the rising factorial that every likelihood here is made of.

use super::ln::ln;

/// Half of ln 2 pi.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// From here on two terms of Stirling's series are off by less than 1 / (1260 × 8^5) = 2.5e-8.
const FAR: f64 = 8.0;

/// Stirling's formula, for arguments of at least [`FAR`].
#[inline]
pub(super) fn stirling(x: f64) -> f64 {
    let inverse = 1.0 / x;
    (x - 0.5) * ln(x) - x + HALF_LN_TAU + inverse * (1.0 / 12.0 - inverse * inverse / 360.0)
}

/// x (x + 1) … (x + 7): what gamma is divided by to come back from x + 8.
#[inline]
pub(super) fn eight(x: f64) -> f64 {
    // Two at a time, so that the factors do not wait for one another.
    let (y, square) = (7.0 * x, x * x);
    (square + y) * (square + y + 6.0) * ((square + y + 10.0) * (square + y + 12.0))
}

/// The logarithm of gamma for `x` above 0, off by less than 1e-7.
pub fn ln_gamma(x: f64) -> f64 {
    if x >= FAR { stirling(x) } else { stirling(x + FAR) - ln(eight(x)) }
}

/// [`ln_gamma`] of two, together: what brings both back from far away shares one logarithm.
#[inline]
pub fn ln_gammas(x: f64, y: f64) -> f64 {
    stirling(x + FAR) + stirling(y + FAR) - ln(eight(x) * eight(y))
}

/// The logarithm of x (x + 1) … (x + n - 1), for any `n` from 0: ln gamma(x + n) - ln gamma(x). Off by
/// less than 1e-7, and 0 where nothing was counted.
pub fn rise(x: f64, n: f64) -> f64 {
    if n <= 0.0 {
        return 0.0;
    }
    let to = x + n;
    if x >= FAR {
        return stirling(to) - stirling(x);
    }
    // What both need to come back from far away shares one logarithm.
    if to >= FAR {
        stirling(to) - stirling(x + FAR) + ln(eight(x))
    } else {
        stirling(to + FAR) - stirling(x + FAR) + ln(eight(x) / eight(to))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are the same to the bit")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Off by 1e-7, and by what 64 bits leave of large figures.
    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-7 + b.abs() * 1e-14
    }

    #[test]
    fn factorials() {
        assert!(near(ln_gamma(1.0), 0.0) && near(ln_gamma(2.0), 0.0));
        assert!(near(ln_gamma(6.0), libm::log(120.0)));
        assert!(near(ln_gamma(0.5), 0.5 * libm::log(core::f64::consts::PI)));
        assert!(near(rise(5.0, 3.0), libm::log(5.0 * 6.0 * 7.0)));
        assert_eq!(rise(0.3, 0.0), 0.0);
    }

    #[test]
    fn both_sides_of_the_far_point_agree() {
        assert!(near(ln_gamma(FAR), ln_gamma(FAR - 1e-12)));
        assert!(near(rise(FAR, 2.0), rise(FAR - 1e-12, 2.0)));
    }

    proptest! {
        #[test]
        fn agrees_with_the_slow_one(e in -6.0f64..7.0) {
            let x = libm::pow(10.0, e);
            prop_assert!(near(ln_gamma(x), libm::lgamma(x)), "{} {} {}", x, ln_gamma(x), libm::lgamma(x));
        }

        #[test]
        fn two_together_are_the_sum(e in -3.0f64..6.0, f in -3.0f64..6.0) {
            let (x, y) = (libm::pow(10.0, e), libm::pow(10.0, f));
            let slow = libm::lgamma(x) + libm::lgamma(y);
            prop_assert!((ln_gammas(x, y) - slow).abs() < 2e-7 + slow.abs() * 1e-14);
        }

        #[test]
        fn a_rise_is_the_difference(e in -3.0f64..4.0, n in 0.0f64..5000.0) {
            let x = libm::pow(10.0, e);
            let slow = libm::lgamma(x + n) - libm::lgamma(x);
            prop_assert!(near(rise(x, n), slow) || (rise(x, n) - slow).abs() < 1e-7 + libm::lgamma(x + n) * 1e-14);
        }
    }
}

//! The chance that an unknown share is above a line, by the regularised incomplete beta function.

use super::gamma::ln_gamma;

/// The fraction ends sooner by far, but for shares known from tens of thousands.
const STEPS: u32 = 500;
const ENOUGH: f64 = 1e-12;

/// P(q > p) where q ~ Beta(a, b): for example, whether what a holdout let through converts above half
/// of the normal rate, q ~ Beta(1 + v, 2 + m - v).
pub fn beta_above(p: f64, a: f64, b: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * libm::log(p) + b * libm::log1p(-p);
    let front = libm::exp(front);
    // The fraction is short on its own side of the mean, so the other side is taken from there.
    let above = if p < (a + 1.0) / (a + b + 2.0) {
        1.0 - front * fraction(p, a, b) / a
    } else {
        front * fraction(1.0 - p, b, a) / b
    };
    above.clamp(0.0, 1.0)
}

/// The continued fraction of the incomplete beta function, from its front (Lentz's way).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let off_nought = |y: f64| if y.abs() < 1e-300 { 1e-300 } else { y };
    let mut upper = 1.0;
    let mut lower = 1.0 / off_nought(1.0 - (a + b) * x / (a + 1.0));
    let mut product = lower;
    for step in 1..=STEPS {
        let at = f64::from(step);
        let even = at * (b - at) * x / ((a + 2.0 * at - 1.0) * (a + 2.0 * at));
        let odd = -(a + at) * (a + b + at) * x / ((a + 2.0 * at) * (a + 2.0 * at + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            lower = 1.0 / off_nought(1.0 + term * lower);
            upper = off_nought(1.0 + term / upper);
            change = upper * lower;
            product *= change;
        }
        if (change - 1.0).abs() < ENOUGH {
            break;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn known_figures() {
        assert!(near(beta_above(0.3, 1.0, 1.0), 0.7), "of a share of which nothing is known");
        assert!(near(beta_above(0.3, 1.0, 4.0), 0.7f64 * 0.7 * 0.7 * 0.7));
        assert!(near(beta_above(0.3, 3.0, 1.0), 1.0 - 0.027));
        assert!(near(beta_above(0.5, 20.0, 20.0), 0.5));
        assert_eq!((beta_above(0.0, 2.0, 3.0), beta_above(1.0, 2.0, 3.0)), (1.0, 0.0));
    }

    #[test]
    fn a_block_is_lifted_by_a_few_conversions_and_not_by_one() {
        // Half of a normal rate of 0.7; the door opens above 0.9.
        let lifts = |v: f64, m: f64| beta_above(0.35, 1.0 + v, 2.0 + m - v) > 0.9;
        assert!(!lifts(0.0, 0.0) && !lifts(1.0, 1.0) && !lifts(1.0, 6.0));
        assert!(lifts(5.0, 6.0) && lifts(3.0, 3.0));
    }

    #[test]
    fn large_samples_come_to_an_end() {
        assert!(beta_above(0.5, 60_000.0, 40_000.0) > 0.999_999);
        assert!(beta_above(0.7, 60_000.0, 40_000.0) < 1e-6);
        assert!((beta_above(0.6, 60_000.0, 40_000.0) - 0.5).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_a_binomial(p in 0.01f64..0.99, a in 1u32..40, b in 1u32..40) {
            // P(q > p) for whole a and b is the chance of at most a - 1 of a + b - 1.
            let n = f64::from(a + b - 1);
            let sum: f64 = (0..a).map(|k| libm::exp(super::super::ln_binomial(f64::from(k), n, p))).sum();
            prop_assert!(near(beta_above(p, f64::from(a), f64::from(b)), sum));
        }

        #[test]
        fn it_falls_with_the_line_and_rises_with_conversions(p in 0.01f64..0.9, a in 0.5f64..300.0, b in 0.5f64..300.0) {
            let here = beta_above(p, a, b);
            prop_assert!(beta_above(p + 0.05, a, b) <= here + 1e-9);
            prop_assert!(beta_above(p, a + 1.0, b) >= here - 1e-9);
            prop_assert!(near(here + beta_above(1.0 - p, b, a), 1.0));
        }
    }
}

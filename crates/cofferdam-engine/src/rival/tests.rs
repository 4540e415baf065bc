//! The short ways of the rivals are the long ones.

use super::*;
use crate::math::{bb, nb};
use proptest::prelude::*;

proptest! {
    #[test]
    fn who_mistypes_is_counted_as_anybody(n in 0.0f64..3000.0) {
        prop_assert!((mistyped(n) - nb(n, 1.6, 8.0)).abs() < 1e-6);
    }

    #[test]
    fn what_is_remembered_changes_nothing(p in 0.005f64..0.995, kappa in 4.0f64..30.0, m in 0.0f64..900.0, share in 0.0f64..1.0) {
        let (mut memo, v) = (Memo::new(), share * m);
        memo.outcomes(1, (1.0, 3.0), p, kappa);
        let _ = memo.ln(1, Belief::AsUsual);
        memo.outcomes(1, (v, m), p, kappa);
        for (belief, mean, kappa) in [
            (Belief::AsUsual, p, kappa),
            (Belief::Outage, 0.1 * p / 0.7, 3.0),
            (Belief::Mistyped, 0.6 * p, 3.0),
            (Belief::Growth, 0.95 * p, kappa),
            (Belief::Campaign, 0.6 * p, 10.0),
        ] {
            prop_assert_eq!(memo.ln(1, belief).to_bits(), bb(v, m, mean, kappa).to_bits());
        }
    }

    #[test]
    fn sums_are_those_of_the_logarithms(
        honest in proptest::collection::vec((0.001f64..1.0, -90.0f64..20.0), 1..6),
        (weight, ln, share) in (0.001f64..1.0, -90.0f64..20.0, 0.1f64..1.0),
    ) {
        let mut terms = Terms::new();
        for (weight, ln) in &honest {
            terms.add(*weight, *ln);
        }
        let bound = terms.at_most(weight, ln);
        terms.add_attack(weight, weight * share, ln);
        let sum: f64 = honest.iter().map(|(weight, ln)| weight * libm::exp(*ln)).sum();
        let attack = weight * libm::exp(ln);
        // What lies far below the rest is left out: then there is no attack, and no share.
        let (certain, of_them) = terms.chance();
        prop_assert!((certain - attack / (sum + attack)).abs() < 1e-9);
        prop_assert!(certain <= 0.0 || (of_them - share).abs() < 1e-9);
        prop_assert!(bound >= certain - 1e-9);
    }
}

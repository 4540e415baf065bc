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

const SCOPES: [Scope; 8] = [
    Scope::Country,
    Scope::Network,
    Scope::ProfileNetwork,
    Scope::WhenceNetwork,
    Scope::Prefix4,
    Scope::Prefix2,
    Scope::Address,
    Scope::Device,
];

prop_compose! {
    /// Horizons of which each holds what the shorter one does.
    fn a_reading()(
        scope in 0usize..SCOPES.len(),
        seen in proptest::array::uniform3(-1.0f32..6.0),
        expected in proptest::array::uniform3(-4.0f32..4.0),
        old in proptest::array::uniform3(0.0f32..1.2),
        converted in proptest::array::uniform3(-2.0f32..1.0),
        tried in (0.0f32..40.0, 0.0f32..1.0, proptest::bool::ANY),
        (rate, rate_of, strikes, order) in (0.2f32..0.95, 0.0f32..400.0, 0.0f32..1.0, 0.0f32..6.0),
    ) -> Reading {
        let seen = seen.map(f32::exp);
        let matured = [0, 1, 2].map(|h| seen[h] * old[h].min(1.0));
        let (asked, failed) = if tried.2 { (tried.0, tried.0 * tried.1) } else { (0.0, 0.0) };
        Reading {
            scope: SCOPES[scope],
            key: 1,
            seen,
            explained: [0.0; 3],
            matured,
            converted: [0, 1, 2].map(|h| matured[h] * converted[h].max(0.0)),
            expected: expected.map(f32::exp),
            rate,
            rate_of,
            challenged: asked,
            failed,
            strikes: if strikes > 0.8 { strikes } else { 0.0 },
            asked: seen[2],
            trusted: None,
            order: (scope == 4).then_some((order, 1)),
            tried: [[asked; 2], [failed; 2]],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Whatever is spared, what is told is what the horizon says that says most.
    #[test]
    fn spared_work_changes_nothing(
        reading in a_reading(), pipe in proptest::array::uniform3(0.6f32..1.0), heat in 0.0f32..1.0,
    ) {
        let climate = Climate { age_h: 900.0, heat, pipe };
        let around = Around { climate, price: 0.1, risky: 1.0 };
        let rivals = Rivals::default();
        let all = (0..HORIZONS).filter_map(|horizon| {
            let mut memo = Memo::new();
            let open = Open::of(&reading, horizon, &around, &rivals, &mut memo)?;
            at_horizon(&open, &reading, &[], &around, &rivals, 0.0, &mut memo)
        });
        let most = all.reduce(|a, b| if b.own > a.own { b } else { a }).filter(|most| most.own >= TELLS);
        let told = suspect(&reading, &[], &around, &rivals, &mut Memo::new()).filter(|told| told.own >= TELLS);
        prop_assert_eq!(told, most);
    }
}

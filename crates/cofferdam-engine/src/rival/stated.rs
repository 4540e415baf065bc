//! From what the rivals make of a scope to what may be stated: a table of what chances were found to be worth,
//! and points. Called by the rivals and by whoever weighs.

use super::Suspicion;
use crate::math::{logit, sigma};

/// Points of a suspicion: how far it is from the base rate, in thousandths of log-odds, so that alone
/// it comes to its own chance.
pub(crate) fn points(found: &Suspicion) -> i32 {
    let moved = logit(found.own.clamp(1e-6, 1.0 - 1e-6)) - BASE;
    libm::round(1000.0 * moved) as i32
}

/// What the chance that a place is under attack was found to be worth, in log-odds: middle ones are said too
/// high by the rivals, since what is nearly an attack mostly is something that no rival describes. The
/// share of the newcomers that are the attack's is not in it: half of a surely attacked place's newcomers
/// are pumped, and that is no doubt. From made-up worlds of both densities; monotone.
const CALIBRATION: [(f64, f64); 10] = [
    (-6.0, -6.6),
    (-2.2, -2.7),
    (-1.1, -1.3),
    (-0.2, -0.9),
    (0.6, -0.4),
    (1.1, 0.1),
    (1.5, 0.8),
    (2.2, 2.1),
    (3.4, 3.8),
    (14.0, 14.0),
];

/// The chance that there is an attack, as it may be stated.
pub(super) fn stated(certain: f64) -> f64 {
    let raw = logit(certain.clamp(1e-6, 1.0 - 1e-6));
    let mut below = (-14.0, -14.0);
    for above in CALIBRATION {
        if raw <= above.0 {
            return sigma(below.1 + (raw - below.0) * (above.1 - below.1) / (above.0 - below.0));
        }
        below = above;
    }
    sigma(below.1)
}

/// The least chance that is [stated](stated) as so much or more, or a hair below it.
pub(super) fn unstated(told: f64) -> f64 {
    let wanted = logit(told);
    let mut below = (-14.0, -14.0);
    for above in CALIBRATION {
        if wanted <= above.1 {
            let raw = below.0 + (wanted - below.1) * (above.0 - below.0) / (above.1 - below.1);
            return sigma(raw) * (1.0 - HAIR);
        }
        below = above;
    }
    1.0 - HAIR
}

/// Wider than all that is lost by going there and back.
const HAIR: f64 = 1e-6;

/// ln(0.002 / 0.998): the base rate of the policy.
const BASE: f64 = -6.213;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_certain_is_stated_higher() {
        let at = |n: u32| stated(f64::from(n) / 1000.0);
        assert!((1..1000).all(|n| at(n) < at(n + 1)));
        assert!(at(500) < 0.4 && at(950) > 0.9);
    }

    #[test]
    fn nothing_is_stated_that_high_below_the_least_and_hardly_above_it_is() {
        for chance in (1..2000).map(|n| f64::from(n) / 2000.0).chain([1e-5, 1e-4, 0.999_99, 0.999_999]) {
            let told = stated(chance);
            let least = unstated(told);
            assert!(least < chance && least > chance * (1.0 - 3e-6), "{chance} {told} {least}");
        }
    }
}

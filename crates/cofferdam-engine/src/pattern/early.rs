//! Faked conversion: codes that are entered, but not by the people they were meant for.
//!
//! Whoever intercepts codes enters them at a machine's delay, without slips, and from elsewhere. None
//! of it is proof; all of it can be imitated, so each says little where it is absent.

use super::{CAP, LEAST, fell, some};
use crate::math::{bb, log_sum_exp};

/// Bins of the delay from send to check: the edges of the maturity histogram.
pub const BINS: usize = 8;
/// In seconds, each twice the one before; the last bin has no end.
pub const EDGES_S: [u32; BINS - 1] = [5, 10, 20, 40, 80, 160, 320];

/// What a scope's delays are worth that follow its country's, in observations.
const LIKE_COUNTRY: f64 = 30.0;
/// The same of delays that have a shape of their own, which may be any.
const OWN_SHAPE: f64 = 4.0;
/// The share of those who fake conversions that show each of these (guesses).
const OWN_DELAY: f64 = 0.5;
const NO_SLIPS: f64 = 0.7;
const ELSEWHERE: f64 = 0.5;
/// What a usual share is worth: it wanders from place to place.
const USUAL: f64 = 30.0;

/// The bin of a delay.
pub fn bin(delay_s: u32) -> usize {
    EDGES_S.iter().position(|edge| delay_s < *edge).unwrap_or(BINS - 1)
}

/// What the delays from send to check say: `counts` in each bin, against the country's `shares`.
pub fn delays(counts: &[f64; BINS], shares: &[f64; BINS]) -> f64 {
    if counts.iter().sum::<f64>() < LEAST as f64 {
        return 0.0;
    }
    let own = fell(counts, &[1.0 / BINS as f64; BINS], OWN_SHAPE);
    some(OWN_DELAY, own - fell(counts, shares, LIKE_COUNTRY)).clamp(-CAP, CAP)
}

/// What it says that `wrong` of `checks` were wrong codes, where people make `usual` of them wrong.
/// Machines make none, so each wrong one speaks for people.
pub fn no_slips(wrong: f64, checks: f64, usual: f64) -> f64 {
    const MACHINE: f64 = 0.005;
    if checks < LEAST as f64 || usual <= MACHINE {
        return 0.0;
    }
    let ratio = bb(wrong, checks, MACHINE, 100.0) - bb(wrong, checks, usual, USUAL);
    some(NO_SLIPS, ratio).clamp(-CAP, CAP)
}

/// What it says that `other` of `checks` came from another address than the request, where `usual` of
/// people's do (those who change from a wireless to a mobile network, for one).
pub fn elsewhere(other: f64, checks: f64, usual: f64) -> f64 {
    if checks < LEAST as f64 {
        return 0.0;
    }
    // From a few servers' addresses nearly always, from a pool of proxies often.
    let faked = [0.95, 0.7, 0.4].map(|share| {
        let held = if share <= usual { f64::NEG_INFINITY } else { -libm::log(3.0) };
        (held, bb(other, checks, share, 8.0))
    });
    some(ELSEWHERE, log_sum_exp(&faked) - bb(other, checks, usual, USUAL)).clamp(-CAP, CAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A country's delays: most between ten and eighty seconds.
    const SHARES: [f64; BINS] = [0.01, 0.1, 0.32, 0.3, 0.14, 0.07, 0.04, 0.02];

    #[test]
    fn delays_fall_into_their_bins() {
        for (delay_s, at) in [(0, 0), (4, 0), (5, 1), (19, 2), (20, 3), (319, 6), (320, 7), (u32::MAX, 7)] {
            assert_eq!(bin(delay_s), at, "{delay_s}");
        }
    }

    #[test]
    fn a_machine_has_a_delay_of_its_own() {
        let at = |at: usize, n: f64| {
            let mut counts = [0.0; BINS];
            counts[at] = n;
            counts
        };
        assert!(delays(&at(0, 6.0), &SHARES) > 3.0, "faster than anybody reads");
        assert!(delays(&at(6, 20.0), &SHARES) > 3.5, "always after three minutes");
        assert!(delays(&at(2, 30.0), &SHARES) > 2.0, "always at the most usual delay");
        let people = SHARES.map(|share| share * 40.0);
        assert!((-0.7..0.0).contains(&delays(&people, &SHARES)), "{}", delays(&people, &SHARES));
        // A slow route shifts everybody by a bin: that is no fake.
        let late = [0.0, 0.4, 4.0, 12.8, 12.0, 5.6, 2.8, 2.4];
        assert!(delays(&late, &SHARES) < 0.3, "{}", delays(&late, &SHARES));
    }

    #[test]
    fn forty_checks_without_a_slip_are_odd() {
        assert!(no_slips(0.0, 5.0, 0.04) < 0.2);
        let forty = no_slips(0.0, 40.0, 0.04);
        assert!((0.4..2.0).contains(&forty), "{forty}");
        assert!(no_slips(0.0, 400.0, 0.04) > forty);
        assert!(no_slips(3.0, 40.0, 0.04) < -0.3, "three slips are people's");
        assert!(no_slips(0.0, 40.0, 0.001).abs() < 1e-12, "where nobody slips nothing follows");
    }

    #[test]
    fn checks_from_elsewhere() {
        assert!(elsewhere(10.0, 10.0, 0.12) > 3.5);
        assert!((-0.7..0.0).contains(&elsewhere(2.0, 20.0, 0.12)));
        assert!(elsewhere(19.0, 20.0, 0.9).abs() < 0.8, "where nearly all do, as behind shared addresses");
        assert!(elsewhere(20.0, 20.0, 1.0).is_finite());
    }

    proptest! {
        #[test]
        fn each_slip_speaks_for_people(checks in 10.0f64..300.0, wrong in 0.0f64..9.0, usual in 0.02f64..0.2) {
            prop_assert!(no_slips(wrong + 1.0, checks, usual) <= no_slips(wrong, checks, usual) + 1e-9);
        }

        #[test]
        fn each_check_from_elsewhere_speaks_against(checks in 10.0f64..300.0, usual in 0.0f64..0.35, above in 0.0f64..0.6) {
            let said = |above: f64| elsewhere((usual + above).min(1.0) * checks, checks, usual);
            prop_assert!(said(above + 0.05) >= said(above) - 1e-9);
        }

        #[test]
        fn all_are_held(counts in proptest::array::uniform8(0.0f64..1e5), shares in proptest::array::uniform8(0.0f64..1.0)) {
            prop_assert!(delays(&counts, &shares).abs() <= CAP);
        }
    }
}

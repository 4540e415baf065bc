//! Sameness: are the newcomers of a scope more alike, or more unlike, than people of its parent are?
//!
//! **Alike**: user agents, kinds of device, address networks or countries fall as the parent's do, or in
//! one clump. **Too even**: people of one place meet on the same addresses now and then; a pool of
//! proxies with one address a message never meets.

use super::{CAP, LEAST, fell, some};
use crate::math::nb;

/// The top eight values of the parent, and all others.
pub const VALUES: usize = 9;
/// What a scope's own mix is worth that follows its parent's, in observations.
const LIKE_PARENT: f64 = 20.0;
/// The same of one that clumps.
const CLUMPED: f64 = 1.0;
/// The share of attacks that look alike (a guess).
const ALIKE: f64 = 0.5;
/// The share of attacks that come through pools (a guess: residential proxies dominate).
const POOLED: f64 = 0.5;
/// How much honest meetings wander: some places share addresses far more than their country.
const MEETINGS_SIZE: f64 = 3.0;
/// A pool meets this much as often as people.
const POOL_MEETS: f64 = 0.05;

/// What the mix of a scope says: `counts` of the parent's top eight values and of all others, against
/// the parent's `shares` of the same. Positive where it clumps.
pub fn sameness(counts: &[f64; VALUES], shares: &[f64; VALUES]) -> f64 {
    if counts.iter().sum::<f64>() < LEAST as f64 {
        return 0.0;
    }
    let ratio = fell(counts, shares, CLUMPED) - fell(counts, shares, LIKE_PARENT);
    some(ALIKE, ratio).clamp(-CAP, CAP)
}

/// What it says that `n` newcomers made so many `meetings` (pairs on one address), where `kappa2` is the
/// share of pairs of honest newcomers of the country that meet. Positive where too few do.
pub fn too_even(n: f64, meetings: f64, kappa2: f64) -> f64 {
    let expected = kappa2 * n * (n - 1.0) / 2.0;
    if n < LEAST as f64 || expected <= 0.0 {
        return 0.0;
    }
    // With no meeting, and people who meet as usual, this is nearly `expected` itself. Since places
    // wander it grows more slowly where much was expected.
    let ratio = nb(meetings, expected * POOL_MEETS, MEETINGS_SIZE) - nb(meetings, expected, MEETINGS_SIZE);
    some(POOLED, ratio).clamp(-CAP, CAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A country's agents: one has 40 %, the tail 12.
    const SHARES: [f64; VALUES] = [0.4, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02, 0.12];

    #[test]
    fn one_agent_for_all_is_seen_unless_nearly_all_have_it() {
        let all_of = |at: usize, n: f64| {
            let mut counts = [0.0; VALUES];
            counts[at] = n;
            counts
        };
        assert!(sameness(&all_of(5, 10.0), &SHARES) > 3.5, "ten of what 4 % have");
        assert!(sameness(&all_of(0, 20.0), &SHARES) > 2.0, "twenty of what 40 % have");
        assert!(sameness(&all_of(5, 4.0), &SHARES).abs() < 1e-12, "four say nothing");
        let mut usual = [0.005; VALUES];
        usual[0] = 0.96;
        assert!(sameness(&all_of(0, 20.0), &usual) < 0.6, "twenty of what 96 % have");
    }

    #[test]
    fn a_usual_mix_clears_nobody() {
        let said = sameness(&SHARES.map(|share| share * 50.0), &SHARES);
        assert!(said < 0.0 && said >= libm::log(1.0 - ALIKE) - 1e-9, "{said}");
        // A value that the parent never had must not be a proof by itself.
        let mut new = SHARES.map(|share| share * 50.0);
        new[8] += 2.0;
        assert!(sameness(&new, &SHARES) < 0.5);
    }

    #[test]
    fn a_pool_never_meets() {
        // One pair in a hundred meets: 5 % of a small country on one shared address, and some offices.
        assert!(too_even(5.0, 0.0, 0.01).abs() < 0.1, "{}", too_even(5.0, 0.0, 0.01));
        assert!(too_even(30.0, 0.0, 0.01) > 1.3, "{}", too_even(30.0, 0.0, 0.01));
        assert!(too_even(80.0, 0.0, 0.01) > 3.9, "{}", too_even(80.0, 0.0, 0.01));
        // As many as usual: people, or another kind of attack.
        assert!((-0.7..0.0).contains(&too_even(80.0, 30.0, 0.01)));
        assert!(too_even(80.0, 0.0, 0.0).abs() < 1e-12, "where nobody ever met nothing follows");
    }

    proptest! {
        #[test]
        fn each_meeting_says_less_for_a_pool(n in 6.0f64..200.0, k in 0.0f64..50.0, kappa2 in 0.0005f64..0.05) {
            prop_assert!(too_even(n, k + 1.0, kappa2) <= too_even(n, k, kappa2) + 1e-9);
        }

        #[test]
        fn more_newcomers_that_never_meet_say_more(n in 6.0f64..200.0, kappa2 in 0.0005f64..0.05) {
            prop_assert!(too_even(n + 1.0, 0.0, kappa2) >= too_even(n, 0.0, kappa2) - 1e-9);
        }

        #[test]
        fn it_is_held(counts in proptest::array::uniform9(0.0f64..1e5), shares in proptest::array::uniform9(0.0f64..1.0)) {
            prop_assert!(sameness(&counts, &shares).abs() <= CAP);
        }
    }
}

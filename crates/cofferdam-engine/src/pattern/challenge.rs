//! Challenges as a measurement: who was challenged, and how many failed.
//!
//! Outcomes of challenges come within seconds, long before conversions. People fail at a rate that is
//! their place's own (some cannot read the pictures, some leave), bots at one nobody knows. A challenge
//! that was abandoned for five minutes counts as failed. Unlike the other patterns it may prove an
//! attack alone, so it is not held by their common cap; it stays within the ±12 nats of any score.

use crate::math::{Bb, log_sum_exp, rise};

/// Fewer outcomes say nothing.
pub const OUTCOMES_MIN: f64 = 5.0;
/// How often people fail before anything was learned (a guess).
pub const FAIL_RATE: f64 = 0.08;
/// Rates at which bots pass: nothing solved, some, a solving service, as well as people.
const PASS_RATES: [f64; 4] = [0.05, 0.35, 0.65, 0.9];
/// How sure the rate of a place is, in observations: it wanders with age, device and hour.
const RATE_WORTH: f64 = 100.0;
/// It never says more than this.
const CHALLENGE_CAP: f64 = 12.0;

/// The rate at which people fail in a place, shrunk to its parent's: `failed` of `challenged` good
/// people there, with so much trust in the parent (`weight`, in outcomes; 50 is a start).
pub fn fail_rate(challenged: f64, failed: f64, parent: f64, weight: f64) -> f64 {
    (failed.min(challenged) + weight * parent) / (challenged + weight)
}

/// Outcomes of a scope's challenges against the people's rate there, with what does not depend on the
/// attack's share worked out: the posterior asks for many shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Challenges {
    challenged: f64,
    failed: f64,
    people: f64,
    rise_all: f64,
    ln_people: f64,
}

impl Challenges {
    /// `failed` of `challenged`, where people fail at rate `people`.
    pub fn new(challenged: f64, failed: f64, people: f64) -> Self {
        let failed = failed.clamp(0.0, challenged.max(0.0));
        let rise_all = rise(RATE_WORTH, challenged);
        let ln_people = Bb::new(people, RATE_WORTH).ln_given(failed, challenged, rise_all);
        Self { challenged, failed, people, rise_all, ln_people }
    }

    /// What they say for an attack that makes up the share `f` of the newcomers.
    pub fn lr(&self, f: f64) -> f64 {
        if self.challenged < OUTCOMES_MIN {
            return 0.0;
        }
        let f = f.clamp(0.0, 1.0);
        let terms = PASS_RATES.map(|pass| {
            let fails = (1.0 - f) * self.people + f * (1.0 - pass);
            let ln = Bb::new(fails, RATE_WORTH).ln_given(self.failed, self.challenged, self.rise_all);
            (-libm::log(PASS_RATES.len() as f64), ln)
        });
        (log_sum_exp(&terms) - self.ln_people).clamp(-CHALLENGE_CAP, CHALLENGE_CAP)
    }
}

/// What `failed` of `challenged` say for an attack of share `f`, where people fail at rate `h`.
pub fn challenge_lr(challenged: f64, failed: f64, f: f64, h: f64) -> f64 {
    Challenges::new(challenged, failed, h).lr(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn solvers_are_seen_after_a_while() {
        // Who pass 65 % against people's 92 %: eight outcomes tip an even score, forty prove it.
        let solvers = |n: f64| challenge_lr(n, 0.35 * n, 1.0, FAIL_RATE);
        assert!((0.8..3.0).contains(&solvers(8.0)), "{}", solvers(8.0));
        assert!(solvers(40.0) > 6.0, "{}", solvers(40.0));
    }

    #[test]
    fn bots_that_solve_nothing_are_seen_at_once_and_four_outcomes_say_nothing() {
        assert!(challenge_lr(5.0, 5.0, 1.0, FAIL_RATE) > 7.0);
        assert!(challenge_lr(4.0, 4.0, 1.0, FAIL_RATE).abs() < 1e-12);
    }

    #[test]
    fn people_are_not_condemned_by_bad_luck_or_by_their_place() {
        assert!(challenge_lr(12.0, 2.0, 1.0, FAIL_RATE) < 0.6, "{}", challenge_lr(12.0, 2.0, 1.0, FAIL_RATE));
        assert!(challenge_lr(40.0, 3.0, 1.0, FAIL_RATE) < -0.5);
        // Where a third of all people fail, as some do who read another script.
        let place = fail_rate(300.0, 100.0, FAIL_RATE, 50.0);
        assert!((0.28..0.31).contains(&place));
        assert!(challenge_lr(30.0, 10.0, 1.0, place) < 1.0 && challenge_lr(30.0, 10.0, 1.0, FAIL_RATE) > 4.0);
    }

    #[test]
    fn what_was_learned_is_shrunk() {
        assert!((fail_rate(0.0, 0.0, 0.08, 50.0) - 0.08).abs() < 1e-12);
        assert!((fail_rate(50.0, 12.0, 0.08, 50.0) - 0.16).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn each_failure_speaks_against(c in 5.0f64..200.0, share in 0.0f64..0.9, f in 0.05f64..1.0, h in 0.02f64..0.09) {
            // Where people fail less often than any bot, more failures are never better.
            prop_assert!(challenge_lr(c, (share + 0.05) * c, f, h) >= challenge_lr(c, share * c, f, h) - 1e-9);
        }

        #[test]
        fn an_attack_without_a_share_says_nothing(c in 0.0f64..500.0, w in 0.0f64..500.0, h in 0.01f64..0.5) {
            prop_assert!(challenge_lr(c, w, 0.0, h).abs() < 1e-6);
        }

        #[test]
        fn a_larger_share_explains_many_failures_better(c in 8.0f64..100.0, f in 0.05f64..0.5) {
            prop_assert!(challenge_lr(c, 0.9 * c, 2.0 * f, FAIL_RATE) >= challenge_lr(c, 0.9 * c, f, FAIL_RATE) - 1e-9);
        }
    }
}

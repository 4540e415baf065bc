//! A few of those whom evidence would block are drawn by lot, and challenged or sent instead.
//!
//! Where everybody is shut out nobody answers, and the place would never be seen to have changed: a launch in
//! a country that was attacked yesterday would wait until all of that has faded. Standing blocks have a
//! holdout of their own (`blocked.rs`); this is for what evidence says without one.

use crate::assessment::Decision;
use crate::detect::Case;

/// One in so many is asked to solve a challenge, and one in so many more for each that was failed there
/// lately. Guess.
const ASKED_ONE_IN: f64 = 8.0;
const FEWER_A_FAILURE: f64 = 4.0;
/// Where nobody can be asked one in so many is sent, and one in so many more for each that came within a
/// quarter of an hour. So a flood of any size gets few: as many as its logarithm, before their silence is known.
/// Source of the first: detection paper, 3.14.
const SENT_ONE_IN: f64 = 50.0;
/// With so many fresh outcomes a place speaks for itself. Guess.
const FRESH: f32 = 3.0;

/// What becomes of an attempt that evidence would block, if it is drawn.
pub(super) fn instead(case: &Case<'_>) -> Option<Decision> {
    let (attempt, worst) = (case.attempt, case.suspected.iter().max_by(|(_, a), (_, b)| a.p.total_cmp(&b.p)));
    let reading = case.known.evidence.readings.get(usize::from(worst?.0))?;
    let ([_, lately, _], [now, ..]) = (reading.matured, reading.seen);
    if lately >= FRESH || attempt.challenge_passed {
        return None;
    }
    let (decision, one_in) = if case.terms.can_challenge {
        (Decision::Challenge, ASKED_ONE_IN + FEWER_A_FAILURE * f64::from(reading.failed.max(0.0)))
    } else {
        (Decision::Allow, SENT_ONE_IN + f64::from(now.max(0.0)))
    };
    dice(!attempt.dice).is_multiple_of(one_in as u64).then_some(decision)
}

/// The attempt's dice, stirred, so that chances drawn from it for other ends are others.
pub(super) fn dice(roll: u64) -> u64 {
    let stirred = (roll ^ 0x686f_6c64_6f75_7421).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (stirred ^ (stirred >> 32)) >> 8
}

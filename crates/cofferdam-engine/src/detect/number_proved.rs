//! A right code came back from this number before, within the time that a proof lasts.
//!
//! Example: proved three days ago → `number.proved`, seen 259200 (seconds since).
//! A number that was proved a year ago → nothing.

use super::{Case, Question, Signals, tell};
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    // Asked for again and again today without a right code, it speaks for nobody.
    let stubborn = case.known.identity.glimpse.stubborn();
    if let Some(since_s) = case.standing.number_proved_ago_s.filter(|_| !stubborn) {
        let evidence = Evidence {
            window_s: case.policy.weights.proof_lasts_s,
            seen: f64::from(since_s),
            expected: f64::from(case.policy.weights.proof_lasts_s),
            ..Evidence::default()
        };
        tell(signals, Code::NumberProved, evidence);
    }
}

//! A number that no plan has.
//!
//! Example: `+44 7400 12345` has a digit too few. The atlas refuses it before anything is judged,
//! so no attempt can hold such a number and this detector asks and sees nothing; the shell answers
//! 422 with [`reason`], and a replay writes it for lines whose number does not parse.

use super::{Case, Question, Signals};
use crate::assessment::Reason;
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(_: &Case<'_>, _: &mut Signals) {}

/// The reason, for those who meet such a number before the judgement.
pub fn reason() -> Reason {
    Reason { code: Code::NumberInvalid, points: 0, evidence: Evidence::default() }
}

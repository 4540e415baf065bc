//! One application sends to a network far more than its share.
//!
//! Example: twenty newcomers from one profile to a network of which it has a tenth → `profile.unusual`.
//! Twenty from the profile that has the rest, of whom most convert → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::ProfileUnusual, |reading, _| matches!(reading.scope, Scope::ProfileNetwork));
}

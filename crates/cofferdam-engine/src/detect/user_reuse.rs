//! One user asks for many numbers.
//!
//! Example: eight new numbers by one user in an hour → `user.reuse`.
//! His second number, days after the first → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::UserReuse, |reading, _| matches!(reading.scope, Scope::User));
}

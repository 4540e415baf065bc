//! One device asks for many numbers.
//!
//! Example: eight new numbers from one device in an hour → `device.reuse`.
//! Its second number, days after the first → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::DeviceReuse, |reading, _| matches!(reading.scope, Scope::Device));
}

//! One address, or its neighbourhood, asks for many numbers that do not convert.
//!
//! Example: thirty newcomers behind one address in an hour, none converted → `ip.velocity`.
//! An address with two → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::IpVelocity, |reading, _| {
        matches!(reading.scope, Scope::Neighbourhood | Scope::Address)
    });
}

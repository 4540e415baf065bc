//! The device or user proved another number before. It speaks for a few new numbers, not for many.
//!
//! Example: a user who proved a number last month asks for a new one → `person.proved`.
//! A device that asks for its tenth number today → nothing.

use super::{Case, Question, Signals, nats};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let identity = &case.known.identity;
    let proved = identity.device_proved_s.or(identity.user_proved_s).is_some();
    let many = case.known.evidence.readings.iter().any(|r| matches!(r.scope, Scope::Device | Scope::User));
    if proved && !many && case.standing.number_proved_ago_s.is_none() {
        // Half as likely an attack. Source: detection paper, 3.8.
        nats(signals, Code::PersonProved, Evidence::default(), -0.7);
    }
}

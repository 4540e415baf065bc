//! Codes sent to a network do not come back while its trusted people convert as ever.
//!
//! Example: thirty messages to a network, none converted, while its trusted people convert as ever →
//! `network.conversion`. As many, of whom two in three converted → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::NetworkConversion, |reading, found| {
        matches!(reading.scope, Scope::Network) && found.by_conversion
    });
}

//! More new people ask for a network than this hour of the week has.
//!
//! Example: forty newcomers in a quarter of an hour to a network that has one a day → `network.volume`.
//! What is usual there, or converts as usual → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::NetworkVolume, |reading, found| {
        matches!(reading.scope, Scope::Network) && !found.by_conversion
    });
}

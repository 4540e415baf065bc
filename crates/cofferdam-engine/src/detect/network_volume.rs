//! More new people ask for a network than this hour of the week has.
//!
//! Example: forty newcomers within twenty seconds to a network that has one a day → `network.volume`. Once codes
//! could have come back and did not, `network.conversion` says it instead.
//! Twenty in a quarter of an hour where two thousand a day are usual → nothing.

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

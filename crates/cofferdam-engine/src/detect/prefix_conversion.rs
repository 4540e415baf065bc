//! Codes sent to numbers that lie close together do not come back.
//!
//! Example: fifteen messages to one run of ten thousand numbers, old enough to be judged, none converted, where
//! two in three usually do → `prefix.conversion`. The same fifteen, of whom two in three converted → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::PrefixConversion, |reading, found| {
        matches!(reading.scope, Scope::Prefix4 | Scope::Prefix3 | Scope::Prefix2) && found.by_conversion
    });
}

//! Many new people ask for numbers that lie closer together than chance would put them.
//!
//! Example: twelve newcomers within twenty seconds to one run of a hundred numbers, where 0.001 is usual →
//! `prefix.density`. Once codes could have come back and did not, `prefix.conversion` says it instead.
//! Twelve all over a network → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::PrefixDensity, |reading, found| {
        matches!(reading.scope, Scope::Prefix4 | Scope::Prefix3 | Scope::Prefix2) && !found.by_conversion
    });
}

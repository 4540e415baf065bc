//! More new people ask for a country than this hour of the week has.
//!
//! Example: sixty newcomers within twenty seconds to a country that has two a day → `country.volume`. Once codes
//! could have come back and did not, `country.conversion` says it instead.
//! Two a day, as ever → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::CountryVolume, |reading, found| {
        matches!(reading.scope, Scope::Country) && !found.by_conversion
    });
}

//! Codes sent to a country do not come back.
//!
//! Example: fifty messages to a country, one converted, where half usually do →
//! `country.conversion`. As many, of whom half converted → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::CountryConversion, |reading, found| {
        matches!(reading.scope, Scope::Country) && found.by_conversion
    });
}

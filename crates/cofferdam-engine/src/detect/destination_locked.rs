//! The profile is locked to one country, and the number is of another.
//!
//! Example: locked to `GB`, a number of the United States → `destination.locked`, key `US`.
//! A number on the safe list → nothing.

use super::{Case, Question, Signals, tell};
use crate::attempt::Channel;
use crate::judge::Lists;
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let country = case.attempt.place.country;
    let away = case.terms.locked_country.is_some_and(|locked| country != Some(locked));
    let excused = case.standing.lists == Lists::SafeDestination || case.attempt.channel == Channel::Email;
    if away && !excused {
        let key = country.map_or(EvidenceKey::None, EvidenceKey::Country);
        tell(signals, Code::DestinationLocked, Evidence { key, seen: 1.0, ..Evidence::default() });
    }
}

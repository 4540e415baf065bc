//! The profile does not send to this country on this channel.
//!
//! Example: a profile that sends texts to `GB` only, a number of the United States →
//! `destination.not_allowed`, key `US`. A number on the safe list → nothing.

use super::{Case, Question, Signals, tell};
use crate::attempt::Channel;
use crate::judge::Lists;
use crate::need::Needs;
use crate::policy::Destinations;
use crate::signal::{Code, Evidence, EvidenceKey};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let country = case.attempt.place.country;
    let allowed = match &case.terms.destinations {
        Destinations::All => true,
        Destinations::Only(countries) => country.is_some_and(|c| countries.contains(&c)),
    };
    let excused = case.standing.lists == Lists::SafeDestination || case.attempt.channel == Channel::Email;
    if !allowed && !excused {
        let key = country.map_or(EvidenceKey::None, EvidenceKey::Country);
        tell(signals, Code::DestinationNotAllowed, Evidence { key, seen: 1.0, ..Evidence::default() });
    }
}

//! Families that spread: over numbers, countries, profiles, or a layer so thin that nobody can see it.

use super::knobs::{Among, Knobs, Numbers, Pace, PriceClass};
use crate::Dice;
use crate::places::Places;

/// Numbers anywhere in a network: no run has seen two. Section 1.2, careful: "random over a network".
pub(super) fn whole_network(knobs: &mut Knobs, _: &Places, _: &mut Dice) {
    knobs.numbers = Numbers::Whole;
}

/// Ten to thirty networks of as many countries, each a little. Section 1.2, careful: "many countries thinly"; section
/// 1.3: "N of it in each of many places" walks past any count by place.
pub(super) fn thin_countries(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.networks = 10 + dice.below(21);
    (knobs.share, knobs.among) = (0.0, Among::Any);
    knobs.numbers = Numbers::Whole;
    knobs.hours = dice.between(18.0, 96.0);
    knobs.messages = knobs.networks * (12 + dice.below(50));
    knobs.pace = Pace::Local;
}

/// The installation's own largest markets, where a list of countries says nothing. Section 1.2: "home markets"; section
/// 1.3: the country list is walked past by "home markets, allowed countries".
pub(super) fn home_market(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.among, knobs.price) = (Among::Home, PriceClass::Any);
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
    knobs.pace = Pace::Local;
    (knobs.addresses, knobs.abroad) = (0, 0.0);
}

/// All profiles are asked, so that none of them sees a surge. Section 1.2, careful: "spread over many small tenants".
pub(super) fn many_profiles(knobs: &mut Knobs, places: &Places, dice: &mut Dice) {
    knobs.profiles = places.profiles.len() as u64;
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
    knobs.users = if dice.chance(0.5) { 20 + dice.below(200) } else { 0 };
}

/// A tenth, about, of the newcomers of many places with real people, for days. **Cannot be seen**: section 4, third:
/// with share *f* the best certainty about one message is *f*.
pub(super) fn thin_layer(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.among, knobs.price) = (Among::Many, PriceClass::Any);
    knobs.networks = 8 + dice.below(10);
    knobs.numbers = Numbers::Whole;
    knobs.share = dice.between(0.05, 0.12);
    knobs.hours = dice.between(48.0, 120.0);
    knobs.pace = Pace::Local;
    hidden(knobs);
    knobs.profiles = 2;
    knobs.converts = dice.between(0.3, 0.7);
    knobs.solves = dice.between(0.6, 0.9);
}

/// One address in the number's own country, one device and one ordinary agent for each attempt.
pub(super) fn hidden(knobs: &mut Knobs) {
    (knobs.addresses, knobs.devices, knobs.users, knobs.agents) = (0, 0, 0, 0);
    (knobs.hosting, knobs.abroad) = (0.0, 0.0);
}

//! Families with a history: they prepare, they test, they come back.

use super::knobs::{Knobs, Numbers};
use crate::Dice;
use crate::places::Places;

/// Days of few messages that convert like people's, then the burst at the same place. Section 1.2: "quiet preparation that
/// looks honest"; section 5: what the prototype missed were those "that first win trust".
pub(super) fn sleeper(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.quiet_hours = dice.between(48.0, 192.0);
    knobs.quiet_messages = (knobs.quiet_hours * dice.between(0.3, 1.2)) as u64;
    knobs.quiet_converts = dice.between(0.7, 1.0);
    knobs.hours = dice.log_normal(4.0, 0.7).clamp(0.5, 24.0);
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
}

/// One message to each of many places, half an hour to a day before the burst at one of them. Section 1.2: in voice
/// fraud test calls came "usually 30 minutes to 24 hours earlier"; "*few messages to many places from one source*".
pub(super) fn tests_first(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.tests = 12 + dice.below(40);
    (knobs.addresses, knobs.devices) = (1 + dice.below(8), 1 + dice.below(8));
}

/// Comes, goes, and comes back after days to what worked. Section 1.2: "later visits to what worked"; section 3.10: the
/// second visit should be seen at its first messages.
pub(super) fn revisit(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.visits = 2 + dice.below(3);
    knobs.rest_hours = dice.between(36.0, 120.0);
    knobs.hours = dice.log_normal(3.0, 0.6).clamp(0.5, 12.0);
}

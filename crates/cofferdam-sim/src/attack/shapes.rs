//! How those who adapt begin; what they do when answered is in `adaptive`.

use super::knobs::{Among, Knobs, Numbers, PriceClass};
use super::wide::hidden;
use crate::Dice;
use crate::places::Places;

/// Enough messages and time to be stopped and to go on.
pub(super) fn persistent(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.share = 0.0;
    knobs.messages = (dice.log_normal(1200.0, 0.6) as u64).clamp(300, 6000);
    knobs.hours = dice.between(8.0, 36.0);
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
    (knobs.addresses, knobs.abroad) = (0, dice.between(0.0, 0.2));
    knobs.devices = if dice.chance(0.5) { 0 } else { knobs.devices };
    knobs.rest_hours = dice.between(1.0, 8.0);
    knobs.quiet_converts = dice.between(0.7, 1.0);
}

/// Makes itself seen in a living network.
pub(super) fn provoking(knobs: &mut Knobs, places: &Places, dice: &mut Dice) {
    persistent(knobs, places, dice);
    hidden(knobs);
    (knobs.among, knobs.price) = (Among::Many, PriceClass::Cheap);
    knobs.numbers = Numbers::Whole;
    (knobs.converts, knobs.solves) = (0.0, 0.0);
    knobs.patience = 5 + dice.below(10);
}

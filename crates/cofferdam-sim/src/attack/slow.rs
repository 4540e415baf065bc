//! Families that take their time: a trickle, a day like the country's, a share of a living network.

use super::knobs::{Among, Knobs, Numbers, Pace, PriceClass};
use super::wide::hidden;
use crate::Dice;
use crate::places::Places;

/// A few messages an hour for days. Section 1.2, careful: "a trickle for days"; section 1.3: volume rules are walked past
/// by "slow ones".
pub(super) fn drip(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.hours = dice.between(72.0, 336.0);
    knobs.share = 0.0;
    knobs.messages = (dice.log_normal(2.5, 0.6).clamp(0.8, 10.0) * knobs.hours) as u64;
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
}

/// Loud enough, but by the destination's day: nothing at night. Section 1.2, careful: "the country's day curve".
pub(super) fn day_curve(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.pace = Pace::Local;
    knobs.hours = dice.between(24.0, 96.0);
    knobs.share = 0.0;
    knobs.messages = (dice.log_normal(1200.0, 0.7) as u64).clamp(200, 9000);
}

/// Among the people of a living network, a fifth to four fifths of its newcomers, in one rush. Section 5, the busier
/// world: "attackers *among* good users", "dense attacks sit in living number blocks".
pub(super) fn busy_network(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.among, knobs.price) = (Among::Many, PriceClass::Any);
    knobs.share = dice.between(0.2, 0.8);
    knobs.hours = dice.between(6.0, 48.0);
    knobs.numbers = if dice.chance(0.5) { Numbers::Dense } else { Numbers::Whole };
    knobs.runs = 1 + dice.below(4);
}

/// The same, at the pace of the network's own day, so that every hour has its usual shape. Section 5: "paces that follow
/// the network's own day".
pub(super) fn own_day(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.among, knobs.price) = (Among::Many, PriceClass::Any);
    knobs.share = dice.between(0.2, 0.7);
    knobs.hours = 24.0 * (1 + dice.below(4)) as f64;
    knobs.pace = Pace::Local;
    knobs.numbers = Numbers::Whole;
    hidden(knobs);
}

/// Few numbers, a few times a day each, for days: every time a new sitting. Section 1.2, crude: "many repeats of few";
/// section 5: what brought the prototype down was "nothing that counts the sittings of one number".
pub(super) fn sittings(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.numbers = Numbers::Same;
    knobs.runs = 5 + dice.below(40);
    knobs.hours = 24.0 * (3 + dice.below(8)) as f64;
    knobs.share = 0.0;
    knobs.messages = (knobs.runs as f64 * knobs.hours / 24.0 * dice.between(1.5, 6.0)) as u64;
    knobs.pace = Pace::Local;
    hidden(knobs);
}

//! Loud families: many messages to one place, without much art. Any defence should see them; what counts is how
//! soon, and what it does to the bystanders.

use super::knobs::{Among, Knobs, Numbers, Pace, PriceClass};
use crate::Dice;
use crate::places::Places;
use libm::exp;

/// Tens of messages a minute to one dear network, from few machines, flat through the night. Section 1.2, crude:
/// "tens to hundreds a minute", "one server, a few cloud addresses"; section 1.1: lost in minutes to a day.
pub(super) fn flood(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.price = PriceClass::Dear;
    knobs.share = 0.0;
    knobs.messages = (dice.log_normal(1300.0, 0.6) as u64).clamp(400, 5000);
    knobs.hours = knobs.messages as f64 / dice.between(15.0, 90.0) / 60.0;
    knobs.numbers = Numbers::Whole;
    (knobs.hosting, knobs.addresses) = (dice.between(0.7, 1.0), 2 + dice.below(12));
    (knobs.devices, knobs.agents) = (1 + dice.below(6), 1 + dice.below(3));
    knobs.solves = dice.between(0.0, 0.1);
}

/// Numbers of one run counted up, mostly by another step than one. Section 1.2: "counted up; one small block" is
/// crude, "other steps" careful; section 1.3: what stops counting up is walked past by any other order.
pub(super) fn number_walk(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.numbers = Numbers::Walk;
    (knobs.runs, knobs.run_digits) = (1, 4);
    knobs.step = dice.pick(&[1, 2, 3, 5, 7, 9, 10, 11, 13, 17]).copied().unwrap_or(7);
    knobs.messages = knobs.messages.min(10_000 / knobs.step);
}

/// All numbers of a small run, each once, shuffled. Section 1.2: "one small block" with "shuffled"; one victim had
/// 13,000 messages with one shared prefix.
pub(super) fn shuffled_block(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.numbers = Numbers::Shuffled;
    (knobs.runs, knobs.run_digits) = (1, 3);
    knobs.messages = 250 + dice.below(750);
    knobs.hours = dice.log_normal(5.0, 0.8).clamp(0.5, 48.0);
}

/// Several runs of one network in turn. Section 1.2, careful: "several blocks in turn".
pub(super) fn several_blocks(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.numbers = Numbers::Dense;
    knobs.runs = 3 + dice.below(8);
    knobs.pace = if dice.chance(0.5) { Pace::Bursts } else { Pace::Even };
}

/// Everything from one machine, or two, with one device. Section 1.2, crude: "one server", "one device id".
pub(super) fn one_server(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.hosting, knobs.addresses) = (1.0, 1 + dice.below(2));
    (knobs.devices, knobs.agents) = (1, 1);
    knobs.solves = dice.between(0.0, 0.1);
}

/// Calls to revenue-share numbers. Section 1.2: "voice to revenue-share ranges, dearer a piece"; one victim lost 870
/// dollars in fifteen minutes.
pub(super) fn voice_premium(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.voice = dice.between(0.85, 1.0);
    knobs.price = PriceClass::Dear;
    (knobs.among, knobs.share) = (Among::Few, 0.0);
    knobs.messages = exp(dice.between(4.5, 6.7)) as u64;
    knobs.hours = dice.log_normal(1.2, 0.9).clamp(0.25, 12.0);
    knobs.runs = 1 + dice.below(4);
}

/// Each number is asked for again and again, a person's minute apart. Section 1.2, careful: "resends paced like a
/// person's".
pub(super) fn resends(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.resends = dice.between(2.0, 6.0);
    knobs.numbers = if dice.chance(0.5) { Numbers::Whole } else { Numbers::Dense };
}

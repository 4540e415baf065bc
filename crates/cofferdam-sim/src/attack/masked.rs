//! Families that pay for variety: addresses, devices, users, solved challenges, entered codes.

use super::knobs::{Knobs, Numbers, Pace};
use super::wide::hidden;
use crate::Dice;
use crate::places::Places;

/// One residential address in the number's country for each attempt. Section 1.2, careful: "residential proxies, one
/// address a request, in the number's country"; section 1.1: they dominate.
pub(super) fn many_addresses(knobs: &mut Knobs, _: &Places, _: &mut Dice) {
    (knobs.addresses, knobs.hosting, knobs.abroad) = (0, 0.0, 0.0);
}

/// A fresh device and a plausible agent for each attempt. Section 1.2, careful: "a fresh device each time, a plausible
/// mix".
pub(super) fn own_devices(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    (knobs.devices, knobs.agents) = (0, 0);
    knobs.addresses = 40 + dice.below(300);
}

/// Users made beforehand, who ask through the login. Section 1.2, careful: "accounts made beforehand, used through the
/// login".
pub(super) fn made_users(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.users = 30 + dice.below(400);
    knobs.devices = knobs.users;
    knobs.hours = knobs.hours.max(6.0);
}

/// People or machines solve nearly as many challenges as genuine people. Section 1.2: "solving services or people; passes
/// may reach those of honest users"; section 3.11: a family that stays in the challenge band has not been stopped.
pub(super) fn solver_farm(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.solves = dice.between(0.6, 0.95);
    (knobs.addresses, knobs.hosting) = (0, 0.0);
    knobs.devices = 0;
}

/// A part of the codes is entered by whoever intercepts them. Section 1.2, careful: "part or all of the codes entered".
pub(super) fn faked_part(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    knobs.converts = dice.between(0.25, 0.6);
    knobs.delivered = dice.between(0.9, 1.0);
}

/// As many codes are entered as anywhere, at a person's pace, from anybody's address. **Cannot be seen**: section 4,
/// second: "someone who enters most codes at a human pace *is*, in outcomes, a user".
pub(super) fn faked_all(knobs: &mut Knobs, _: &Places, dice: &mut Dice) {
    hidden(knobs);
    knobs.converts = dice.between(0.95, 1.05);
    knobs.delivered = 1.0;
    knobs.solves = dice.between(0.85, 0.95);
    knobs.numbers = Numbers::Whole;
    knobs.pace = Pace::Local;
    knobs.hours = knobs.hours.max(24.0);
    if knobs.share > 0.0 {
        knobs.share = knobs.share.min(0.4);
    } else {
        knobs.messages = knobs.messages.min(400);
    }
}

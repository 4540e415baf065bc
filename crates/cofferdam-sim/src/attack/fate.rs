//! What would become of an attacker's message. Nobody reads it; what is reported and entered, is so because it
//! pays the attacker.

use super::knobs::Knobs;
use crate::Dice;
use crate::stream::{Became, OutcomeEvent};
use alloc::{string::String, vec::Vec};
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};

/// How a network reports, as for genuine people's messages: some never do, some call everything delivered.
const HABITS: usize = 5;
const SILENT: usize = 1;
const ALWAYS: usize = 2;

/// Outcomes in order of time of a message to a network, and whether a challenge would be solved.
pub(super) fn of(
    knobs: &Knobs,
    (net, converts): (usize, f64),
    at_ms: i64,
    dice: &mut Dice,
) -> (Vec<OutcomeEvent>, bool) {
    let mut outcomes = Vec::new();
    let mut push = |at_ms: i64, what| outcomes.push(OutcomeEvent { attempt_id: String::new(), at_ms, what });
    let mut now = at_ms;
    let later =
        |median_s: f64, spread: f64, dice: &mut Dice| (dice.log_normal(median_s, spread) * 1000.0) as i64;
    let solved = dice.chance(knobs.solves);
    // Bots that cannot solve mostly leave; a few try.
    if solved || dice.chance(0.4) {
        now += later(7.0, 0.6, dice).max(800);
        push(now, Became::Challenge { passed: solved });
    }
    let entered = dice.chance(converts);
    let habit = net % HABITS;
    let arrives = entered || dice.chance(knobs.delivered) || habit == ALWAYS;
    now += later(5.0, 0.7, dice).max(1200);
    // One in ten reports is lost on its way.
    if habit > SILENT && dice.chance(0.9) {
        if arrives {
            push(now, Became::Delivery(DeliveryStatus::Delivered));
        } else if dice.chance(0.5) {
            push(now, Became::Delivery(DeliveryStatus::Undelivered));
        }
    }
    if entered {
        now += later(17.0, 0.65, dice).max(2500);
        if dice.chance(0.04) {
            push(now, Became::Check(CheckResult::Wrong));
            now += later(9.0, 0.5, dice);
        }
        push(now, Became::Check(CheckResult::Ok));
    }
    (outcomes, solved)
}

//! What would become of an attacker's message. Nobody reads it; what is reported and entered, is so because it
//! pays the attacker.

use super::knobs::Knobs;
use crate::Dice;
use crate::stream::{Became, OutcomeEvent};
use alloc::{string::String, vec::Vec};
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};

/// Outcomes in order of time, and whether a challenge would be solved.
pub(super) fn of(knobs: &Knobs, converts: f64, at_ms: i64, dice: &mut Dice) -> (Vec<OutcomeEvent>, bool) {
    let mut outcomes = Vec::new();
    let mut push = |at_ms: i64, what| outcomes.push(OutcomeEvent { attempt_id: String::new(), at_ms, what });
    let mut now = at_ms;
    let later =
        |median_s: f64, spread: f64, dice: &mut Dice| (dice.log_normal(median_s, spread) * 1000.0) as i64;
    let solved = dice.chance(knobs.solves);
    // Bots that cannot solve mostly leave; a few try.
    if solved || dice.chance(0.4) {
        now += later(9.0, 0.5, dice).max(800);
        push(now, Became::Challenge { passed: solved });
    }
    let entered = dice.chance(converts);
    if entered || dice.chance(knobs.delivered) {
        now += later(4.0, 0.7, dice).max(300);
        push(now, Became::Delivery(DeliveryStatus::Delivered));
    } else if dice.chance(0.55) {
        let status = match dice.below(10) {
            0..6 => DeliveryStatus::Undelivered,
            6..8 => DeliveryStatus::Failed,
            8 => DeliveryStatus::Expired,
            _ => DeliveryStatus::Unknown,
        };
        push(now + later(30.0, 1.0, dice).max(300), Became::Delivery(status));
    }
    if entered {
        now += later(22.0, 0.7, dice).max(1500);
        if dice.chance(0.04) {
            push(now, Became::Check(CheckResult::Wrong));
            now += later(9.0, 0.5, dice);
        }
        push(now, Became::Check(CheckResult::Ok));
    }
    (outcomes, solved)
}

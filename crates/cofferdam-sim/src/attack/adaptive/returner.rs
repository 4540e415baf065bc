//! Leaves when stopped and comes back to the same place hours later, longer away each time.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

struct Returner {
    hand: Hand,
    rest_hours: f64,
}

/// Section 1.1: "and comes back"; section 3.15: opening must be harder than re-opening.
pub(in crate::attack) fn returner(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    Box::new(Returner { hand: Hand::new(knobs, places, dice), rest_hours: knobs.rest_hours.max(0.5) })
}

impl Actor for Returner {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        self.hand.hears(decision);
        if self.hand.fed_up() {
            let jitter = self.hand.crew.dice.between(0.7, 1.4);
            self.hand.rest(self.rest_hours * jitter);
            self.rest_hours *= 1.5;
        }
    }
}

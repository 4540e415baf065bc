//! Slows down when stopped, until it gets through or it is not worth the while.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

/// How much slower each time, and how long a gap it puts up with at most.
const SLOWER: f64 = 2.0;
const SLOWEST_MS: f64 = 2.0 * 3_600_000.0;

struct Slower {
    hand: Hand,
}

/// Section 1.3: what counts bursts is walked past by "slow ones"; he adapts (section 1.1).
pub(in crate::attack) fn slower(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    Box::new(Slower { hand: Hand::new(knobs, places, dice) })
}

impl Actor for Slower {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        self.hand.hears(decision);
        if self.hand.fed_up() {
            self.hand.gap_ms = (self.hand.gap_ms * SLOWER).min(SLOWEST_MS);
        }
    }
}

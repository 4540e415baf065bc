//! Warms a place up: enters its codes until the place is trusted, then sends without, and warms up again when
//! stopped.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

/// How much slower it is while it enters codes: somebody has to read them.
const SLOWER: f64 = 4.0;

struct Warmer {
    hand: Hand,
    /// Messages with codes entered that are left before the burst.
    warm: u64,
    warm_each: u64,
    converts: f64,
    gap_ms: f64,
}

/// Section 6, seventh: "one who warms up a place with faked conversions".
pub(in crate::attack) fn warmer(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    let hand = Hand::new(knobs, places, dice);
    let warm_each = 20 + dice.below(60);
    let (converts, gap_ms) = (knobs.converts, hand.gap_ms);
    let mut warmer = Warmer { hand, warm: 0, warm_each, converts, gap_ms };
    warmer.warm_up();
    Box::new(warmer)
}

impl Warmer {
    fn warm_up(&mut self) {
        self.warm = self.warm_each;
        self.hand.crew.knobs.converts = self.hand.crew.knobs.quiet_converts;
        self.hand.gap_ms = self.gap_ms * SLOWER;
    }
}

impl Actor for Warmer {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        if self.warm > 0 {
            self.warm -= 1;
            if self.warm == 0 {
                self.hand.crew.knobs.converts = self.converts;
                self.hand.gap_ms = self.gap_ms;
            }
        }
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        self.hand.hears(decision);
        if self.hand.fed_up() {
            self.hand.rest(2.0);
            self.warm_up();
        }
    }
}

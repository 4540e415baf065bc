//! Finds the edge: speeds up while it gets through, and stays just below the pace that was stopped last.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

/// How much faster it goes after each message that came, while no pace was stopped yet.
const FASTER: f64 = 0.97;
/// How far below the pace that was stopped it stays.
const BELOW: f64 = 1.25;

struct Edge {
    hand: Hand,
    /// The shortest gap that it dares.
    dares_ms: f64,
}

/// Section 6, seventh: "one who stays just below what got blocked last".
pub(in crate::attack) fn edge(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    let mut hand = Hand::new(knobs, places, dice);
    hand.gap_ms *= 6.0;
    Box::new(Edge { hand, dares_ms: 500.0 })
}

impl Actor for Edge {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        if self.hand.hears(decision) {
            if self.hand.fed_up() {
                self.dares_ms = self.hand.gap_ms * BELOW;
                self.hand.gap_ms = self.dares_ms * BELOW;
                self.hand.rest(self.hand.gap_ms * 4.0 / 3_600_000.0);
            }
        } else {
            self.hand.gap_ms = (self.hand.gap_ms * FASTER).max(self.dares_ms);
        }
    }
}

//! Moves when stopped: to another run, network, country, profile, and at last with other addresses.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

struct Mover {
    hand: Hand,
    /// How far it has moved.
    moves: u32,
}

/// Section 1.1: "when blocked he moves to another range, network, country, profile or channel, and comes back".
pub(in crate::attack) fn mover(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    Box::new(Mover { hand: Hand::new(knobs, places, dice), moves: 0 })
}

impl Actor for Mover {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        self.hand.hears(decision);
        if !self.hand.fed_up() {
            return;
        }
        let Hand { crew, places, .. } = &mut self.hand;
        let (knobs, dice) = (&crew.knobs, &mut crew.dice);
        match self.moves % 5 {
            0 => crew.aim.other_runs(knobs, places, dice),
            1 => crew.aim.other_networks(knobs, places, dice),
            2 => crew.aim.other_countries(knobs, places, dice),
            3 => crew.mask.other_profile(places, dice),
            _ => crew.mask.change(knobs, places, dice),
        }
        self.moves += 1;
    }
}

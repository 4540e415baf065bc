//! Wants no money, but us to block a network: the people on it are a rival's customers, or ours.

use super::hand::Hand;
use crate::Dice;
use crate::attack::knobs::Knobs;
use crate::places::Places;
use crate::story::{Actor, Planned};
use alloc::boxed::Box;
use cofferdam_engine::Decision;

/// How long it is content with a network that seems to be blocked, in hours, before it looks again.
const CONTENT_HOURS: f64 = 0.75;

struct Rival {
    hand: Hand,
    gap_ms: f64,
}

/// Section 6, seventh: "one who attacks *a rival's users* by making you block their network. The last is the reason for
/// narrow scope". Cheap and loud, all over the network, nothing entered or solved; once stopped it only knocks now
/// and then, so that the block does not end.
pub(in crate::attack) fn rival(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Box<dyn Actor> {
    let hand = Hand::new(knobs, places, dice);
    let gap_ms = hand.gap_ms;
    Box::new(Rival { hand, gap_ms })
}

impl Actor for Rival {
    fn next_at_ms(&self) -> Option<i64> {
        self.hand.next_at_ms()
    }

    fn act(&mut self) -> Planned {
        self.hand.act()
    }

    fn told(&mut self, decision: Decision) {
        if !self.hand.hears(decision) {
            self.hand.gap_ms = self.gap_ms;
        } else if self.hand.fed_up() {
            self.hand.gap_ms = self.gap_ms * 8.0;
            self.hand.rest(CONTENT_HOURS);
        }
    }
}

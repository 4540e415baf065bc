//! What all who adapt have in common: a crew, how many messages are left, when the next is due, and what was
//! stopped of late.

use crate::Dice;
use crate::attack::crew::Crew;
use crate::attack::knobs::Knobs;
use crate::attack::pace::{HOUR_MS, volume};
use crate::places::Places;
use crate::story::Planned;
use cofferdam_engine::Decision;

/// An attacker's hand.
pub(super) struct Hand {
    pub(super) places: Places,
    pub(super) crew: Crew,
    /// The mean time between two messages.
    pub(super) gap_ms: f64,
    pub(super) next_ms: i64,
    /// Stopped attempts in a row.
    pub(super) stopped: u64,
    left: u64,
    end_ms: i64,
}

impl Hand {
    pub(super) fn new(knobs: &Knobs, places: &Places, dice: &Dice) -> Self {
        let crew = Crew::new(knobs, places, dice);
        let messages = volume(knobs, places, &crew.aim.nets()).max(30);
        let gap_ms = (knobs.hours * HOUR_MS / messages as f64).max(200.0);
        Self {
            places: places.clone(),
            crew,
            gap_ms,
            next_ms: knobs.start_ms,
            stopped: 0,
            left: messages,
            // Nobody tries for ever: three times as long as was meant, and two days at least.
            end_ms: knobs.start_ms + (knobs.hours.max(16.0) * 3.0 * HOUR_MS) as i64,
        }
    }

    pub(super) fn next_at_ms(&self) -> Option<i64> {
        (self.left > 0 && self.next_ms < self.end_ms).then_some(self.next_ms)
    }

    /// Makes the attempt that is due, and sets when the next will be.
    pub(super) fn act(&mut self) -> Planned {
        self.left = self.left.saturating_sub(1);
        let planned = self.crew.fresh(&self.places, self.next_ms);
        let gap = self.crew.dice.gap(self.gap_ms);
        self.next_ms += gap.max(50.0) as i64;
        planned
    }

    /// Whether the message was not sent, as the attacker sees it.
    pub(super) fn hears(&mut self, decision: Decision) -> bool {
        let sent = match decision {
            Decision::Allow => true,
            Decision::Challenge => self.crew.solved,
            Decision::Block => false,
        };
        self.stopped = if sent { 0 } else { self.stopped + 1 };
        !sent
    }

    /// Whether patience is at its end; begins to count anew if it is.
    pub(super) fn fed_up(&mut self) -> bool {
        let fed_up = self.stopped >= self.crew.knobs.patience.max(1);
        if fed_up {
            self.stopped = 0;
        }
        fed_up
    }

    /// Waits.
    pub(super) fn rest(&mut self, hours: f64) {
        self.next_ms += (hours * HOUR_MS) as i64;
    }
}

//! The pipe of outcomes in bad hours: lost, late, in bulk, or missing in part. Challenges are our own and come
//! through.

use crate::Dice;
use crate::stream::{Became, OutcomeEvent};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// Nothing comes.
    Lost,
    /// All comes later, by so many milliseconds.
    Late(i64),
    /// Nothing comes, then all at once at the end.
    Bulk,
    /// A share does not come.
    Missing(f64),
}

/// Bad hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// From when; in a scenario counted from its beginning.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
}

impl Fault {
    /// The same, counted from a world's beginning.
    #[must_use]
    pub fn after(&self, from_ms: i64) -> Self {
        Self { from_ms: self.from_ms + from_ms, to_ms: self.to_ms.saturating_add(from_ms), ..*self }
    }

    /// What the pipe makes of an outcome; whether it comes at all.
    pub fn pass(&self, outcome: &mut OutcomeEvent, dice: &mut Dice) -> bool {
        let challenge = matches!(outcome.what, Became::Challenge { .. });
        if challenge || !(self.from_ms..self.to_ms).contains(&outcome.at_ms) {
            return true;
        }
        match self.kind {
            FaultKind::Lost => false,
            FaultKind::Late(by_ms) => {
                outcome.at_ms += by_ms;
                true
            }
            FaultKind::Bulk => {
                outcome.at_ms = self.to_ms;
                true
            }
            FaultKind::Missing(share) => !dice.chance(share),
        }
    }
}

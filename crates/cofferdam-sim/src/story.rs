//! What a made-up world consists of: attempts with what would become of them, and the truth about
//! them, which no judge is shown.

use crate::stream::{AttemptEvent, OutcomeEvent};
use alloc::vec::Vec;
use cofferdam_engine::Decision;

/// An attempt that will be made, what would become of it if it were sent, and what it truly is.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// As the judge sees it.
    pub attempt: AttemptEvent,
    /// In order of time; a challenge's outcome first.
    pub outcomes: Vec<OutcomeEvent>,
    /// What no judge is shown.
    pub truth: Truth,
}

/// What an attempt truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// `None`: genuine; else the family of the attack.
    pub family: Option<&'static str>,
    /// Which campaign of the run, counted from 1; 0 for genuine attempts.
    pub campaign: u32,
    /// The honest hard case it belongs to, if any: `office`, `launch`, `outage` …
    pub case: Option<&'static str>,
    /// Which person's sitting; attempts of one sitting share it.
    pub sitting: u32,
}

impl Truth {
    /// The label of a labelled stream: `genuine`, or the family.
    pub const fn label(&self) -> &'static str {
        match self.family {
            Some(family) => family,
            None => "genuine",
        }
    }
}

/// An attacker (or an honest crowd) that goes on as it is answered. The world asks for the next
/// attempt after it told what became of the one before.
pub trait Actor {
    /// When the next attempt will be made; `None`: it has ended.
    fn next_at_ms(&self) -> Option<i64>;
    /// Makes it. Identifiers are given by the world afterwards.
    fn act(&mut self) -> Planned;
    /// What was decided about the attempt made last.
    fn told(&mut self, decision: Decision);
}

//! Whoever decides the attempts of a stream: the engine, or a recipe that it is compared with.

use crate::stream::{AttemptEvent, Became};
use alloc::{boxed::Box, string::String, vec::Vec};
use cofferdam_engine::Decision;

/// Decides attempts and learns from what it may know. Event time is its only clock.
pub trait Judge {
    /// Decides an attempt, which happens at `at_ms`: its own time, or that of the newest event if the
    /// stream went back.
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided;

    /// Learns what became of an attempt that it let pass or challenged. Never told of others.
    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64);
}

impl<J: Judge + ?Sized> Judge for Box<J> {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        (**self).decide(attempt, at_ms)
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        (**self).learn(attempt_id, became, at_ms);
    }
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What becomes of the attempt.
    pub decision: Decision,
    /// The probability that it is pumped; recipes have none.
    pub score: Option<f64>,
    /// Dotted codes, most weighty first.
    pub reasons: Vec<String>,
    /// The figures behind the first reason, as JSON text.
    pub evidence: Option<String>,
}

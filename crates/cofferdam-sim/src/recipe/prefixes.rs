//! Limits by prefix with low conversion: too many messages to numbers that are the same but for their last four
//! digits, of which too few were entered. Coss and others describe it so, without figures; ours are guesses in its
//! favour: ten in an hour, entered under a fifth, and a message counts as not entered only after two minutes.

use super::sent::Sent;
use super::slots::Slots;
use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use alloc::collections::{BTreeMap, VecDeque};
use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;

const SENT_LEAST: u32 = 10;
const CONVERSION_LOW: f64 = 0.2;
const MATURE_MS: i64 = 120_000;
/// The last digits that do not count.
const LAST: u64 = 10_000;
/// How many prefixes are remembered before those with an empty hour are forgotten.
const PREFIXES_MAX: usize = 100_000;

/// Stops what goes to a prefix with low conversion.
#[derive(Debug, Clone, Default)]
pub struct Prefixes {
    lately: BTreeMap<u64, Slots>,
    sent: Sent<u64>,
    young: VecDeque<(i64, u64)>,
}

impl Prefixes {
    /// With nothing counted.
    pub fn new() -> Self {
        Self::default()
    }

    fn mature(&mut self, at_ms: i64) {
        while let Some((sent_ms, prefix)) = self.young.front().copied() {
            if sent_ms > at_ms - MATURE_MS {
                break;
            }
            self.young.pop_front();
            self.lately.entry(prefix).or_default().count(sent_ms + MATURE_MS, 1, 0);
        }
        if self.lately.len() > PREFIXES_MAX {
            self.lately.retain(|_, slots| !slots.empty(at_ms));
        }
    }
}

impl Judge for Prefixes {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        self.mature(at_ms);
        let Some(to) = place::of(&attempt.phone) else { return because(Decision::Block, place::INVALID) };
        let prefix = to.number.digits() / LAST;
        let (sent, converted) = self.lately.get(&prefix).map_or((0, 0), |slots| slots.sums(at_ms));
        if sent >= SENT_LEAST && f64::from(converted) < CONVERSION_LOW * f64::from(sent) {
            return because(Decision::Block, "prefix.conversion");
        }
        self.sent.keep(&attempt.id, at_ms, prefix);
        self.young.push_back((at_ms, prefix));
        allow()
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        self.mature(at_ms);
        if became == Became::Check(CheckResult::Ok)
            && let Some(prefix) = self.sent.take(attempt_id)
        {
            self.lately.entry(prefix).or_default().count(at_ms, 0, 1);
        }
    }
}

//! Vonage's network blocks, after its Verify Anti-Fraud System: a network whose conversion falls below 35 % above a
//! volume is blocked for SMS and voice, "for a temporary amount of time", then "for longer periods until they eventually
//! become permanent". The 35 % stood in older documentation. Volume, period and lengths are withheld; ours are
//! guesses in its favour: the last hour, and attempts count as unconverted only after two minutes.

use super::sent::Sent;
use super::slots::Slots;
use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use alloc::collections::{BTreeMap, VecDeque};
use cofferdam_atlas::Country;
use cofferdam_engine::outcome::CheckResult;
use cofferdam_engine::{Channel, Decision};

/// Below this share of conversions a network is blocked.
const CONVERSION_LOW: f64 = 0.35;
/// Attempts before the share means anything. A guess.
const VOLUME_LEAST: u32 = 20;
/// When an attempt without a conversion counts as one. A guess.
const MATURE_MS: i64 = 120_000;
/// How long blocks last, one after another; then until somebody lifts them. Guesses.
const BLOCK_MS: [i64; 3] = [3_600_000, 6 * 3_600_000, 24 * 3_600_000];
/// How long a strike is remembered. A guess.
const STRIKES_MS: i64 = 7 * 24 * 3_600_000;

type Key = (Option<Country>, Option<u32>);

/// Blocks networks.
#[derive(Debug, Clone)]
pub struct Vonage {
    networks: BTreeMap<Key, Standing>,
    sent: Sent<Key>,
    young: VecDeque<(i64, Key)>,
}

/// What a network has seen of late, and whether it is blocked.
#[derive(Debug, Clone, Default)]
struct Standing {
    slots: Slots,
    until_ms: i64,
    strikes: usize,
}

impl Default for Vonage {
    fn default() -> Self {
        Self::new()
    }
}

impl Vonage {
    /// With no network blocked.
    pub fn new() -> Self {
        Self { networks: BTreeMap::new(), sent: Sent::new(), young: VecDeque::new() }
    }

    fn mature(&mut self, at_ms: i64) {
        while self.young.front().is_some_and(|(sent_ms, _)| *sent_ms <= at_ms - MATURE_MS) {
            let Some((_, key)) = self.young.pop_front() else { return };
            if let Some(standing) = self.networks.get_mut(&key) {
                standing.slots.count(at_ms, 1, 0);
                standing.look(at_ms);
            }
        }
    }
}

impl Standing {
    /// Blocks, longer than the last time, if conversion is low.
    fn look(&mut self, at_ms: i64) {
        let (sent, converted) = self.slots.sums(at_ms);
        if at_ms < self.until_ms || sent < VOLUME_LEAST {
            return;
        }
        if f64::from(converted) / f64::from(sent) >= CONVERSION_LOW {
            return;
        }
        if at_ms > self.until_ms.saturating_add(STRIKES_MS) {
            self.strikes = 0;
        }
        self.until_ms = BLOCK_MS.get(self.strikes).map_or(i64::MAX, |long| at_ms + long);
        self.strikes += 1;
        // What comes after the block is looked at by itself.
        self.slots = Slots::default();
    }
}

impl Judge for Vonage {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        self.mature(at_ms);
        let Some(to) = place::of(&attempt.phone) else { return because(Decision::Block, place::INVALID) };
        if !matches!(attempt.channel, Channel::Sms | Channel::Voice) {
            return allow();
        }
        let key = place::network(&to);
        if at_ms < self.networks.entry(key).or_default().until_ms {
            return because(Decision::Block, "network.block");
        }
        self.sent.keep(&attempt.id, at_ms, key);
        self.young.push_back((at_ms, key));
        allow()
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        self.mature(at_ms);
        if became == Became::Check(CheckResult::Ok)
            && let Some(key) = self.sent.take(attempt_id)
        {
            self.networks.entry(key).or_default().slots.count(at_ms, 0, 1);
        }
    }
}

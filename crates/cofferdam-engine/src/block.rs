//! Standing blocks: for how long a scope stays shut that was found guilty, and what ends that early.
//!
//! Everything here is a function of a [`Block`] and a moment: the live server, a replay and a simulation
//! climb the same ladder. A block is **opened** after three newcomers in a row at the threshold, or one
//! that is sure; each return makes it **longer**; while asking goes on it is **extended**; what a narrower
//! scope explains is **narrowed** to it, and narrow ones whose wider scope turns guilty are **widened**
//! into one; when its time is over it stands **half open** for a while, in which a single guilty newcomer
//! shuts it again; it **ends early** when nobody asks any more or when those who were let through enter
//! their codes; and its strikes **fade**, one a week.
//!
//! It stores nothing and decides on no attempt: [`Blocks`] holds what stands, the judge asks it.
//! Source of the figures, unless said otherwise: detection paper, 3.14 and 3.15.

mod marks;
mod narrowest;
mod save;
mod table;
mod word;

pub(crate) use narrowest::{Guilty, Seen, narrowest};
pub use table::{Blocks, Followed, Met, Stood};
pub use word::{Spoken, Word};

use crate::attempt::Channel;
use crate::evidence::Scope;
use crate::math::beta_above;
use crate::signal::EvidenceKey;
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 60 * MINUTE_S;
const DAY_S: u32 = 24 * HOUR_S;
const WEEK_S: u32 = 7 * DAY_S;

/// How long each rung lasts; above the last a block stands until it is lifted.
pub const RUNGS_S: [u32; 5] = [15 * MINUTE_S, HOUR_S, 4 * HOUR_S, DAY_S, WEEK_S];
/// A block that asking extends is looked at again after so long at the latest. Guess: else an honest
/// crowd that came after the attack would wait for a week.
const EXTEND_MAX_S: u32 = 4 * HOUR_S;
/// Asking is counted over the shortest horizon.
const PACE_TAU_S: f64 = 900.0;
/// Two half-lives of that count, after which quiet is believed.
const QUIET_S: u32 = 1_248;
/// Half open at least for so long. Guess: who was stopped tries again within the hour.
const TRIAL_MIN_S: u32 = HOUR_S;
/// And at most.
const TRIAL_MAX_S: u32 = DAY_S;
/// A message that is let through is known to be lost after so long.
pub(crate) const LOST_S: u32 = 300;
/// Nobody is let through a block that is younger: it ends by itself soon, and time will tell. Guess.
const HOLDOUT_AFTER_S: u32 = 6 * HOUR_S;
/// The chance that a scope converts at more than half of its normal rate, from which it is lifted.
const LIFT: f64 = 0.9;

/// How blocks are opened and what is let through: part of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each default states its meaning and source")]
pub struct BlockTerms {
    pub on: bool,
    pub in_a_row: u32,
    pub sure_ppm: u32,
    pub keeps_ppm: u32,
    pub holdout_one_in: u32,
    pub holdout_an_hour: u32,
    pub holdout_day_micros: i64,
}

impl Default for BlockTerms {
    fn default() -> Self {
        Self {
            on: true,
            // Three newcomers in a row at the threshold, or one at 0.99. Source: 3.15.
            in_a_row: 3,
            sure_ppm: 990_000,
            // Whoever scores below this passes a block that the engine opened: it keeps for a while what
            // the score decides anyway, and is no verdict on those whom the evidence clears. Guess.
            keeps_ppm: 350_000,
            // One would-be block in 50, three a block and hour. Source: 3.14. Half a dollar a day: with
            // 2.00 and from the first minute on, letting through cost a sixth of all that leaked in a
            // thin world. Measured.
            holdout_one_in: 50,
            holdout_an_hour: 3,
            holdout_day_micros: 500_000,
        }
    }
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It stops what meets it.
    Shut,
    /// It stops nothing, and one guilty newcomer shuts it again.
    Trial,
    /// It is over and remembered, until its strikes have faded.
    Ended,
}

/// Why a block changed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its time was over.
    Time,
    /// Nobody asked any more.
    Quiet,
    /// Those who were let through entered their codes.
    Converts,
    /// A narrower or a wider block stands in its place.
    Replaced,
    /// A person lifted it.
    Lifted,
}

/// What time changes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Asking goes on: shut until then.
    Extend {
        /// Unix seconds.
        until_s: u32,
    },
    /// Half open until then.
    Trial {
        /// Unix seconds.
        until_s: u32,
        /// What opened it.
        why: Why,
    },
    /// Over.
    End(Why),
}

/// What was let through a block, and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The hour of the last, in hours of Unix time, and how many within it.
    pub hour: u32,
    /// See `hour`.
    pub in_hour: u32,
    /// Whose outcome is known.
    pub matured: u32,
    /// Who entered the code.
    pub converted: u32,
}

/// A standing block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// What kind of thing is shut.
    pub scope: Scope,
    /// The key of its record of evidence.
    pub key: u64,
    /// What people are shown of it.
    pub shown: EvidenceKey,
    /// Channels that it names; others pass.
    pub channels: ArrayVec<Channel, 4>,
    /// The keys of the wider scopes that it lies in: country and network.
    pub within: ArrayVec<u64, 2>,
    /// A person made it: it holds in shadow mode too, and nobody is let through to try.
    pub by_hand: bool,
    /// Where it stands.
    pub state: State,
    /// When it was first opened, in Unix seconds.
    pub opened_s: u32,
    /// When its state last changed.
    pub since_s: u32,
    /// Until when that lasts; `None`: until somebody lifts it.
    pub until_s: Option<u32>,
    /// Its place on the ladder.
    pub rung: u8,
    /// How often it was opened, faded to `struck_s`.
    pub strikes: f32,
    /// When it was last opened.
    pub struck_s: u32,
    /// Newcomers in about a quarter of an hour: at the opening, usually, and now.
    pub pace: f32,
    /// See `pace`.
    pub usual: f32,
    /// See `pace`; faded to `asked_s`.
    pub asked: f32,
    /// When somebody last asked.
    pub asked_s: u32,
    /// The share that usually converts.
    pub rate: f32,
    /// Attempts that it stopped.
    pub stopped: u64,
    /// What they would have cost.
    pub spared_micros: i64,
    /// What was let through.
    pub held: Held,
    /// Lifted for sure until then, in Unix seconds: nothing shuts it, and its scope is trusted. 0: not.
    #[serde(default)]
    pub kept_open_s: u32,
}

impl Block {
    /// A block of a guilty scope.
    pub fn open(guilty: &Met, channel: Channel, within: ArrayVec<u64, 2>, at_s: u32) -> Self {
        let mut block = Self {
            scope: guilty.scope,
            key: guilty.key,
            shown: guilty.shown,
            channels: ArrayVec::new(),
            within,
            by_hand: false,
            state: State::Ended,
            opened_s: at_s,
            since_s: at_s,
            until_s: None,
            rung: 0,
            strikes: 0.0,
            struck_s: at_s,
            pace: 0.0,
            usual: 0.0,
            asked: 0.0,
            asked_s: at_s,
            rate: 0.0,
            stopped: 0,
            spared_micros: 0,
            held: Held::default(),
            kept_open_s: 0,
        };
        block.shut(guilty, channel, at_s);
        block
    }

    /// Shuts it: for the first time, or again and for longer.
    pub fn shut(&mut self, guilty: &Met, channel: Channel, at_s: u32) {
        self.strikes = self.strikes_at(at_s) + 1.0;
        self.struck_s = at_s;
        // The first strike is the lowest rung; half of one that is left counts.
        self.rung = libm::roundf(self.strikes - 1.0).clamp(0.0, RUNGS_S.len() as f32) as u8;
        self.state = State::Shut;
        self.since_s = at_s;
        self.until_s = lasts_s(self.rung).map(|lasts| at_s.saturating_add(lasts));
        let thousandth = |n: u32| n as f32 / 1_000.0;
        (self.pace, self.usual) = (thousandth(guilty.pace_milli), thousandth(guilty.usual_milli));
        (self.asked, self.asked_s) = (self.pace, at_s);
        self.rate = guilty.rate_ppm as f32 / 1e6;
        self.held = Held { hour: self.held.hour, in_hour: self.held.in_hour, ..Held::default() };
        self.name(channel);
    }

    /// Names a channel besides.
    pub fn name(&mut self, channel: Channel) {
        if !self.channels.contains(&channel) {
            // There are as many places as channels.
            let _ = self.channels.try_push(channel);
        }
    }

    /// Takes the place of another, which then ends: its strikes and its channels are kept.
    pub fn take_over(&mut self, other: &Self, at_s: u32) {
        self.strikes = self.strikes_at(at_s).max(other.strikes_at(at_s));
        self.struck_s = at_s;
        self.rung = self.rung.max(other.rung);
        self.until_s = lasts_s(self.rung).map(|lasts| at_s.saturating_add(lasts));
        self.opened_s = self.opened_s.min(other.opened_s);
        for channel in &other.channels {
            self.name(*channel);
        }
    }

    /// Strikes that are left.
    pub fn strikes_at(&self, at_s: u32) -> f32 {
        (self.strikes - at_s.saturating_sub(self.struck_s) as f32 / WEEK_S as f32).max(0.0)
    }

    /// Whether it stops an attempt over a channel now. Time that is over opens it, reviewed or not.
    pub fn stops(&self, channel: Channel, at_s: u32) -> bool {
        self.state == State::Shut
            && self.until_s.is_none_or(|until| at_s < until)
            && self.channels.contains(&channel)
    }

    /// How many ask in a quarter of an hour, at a moment.
    pub fn pace_at(&self, at_s: u32) -> f32 {
        let since_s = f64::from(at_s.saturating_sub(self.asked_s));
        self.asked * libm::exp(-since_s / PACE_TAU_S) as f32
    }

    /// A newcomer asks, stopped or not.
    pub fn ask(&mut self, at_s: u32) {
        self.asked = self.pace_at(at_s) + 1.0;
        self.asked_s = self.asked_s.max(at_s);
    }

    /// It stopped an attempt.
    pub fn stop(&mut self, price_micros: i64) {
        self.stopped += 1;
        self.spared_micros = self.spared_micros.saturating_add(price_micros.max(0));
    }

    /// Whether a person keeps it open.
    pub fn is_kept_open(&self, at_s: u32) -> bool {
        at_s < self.kept_open_s
    }

    /// A person lifts it, and keeps it open for so long.
    pub fn lift(&mut self, at_s: u32, for_s: u32) {
        self.turn(Turn::End(Why::Lifted), at_s);
        self.kept_open_s = if for_s == 0 { 0 } else { at_s.saturating_add(for_s) };
    }

    /// Whether one more may be let through in this hour.
    pub fn holds_out(&self, at_s: u32, an_hour: u32) -> bool {
        let old = at_s.saturating_sub(self.since_s) >= HOLDOUT_AFTER_S;
        !self.by_hand && old && (self.held.hour != at_s / HOUR_S || self.held.in_hour < an_hour)
    }

    /// One is let through.
    pub fn hold_out(&mut self, at_s: u32) {
        let hour = at_s / HOUR_S;
        self.held.in_hour = if self.held.hour == hour { self.held.in_hour + 1 } else { 1 };
        self.held.hour = hour;
    }

    /// What came of one that was let through.
    pub fn outcome(&mut self, converted: bool) {
        self.held.matured += 1;
        self.held.converted += u32::from(converted);
    }

    /// The chance that more than half of the normal share of its people would convert. Each outcome
    /// counts once: that one in fifty was looked at makes nothing surer about those that were.
    pub fn converts(&self) -> f64 {
        let (m, v) = (f64::from(self.held.matured), f64::from(self.held.converted));
        beta_above(f64::from(self.rate) / 2.0, 1.0 + v, 2.0 + (m - v).max(0.0))
    }

    /// About how many good users it stopped: the share of those let through who entered their code, at the
    /// normal rate for good ones, of all that were stopped.
    pub fn good_stopped(&self) -> f64 {
        if self.held.matured == 0 || self.rate <= 0.0 {
            return 0.0;
        }
        let share = f64::from(self.held.converted) / f64::from(self.held.matured) / f64::from(self.rate);
        self.stopped as f64 * share.min(1.0)
    }

    /// What the passing of time changes of it.
    pub fn review(&self, at_s: u32) -> Option<Turn> {
        let over = self.until_s.is_some_and(|until| until <= at_s);
        let since_s = at_s.saturating_sub(self.since_s);
        match self.state {
            State::Ended => None,
            _ if self.by_hand => over.then_some(Turn::End(Why::Time)),
            _ if self.held.matured > 0 && self.converts() > LIFT => Some(Turn::End(Why::Converts)),
            State::Trial => over.then_some(Turn::End(Why::Time)),
            State::Shut if over && self.pace_at(at_s) > 0.5 * self.pace && self.pace > 0.0 => {
                let lasts = lasts_s(self.rung).unwrap_or(EXTEND_MAX_S).min(EXTEND_MAX_S);
                Some(Turn::Extend { until_s: at_s.saturating_add(lasts) })
            }
            State::Shut if over => Some(self.trial(at_s, Why::Time)),
            State::Shut if since_s >= QUIET_S && self.pace_at(at_s) < (1.5 * self.usual).max(0.5) => {
                Some(self.trial(at_s, Why::Quiet))
            }
            State::Shut => None,
        }
    }

    fn trial(&self, at_s: u32, why: Why) -> Turn {
        let lasts = lasts_s(self.rung).unwrap_or(TRIAL_MAX_S).clamp(TRIAL_MIN_S, TRIAL_MAX_S);
        Turn::Trial { until_s: at_s.saturating_add(lasts), why }
    }

    /// Carries a turn out.
    pub fn turn(&mut self, turn: Turn, at_s: u32) {
        match turn {
            Turn::Extend { until_s } => self.until_s = Some(until_s),
            Turn::Trial { until_s, .. } => {
                (self.state, self.since_s, self.until_s) = (State::Trial, at_s, Some(until_s));
            }
            Turn::End(why) => {
                (self.state, self.since_s, self.until_s) = (State::Ended, at_s, None);
                if matches!(why, Why::Converts | Why::Lifted) {
                    // It stood against good people: that is no strike.
                    self.strikes = (self.strikes_at(at_s) - 1.0).max(0.0);
                    self.struck_s = at_s;
                }
            }
        }
    }

    /// Whether nothing of it is left to remember.
    pub fn is_gone(&self, at_s: u32) -> bool {
        // People may still want to see it for a day.
        let old = at_s.saturating_sub(self.since_s) >= DAY_S;
        self.state == State::Ended && old && self.strikes_at(at_s) <= 0.0 && !self.is_kept_open(at_s)
    }
}

/// How long a rung lasts; `None`: until somebody lifts it.
pub fn lasts_s(rung: u8) -> Option<u32> {
    RUNGS_S.get(usize::from(rung)).copied()
}

#[cfg(test)]
mod tests;

//! The blocks that stand in one process, bounded: which of them an attempt meets, and what judgements,
//! outcomes and time change of them. It decides nothing: the ladder does, which is [`super::Block`]'s.
//! Held by replay, by simulation and by the live server, which keeps every change in the records.

use super::marks::Marks;
use super::word::Words;
use super::{Block, BlockTerms, LOST_S, State, Turn, Why};
use crate::attempt::{Attempt, Channel};
use crate::effect::Effect;
use crate::evidence::{Ask, Evidenced, Keys, Scope, keys};
use crate::signal::EvidenceKey;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// At most so many are kept, those that are over included.
const BLOCKS_MAX: usize = 4_096;
/// At most so many scopes are watched for guilty newcomers in a row.
const WATCHED_MAX: usize = 4_096;
/// A row is broken by so long a pause. Guess: a trickle has its memory in the evidence.
const ROW_S: u32 = 6 * 3_600;
/// At most so many let-through messages are awaited.
const AWAITED_MAX: usize = 4_096;
/// Between two looks at what time changes.
const REVIEW_S: u32 = 10;
const DAY_S: u32 = 86_400;

/// A guilty scope, as an assessment names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// What kind of thing.
    pub scope: Scope,
    /// The key of its record.
    pub key: u64,
    /// What people are shown of it.
    pub shown: EvidenceKey,
    /// Surer than the threshold: it needs no row.
    pub sure: bool,
    /// Newcomers in about a quarter of an hour, in thousandths.
    pub pace_milli: u32,
    /// How many would be usual, in thousandths.
    pub usual_milli: u32,
    /// The share that usually converts, in millionths.
    pub rate_ppm: u32,
}

/// A block that an attempt meets, as far as the judge must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// What kind of thing is shut.
    pub scope: Scope,
    /// Its key.
    pub key: u64,
    /// What people are shown of it.
    pub shown: EvidenceKey,
    /// A person made it.
    pub by_hand: bool,
    /// Half open: it stops nothing, and its outcomes are looked at.
    pub trial: bool,
    /// Until when, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<u32>,
    /// One more may be let through.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub holds_out: bool,
    /// A person lifted it for sure: what it covers is trusted for a while.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub kept_open: bool,
}

/// A message that was let through and whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Awaited {
    pub id: u64,
    pub key: u64,
    pub at_s: u32,
}

/// What stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Blocks {
    pub(super) all: BTreeMap<u64, Block>,
    /// Guilty newcomers in a row and when the last was seen, by the scope's key.
    pub(super) watched: BTreeMap<u64, (u32, u32)>,
    pub(super) awaited: VecDeque<Awaited>,
    /// The day of the money that was spent on letting through, and how much.
    pub(super) day: u32,
    pub(super) spent_micros: i64,
    pub(super) reviewed_s: u32,
    /// Which keys may be among `all`.
    #[serde(skip, default = "Marks::any")]
    pub(super) marks: Marks,
    #[serde(skip)]
    pub(super) words: Words,
}

impl Blocks {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many are kept, those that are over included.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All that are kept, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Block> {
        self.all.values()
    }

    /// One of them.
    pub fn get(&self, key: u64) -> Option<&Block> {
        self.all.get(&key)
    }

    /// Puts one in its place as it is: read from the records, or made by a person.
    pub fn put(&mut self, block: Block) {
        if self.all.contains_key(&block.key) || self.has_room(block.since_s) {
            self.marks.mark(block.key);
            self.all.insert(block.key, block);
        }
    }

    /// Forgets one.
    pub fn remove(&mut self, key: u64) -> Option<Block> {
        self.all.remove(&key)
    }

    /// The blocks that an attempt meets, those that stop it first and of these the narrowest.
    pub fn met(&self, attempt: &Attempt, terms: &BlockTerms, price_micros: i64) -> ArrayVec<Stood, 4> {
        let mut met = ArrayVec::new();
        if self.all.is_empty() {
            return met;
        }
        let at_s = seconds(attempt.at_ms);
        let money = self.money_left(at_s, terms) >= price_micros;
        let own: ArrayVec<&Block, { crate::evidence::SCOPES }> =
            keys(attempt).iter().rev().filter_map(|(_, key)| self.marked(*key)).collect();
        let shut = own.iter().filter(|block| block.stops(attempt.channel, at_s));
        let kept = own.iter().filter(|block| block.is_kept_open(at_s));
        let trial = own.iter().filter(|block| block.state == State::Trial);
        for block in shut.chain(kept).chain(trial) {
            let stood = Stood {
                scope: block.scope,
                key: block.key,
                shown: block.shown,
                by_hand: block.by_hand,
                trial: block.state == State::Trial,
                until_s: block.until_s,
                holds_out: money && block.holds_out(at_s, terms.holdout_an_hour),
                kept_open: block.is_kept_open(at_s),
            };
            if met.try_push(stood).is_err() {
                break;
            }
        }
        met
    }

    fn marked(&self, key: u64) -> Option<&Block> {
        if self.marks.may(key) { self.all.get(&key) } else { None }
    }

    fn money_left(&self, at_s: u32, terms: &BlockTerms) -> i64 {
        let spent = if self.day == at_s / DAY_S { self.spent_micros } else { 0 };
        terms.holdout_day_micros - spent
    }

    /// Carries out what a judgement says of blocks, and counts its asking. Answers with the keys of those
    /// that were opened, shut again or replaced.
    pub fn follow(&mut self, asked: &Followed<'_>, terms: &BlockTerms) -> Vec<u64> {
        let mut changed = Vec::new();
        let at_s = asked.ask.at_s;
        if asked.ask.newcomer && !asked.ask.trusted && !self.all.is_empty() {
            for (_, key) in asked.ask.keys.iter().filter(|(_, key)| self.marks.may(*key)) {
                if let Some(block) = self.all.get_mut(key).filter(|block| block.state == State::Shut) {
                    block.ask(at_s);
                }
            }
        }
        let mut guilty = None;
        for effect in asked.effects {
            match effect {
                Effect::OpenBlock(met) => {
                    guilty = Some(met.key);
                    if self.is_due(met, at_s, terms) {
                        self.open(met, asked, &mut changed);
                    }
                }
                Effect::StopAtBlock { key } => {
                    if let Some(block) = self.all.get_mut(key) {
                        block.stop(asked.price_micros);
                    }
                    if asked.evidence.word.is_none() {
                        self.words.judged(*key, at_s, asked.points, asked.evidence);
                    }
                }
                Effect::PassBlock { key, held_out } => {
                    if !held_out {
                        self.words.silence(*key);
                    }
                    self.pass(*key, *held_out, asked);
                }
                _ => {}
            }
        }
        if asked.ask.newcomer && !asked.ask.trusted && !self.watched.is_empty() {
            // Somebody of whom nothing is thought breaks the row.
            for (_, key) in asked.ask.keys.iter().filter(|(_, key)| Some(*key) != guilty) {
                self.watched.remove(key);
            }
        }
        changed
    }

    /// Whether a guilty scope is to be shut now: one that is sure, one that comes back, or the last of
    /// a row. Opening is harder than opening again.
    fn is_due(&mut self, met: &Met, at_s: u32, terms: &BlockTerms) -> bool {
        let trial = self.all.get(&met.key).is_some_and(|block| block.state == State::Trial);
        if met.sure || trial {
            self.watched.remove(&met.key);
            return true;
        }
        if self.watched.len() >= WATCHED_MAX {
            self.watched.retain(|_, (_, last_s)| at_s.saturating_sub(*last_s) < ROW_S);
        }
        if self.watched.len() >= WATCHED_MAX && !self.watched.contains_key(&met.key) {
            return false;
        }
        let (row, last_s) = self.watched.entry(met.key).or_insert((0, at_s));
        *row = if at_s.saturating_sub(*last_s) < ROW_S { *row + 1 } else { 1 };
        *last_s = at_s;
        let due = *row >= terms.in_a_row;
        if due {
            self.watched.remove(&met.key);
        }
        due
    }

    fn open(&mut self, met: &Met, asked: &Followed<'_>, changed: &mut Vec<u64>) {
        let (at_s, channel) = (asked.ask.at_s, asked.channel);
        let within = within(&asked.ask.keys, met.scope);
        if let Some(block) = self.all.get_mut(&met.key) {
            if block.state == State::Shut {
                block.name(channel);
            } else {
                block.shut(met, channel, at_s);
            }
        } else {
            if !self.has_room(at_s) {
                return;
            }
            self.marks.mark(met.key);
            self.all.insert(met.key, Block::open(met, channel, within.clone(), at_s));
        }
        changed.push(met.key);
        // Wider ones that this one explains, and narrower ones that lie in it, end in its favour.
        let replaced = |block: &&Block| {
            let wider = within.contains(&block.key);
            let narrower = block.within.contains(&met.key);
            block.key != met.key && block.state == State::Shut && !block.by_hand && (wider || narrower)
        };
        let replaced: Vec<u64> = self.all.values().filter(replaced).map(|block| block.key).collect();
        for key in replaced {
            let Some(old) = self.all.get(&key).cloned() else { continue };
            if let Some(block) = self.all.get_mut(&met.key).filter(|_| !old.within.contains(&met.key)) {
                // Narrowed: it goes on where the wider one stood.
                block.take_over(&old, at_s);
            }
            if let Some(old) = self.all.get_mut(&key) {
                old.turn(Turn::End(Why::Replaced), at_s);
            }
            changed.push(key);
        }
    }

    fn pass(&mut self, key: u64, held_out: bool, asked: &Followed<'_>) {
        let at_s = asked.ask.at_s;
        let Some(block) = self.all.get_mut(&key) else { return };
        if held_out {
            block.hold_out(at_s);
            if self.day != at_s / DAY_S {
                (self.day, self.spent_micros) = (at_s / DAY_S, 0);
            }
            self.spent_micros = self.spent_micros.saturating_add(asked.price_micros.max(0));
        }
        if self.awaited.len() < AWAITED_MAX {
            self.awaited.push_back(Awaited { id: asked.id, key, at_s });
        }
    }

    /// A right code came back for an attempt.
    pub fn converted(&mut self, id: u64) {
        if let Some(at) = self.awaited.iter().position(|awaited| awaited.id == id)
            && let Some(awaited) = self.awaited.remove(at)
            && let Some(block) = self.all.get_mut(&awaited.key)
        {
            block.outcome(true);
        }
    }

    /// What the passing of time changes, now and then: the keys of blocks that changed, and how.
    pub fn advance(&mut self, at_s: u32) -> Vec<(u64, Turn)> {
        let mut turned = Vec::new();
        if at_s < self.reviewed_s.saturating_add(REVIEW_S) {
            return turned;
        }
        self.reviewed_s = at_s;
        self.words.forget_old(at_s);
        while let Some(awaited) = self.awaited.front().copied() {
            if at_s < awaited.at_s.saturating_add(LOST_S) {
                break;
            }
            self.awaited.pop_front();
            if let Some(block) = self.all.get_mut(&awaited.key) {
                block.outcome(false);
            }
        }
        for (key, block) in &mut self.all {
            if let Some(turn) = block.review(at_s) {
                block.turn(turn, at_s);
                turned.push((*key, turn));
            }
        }
        let before = self.all.len();
        self.all.retain(|_, block| !block.is_gone(at_s));
        if self.all.len() < before {
            self.marks = Marks::default();
            self.all.keys().for_each(|key| self.marks.mark(*key));
        }
        turned
    }

    /// A person lifts one, and keeps it open for so long. False if it is over already.
    pub fn lift(&mut self, key: u64, at_s: u32, for_s: u32) -> bool {
        let standing = self.all.get_mut(&key).filter(|block| block.state != State::Ended);
        let found = standing.map(|block| block.lift(at_s, for_s)).is_some();
        self.watched.remove(&key);
        found
    }

    /// Whether one more can be kept: one that is over and has the fewest strikes gives way.
    fn has_room(&mut self, at_s: u32) -> bool {
        if self.all.len() < BLOCKS_MAX {
            return true;
        }
        let over = self.all.values().filter(|block| block.state == State::Ended);
        let least = over.min_by(|a, b| a.strikes_at(at_s).total_cmp(&b.strikes_at(at_s)));
        let Some(key) = least.map(|block| block.key) else { return false };
        self.all.remove(&key).is_some()
    }
}

/// What was judged and is to be carried out.
#[derive(Debug, Clone, Copy)]
pub struct Followed<'a> {
    /// The name under which outcomes come.
    pub id: u64,
    /// What was counted.
    pub ask: &'a Ask,
    /// Over which channel.
    pub channel: Channel,
    /// What it was expected to cost.
    pub price_micros: i64,
    /// What the assessment says.
    pub effects: &'a [Effect],
    /// What it came to, in points.
    pub points: i32,
    /// What it was judged from.
    pub evidence: &'a Evidenced,
}

/// Country and network that a scope of a destination lies in.
fn within(keys: &Keys, scope: Scope) -> ArrayVec<u64, 2> {
    let wider = |wide: &Scope| match wide {
        Scope::Country | Scope::Network => {
            matches!(
                scope,
                Scope::Network
                    | Scope::ProfileNetwork
                    | Scope::ClientNetwork
                    | Scope::WhenceNetwork
                    | Scope::ChannelNetwork
                    | Scope::Prefix4
                    | Scope::Prefix3
                    | Scope::Prefix2
            ) && *wide < scope
        }
        _ => false,
    };
    keys.iter().filter(|(wide, _)| wider(wide)).map(|(_, key)| *key).take(2).collect()
}

/// Unix seconds of Unix milliseconds.
fn seconds(at_ms: i64) -> u32 {
    u32::try_from(at_ms.max(0) / 1000).unwrap_or(u32::MAX)
}

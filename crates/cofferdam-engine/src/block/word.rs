//! A block's word: what it says of an attempt without looking at the evidence again.
//!
//! Where thousands ask within a second at something that is shut, the first few are judged in full, and what came
//! of the last of them is said of the rest, who have nothing that tells them apart. The word only ever stops: whoever
//! has anything that speaks for him is judged in full, so nobody gets past a block by it. Kept with the blocks
//! and never saved: after a start the next few are judged in full again.

use super::Blocks;
use crate::attempt::Attempt;
use crate::evidence::{Ask, Evidenced, Reading};
use crate::judge;
use crate::known::Identity;
use crate::policy::{Policy, Terms};
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};

/// So many a second are judged in full at each block. Guess: what they say of the second hardly changes with more.
const IN_FULL: u32 = 4;
/// A block has a word only if the last who was judged came to so many points: odds of 19. What tells people
/// of a place apart – their browser, profile and network of addresses – takes two and a half nats from
/// somebody at most, so each of them would still be stopped.
const SURE_POINTS: i32 = 2_944;

/// What a block says of an attempt that was counted, but whose evidence was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The block's key.
    pub key: u64,
    /// When the evidence was read that it stands on, in Unix seconds.
    pub read_s: u32,
    /// What that came to.
    pub points: i32,
}

/// A word, and the reading of what is shut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken {
    /// What is said.
    pub word: Word,
    /// What was seen of the scope, if it was worth a look.
    pub reading: Option<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    spoken: Spoken,
    /// How many were judged in full in its second.
    in_full: u32,
}

/// The words of all blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(BTreeMap<u64, Last>);

/// They are no part of what stands: without them more is judged in full.
impl PartialEq for Words {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Words {
    /// An attempt was stopped at a block, judged by its own evidence.
    pub fn judged(&mut self, key: u64, at_s: u32, points: i32, evidence: &Evidenced) {
        let reading = evidence.readings.iter().find(|reading| reading.key == key).copied();
        let spoken = Spoken { word: Word { key, read_s: at_s, points }, reading };
        let before = self.0.get(&key).filter(|last| last.spoken.word.read_s == at_s);
        let in_full = before.map_or(1, |last| last.in_full + 1);
        self.0.insert(key, Last { spoken, in_full });
    }

    /// Somebody passed: what the block said does not hold for all.
    pub fn silence(&mut self, key: u64) {
        self.0.remove(&key);
    }

    /// What a block says in this second, if enough were judged in it.
    fn of(&self, key: u64, at_s: u32) -> Option<Spoken> {
        let last = self.0.get(&key).filter(|last| last.in_full >= IN_FULL)?;
        let word = last.spoken.word;
        (word.read_s == at_s && word.points >= SURE_POINTS).then_some(last.spoken)
    }

    /// Forgets those of other seconds.
    pub fn forget_old(&mut self, at_s: u32) {
        self.0.retain(|_, last| last.spoken.word.read_s >= at_s);
    }
}

impl Blocks {
    /// What a block says of an attempt in place of a judgement by its own evidence; `None`: it is to be read.
    pub fn word(
        &self,
        attempt: &Attempt,
        identity: &Identity,
        ask: &Ask,
        policy: &Policy,
        terms: &Terms,
    ) -> Option<Spoken> {
        let key = judge::spoken_for(attempt, identity, ask, policy, terms)?;
        self.words.of(key, ask.at_s).filter(|spoken| judge::keeps(spoken.word.points, policy))
    }
}

//! One shard: its tables, and which changes they hold.

use super::marks::Mark;
use cofferdam_engine::table::Table;
use cofferdam_engine::tally::{Change, LimitRecord, ProofRecord};
use std::collections::BTreeSet;

/// Changes that recovery may bring in out of order. Callers reach the journal in another order than
/// the shard, but never by this much.
const ASTRAY: usize = 4096;

pub(super) struct Shard {
    pub(super) limits: Table<LimitRecord>,
    pub(super) proofs: Table<ProofRecord>,
    /// All changes up to this number are in the tables.
    floor: u64,
    /// And these, above it, in recovery alone.
    beyond: BTreeSet<u64>,
}

impl Shard {
    pub(super) fn new(keys_max: usize) -> Self {
        Self { limits: Table::new(keys_max), proofs: Table::new(keys_max), floor: 0, beyond: BTreeSet::new() }
    }

    /// The last number given.
    pub(super) fn last_seq(&self) -> u64 {
        self.beyond.last().copied().unwrap_or(self.floor)
    }

    /// States what a saved shard holds.
    pub(super) fn set_floor(&mut self, floor: u64) {
        self.floor = floor;
    }

    /// The number of a new change.
    pub(super) fn next_seq(&mut self) -> u64 {
        if let Some(last) = self.beyond.last() {
            // Life goes on after recovery: what is missing below was lost with the crash.
            self.floor = *last;
            self.beyond.clear();
        }
        self.floor += 1;
        self.floor
    }

    pub(super) fn apply(&mut self, change: &Change) {
        match *change {
            Change::Count { key, at_s, windows_s, by } => self.limits.add(key, at_s, &windows_s, by),
            Change::Prove { key, at_s } => self.proofs.prove(key, at_s),
            Change::Unprove { key } => self.proofs.unprove(key),
        }
    }

    /// Applies a change of the journal unless it is in the tables already.
    pub(super) fn recover(&mut self, mark: &Mark) {
        if mark.seq <= self.floor || !self.beyond.insert(mark.seq) {
            return;
        }
        self.apply(&mark.change);
        while self.beyond.first().is_some_and(|first| *first == self.floor + 1) {
            self.beyond.pop_first();
            self.floor += 1;
        }
        if self.beyond.len() > ASTRAY
            && let Some(first) = self.beyond.pop_first()
        {
            self.floor = first;
        }
    }
}

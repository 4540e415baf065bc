//! The shards of several keys, all held at once.
//!
//! Taking one lock after another would make each key wait for memory by itself, because a lock is a
//! fence. With all locks held, the records of an attempt are looked for side by side, which halves the
//! time of a judgement at a million keys. Shards are always locked in ascending order, so two callers
//! never wait for each other. Used by the process's tallies alone.
//!
//! Looking goes in steps ([`Table::home_of`]), each over all keys, so that memory answers them side by side: whoever
//! has proofs and limits to look for takes each step for both.

use super::ProcessTallies;
use super::marks::{COUNT_BYTES, Mark};
use super::shard::Shard;
use crate::store::tallies::Marks;
use arrayvec::ArrayVec;
use cofferdam_engine::Needs;
use cofferdam_engine::known::Seen;
use cofferdam_engine::need::RECORDS;
use cofferdam_engine::table::{Place, Table};
use cofferdam_engine::tally::{Change, LimitRecord, ProofRecord};
use std::sync::MutexGuard;

/// Keys of proofs that are asked for at once.
pub(super) const PROOFS: usize = 5;
/// Keys at once.
const KEYS: usize = PROOFS + RECORDS;

/// Where records may stand, in the order of their keys.
type Places = ArrayVec<Place, RECORDS>;

/// Locked shards, and which of them each key belongs to. Keys of proofs come first.
pub(super) struct Held<'a> {
    guards: ArrayVec<MutexGuard<'a, Shard>, KEYS>,
    of: ArrayVec<usize, KEYS>,
}

impl<'a> Held<'a> {
    /// Locks the shards of at most so many keys.
    pub(super) fn hold(tallies: &'a ProcessTallies, keys: impl Iterator<Item = u64>) -> Self {
        let at: ArrayVec<usize, KEYS> = keys.take(KEYS).map(super::shard_of).collect();
        let mut order = at.clone();
        order.sort_unstable();
        let (mut guards, mut held) = (ArrayVec::new(), ArrayVec::<usize, KEYS>::new());
        for shard in order {
            if held.last() != Some(&shard)
                && let Some(guard) = tallies.lock(shard)
            {
                held.push(shard);
                guards.push(guard);
            }
        }
        let of = at.iter().map(|at| held.binary_search(at).unwrap_or(usize::MAX)).collect();
        Self { guards, of }
    }

    /// The shard of the nth key.
    fn shard(&self, n: usize) -> Option<&Shard> {
        self.guards.get(*self.of.get(n)?).map(|guard| &**guard)
    }

    /// The same, to change it.
    fn shard_mut(&mut self, n: usize) -> Option<&mut Shard> {
        self.guards.get_mut(*self.of.get(n)?).map(|guard| &mut **guard)
    }

    fn proofs(&self, n: usize) -> Option<&Table<ProofRecord>> {
        self.shard(n).map(|shard| &shard.proofs)
    }

    fn limits(&self, n: usize) -> Option<&Table<LimitRecord>> {
        self.shard(n).map(|shard| &shard.limits)
    }

    /// First step for proofs.
    pub(super) fn proof_homes(&self, keys: &[u64]) -> Places {
        let home =
            |(n, key): (usize, &u64)| self.proofs(n).map_or(Place::UNKNOWN, |table| table.home_of(*key));
        keys.iter().enumerate().map(home).collect()
    }

    /// Second step for proofs.
    pub(super) fn look_at_proofs(&self, keys: &[u64], places: &mut Places) {
        for ((n, key), place) in keys.iter().enumerate().zip(places) {
            *place = self.proofs(n).map_or(Place::UNKNOWN, |table| table.look(*place, *key));
        }
    }

    /// Last step for proofs: when each was last proved.
    pub(super) fn proved(&self, keys: &[u64], places: Places) -> ArrayVec<Option<u32>, PROOFS> {
        let keys = keys.iter().enumerate().zip(places).take(PROOFS);
        keys.map(|((n, key), place)| self.proofs(n)?.proved_at(place, *key)).collect()
    }

    /// First step for limits, whose keys stand behind so many others.
    pub(super) fn limit_homes(&self, behind: usize, needs: &Needs) -> Places {
        let home = |(n, key)| self.limits(behind + n).map_or(Place::UNKNOWN, |table| table.home_of(key));
        needs.iter().map(|need| need.key).enumerate().map(home).collect()
    }

    /// Second step for limits.
    pub(super) fn look_at_limits(&self, behind: usize, needs: &Needs, places: &mut Places) {
        for ((n, need), place) in needs.iter().enumerate().zip(places) {
            *place = self.limits(behind + n).map_or(Place::UNKNOWN, |table| table.look(*place, need.key));
        }
    }

    /// Last steps for limits: brings and counts them.
    pub(super) fn count(
        &mut self,
        behind: usize,
        needs: &Needs,
        mut places: Places,
        at_s: u32,
        seen: &mut ArrayVec<Seen, RECORDS>,
    ) -> Marks {
        for ((n, need), place) in needs.iter().enumerate().zip(&mut places) {
            *place = self.limits(behind + n).map_or(Place::UNKNOWN, |table| table.bring(need.key, *place));
        }
        let mut marks = Marks(Vec::with_capacity(needs.len() * COUNT_BYTES));
        let mut before = None;
        for ((n, need), place) in needs.iter().enumerate().zip(places) {
            let Some(shard) = self.shard_mut(behind + n) else { continue };
            seen.push(shard.limits.count_at(place, need, at_s));
            if need.add {
                let change = Change::Count { key: need.key, at_s, windows_s: need.windows_s, by: 1 };
                let mark = Mark { seq: shard.next_seq(), change };
                mark.write_after(before.as_ref(), &mut marks.0);
                before = Some(mark);
            }
        }
        marks
    }
}

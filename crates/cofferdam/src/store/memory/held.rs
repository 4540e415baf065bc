//! The shards of several keys, all held at once.
//!
//! Taking one lock after another would make each key wait for memory by itself, because a lock is a
//! fence. With all locks held, the records of an attempt are looked for side by side, which halves the
//! time of a judgement at a million keys. Shards are always locked in ascending order, so two callers
//! never wait for each other. Used by the process's tallies alone.

use super::ProcessTallies;
use super::shard::Shard;
use arrayvec::ArrayVec;
use cofferdam_engine::need::RECORDS;
use std::sync::MutexGuard;

/// Locked shards, and which of them each key belongs to.
pub(super) struct Held<'a> {
    guards: ArrayVec<MutexGuard<'a, Shard>, RECORDS>,
    of: ArrayVec<usize, RECORDS>,
}

impl<'a> Held<'a> {
    /// Locks the shards of at most [`RECORDS`] keys.
    pub(super) fn hold(tallies: &'a ProcessTallies, keys: impl Iterator<Item = u64>) -> Self {
        let at: ArrayVec<usize, RECORDS> = keys.take(RECORDS).map(super::shard_of).collect();
        let mut order = at.clone();
        order.sort_unstable();
        let (mut guards, mut held) = (ArrayVec::new(), ArrayVec::<usize, RECORDS>::new());
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
    pub(super) fn shard(&self, n: usize) -> Option<&Shard> {
        self.guards.get(*self.of.get(n)?).map(|guard| &**guard)
    }

    /// The same, to change it.
    pub(super) fn shard_mut(&mut self, n: usize) -> Option<&mut Shard> {
        self.guards.get_mut(*self.of.get(n)?).map(|guard| &mut **guard)
    }
}

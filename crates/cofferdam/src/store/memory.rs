//! Tallies in the process: shards of tables behind plain locks.
//!
//! Every change gets a number within its shard, under the shard's lock. A saved shard states the
//! last number that it holds, so recovery can bring back what the journal has since, each change
//! exactly once. It knows no file and no records: the embedded home saves and recovers it.

use super::StoreError;
use super::tallies::{Counted, Marks, Proofs, Tallies, TallySize};
use arrayvec::ArrayVec;
use async_trait::async_trait;
use cofferdam_engine::Needs;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::table::Place;
use cofferdam_engine::tally::Change;
use held::Held;
use marks::Mark;
use shard::Shard;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod held;
mod marks;
mod shard;
pub(super) mod snapshot;

/// Locks are held for well under a microsecond, so few callers ever meet at one of so many.
const SHARDS: usize = 512;

/// The shard of a key. Tables use the upper half of a key, so shards part by the lower.
fn shard_of(key: u64) -> usize {
    key as usize % SHARDS
}

/// Tallies of one process.
pub struct ProcessTallies {
    shards: Box<[Mutex<Shard>]>,
}

impl ProcessTallies {
    /// Empty tallies for at most about so many keys of each kind.
    pub fn new(keys_max: usize) -> Self {
        let each = keys_max.div_ceil(SHARDS);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(each))).collect() }
    }

    fn lock(&self, shard: usize) -> Option<MutexGuard<'_, Shard>> {
        Some(self.shards.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The shard of a key.
    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        self.lock(shard_of(key))
    }

    /// When each key was last proved: all homes are found, then looked at, then read.
    fn proofs_now(&self, keys: [Option<u64>; 5]) -> [Option<u32>; 5] {
        let asked: ArrayVec<u64, RECORDS> = keys.into_iter().flatten().collect();
        let held = Held::hold(self, asked.iter().copied());
        let table = |n: usize| held.shard(n).map(|shard| &shard.proofs);
        let mut places: ArrayVec<Place, RECORDS> = ArrayVec::new();
        for (n, key) in asked.iter().enumerate() {
            places.push(table(n).map_or(Place::UNKNOWN, |table| table.home_of(*key)));
        }
        for ((n, key), place) in asked.iter().enumerate().zip(&mut places) {
            *place = table(n).map_or(Place::UNKNOWN, |table| table.look(*place, *key));
        }
        let mut proved =
            asked.iter().enumerate().zip(places).map(|((n, key), place)| table(n)?.proved_at(place, *key));
        keys.map(|key| key.and_then(|_| proved.next().flatten()))
    }

    /// Counts an attempt in the same steps.
    fn count_now(&self, needs: &Needs, at_s: u32) -> Counted {
        let mut counted = Counted { seen: ArrayVec::new(), marks: Marks::default() };
        counted.marks.0.reserve(needs.len() * marks::COUNT_BYTES);
        let mut held = Held::hold(self, needs.iter().map(|need| need.key));
        let mut places: ArrayVec<Place, RECORDS> = ArrayVec::new();
        for (n, need) in needs.iter().enumerate() {
            places.push(held.shard(n).map_or(Place::UNKNOWN, |shard| shard.limits.home_of(need.key)));
        }
        for ((n, need), place) in needs.iter().enumerate().zip(&mut places) {
            *place = held.shard(n).map_or(Place::UNKNOWN, |shard| shard.limits.look(*place, need.key));
        }
        for ((n, need), place) in needs.iter().enumerate().zip(&mut places) {
            *place = held.shard(n).map_or(Place::UNKNOWN, |shard| shard.limits.bring(need.key, *place));
        }
        let mut before = None;
        for ((n, need), place) in needs.iter().enumerate().zip(places) {
            let Some(shard) = held.shard_mut(n) else { continue };
            counted.seen.push(shard.limits.count_at(place, need, at_s));
            if need.add {
                let change = Change::Count { key: need.key, at_s, windows_s: need.windows_s, by: 1 };
                let mark = Mark { seq: shard.next_seq(), change };
                mark.write_after(before.as_ref(), &mut counted.marks.0);
                before = Some(mark);
            }
        }
        counted
    }

    /// Brings one row of the journal back.
    pub(super) fn recover_now(&self, marks: &Marks) -> Result<(), StoreError> {
        for mark in Mark::read(&marks.0) {
            let mark = mark?;
            if let Some(mut shard) = self.shard(mark.key()) {
                shard.recover(&mark);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Tallies for ProcessTallies {
    async fn proofs(&self, inquiry: &Inquiry) -> Result<Proofs, StoreError> {
        let Inquiry { number, device, user, number_device, number_user } = *inquiry;
        let [number_s, device_s, user_s, number_device_s, number_user_s] =
            self.proofs_now([Some(number), device, user, number_device, number_user]);
        Ok(Proofs { number_s, device_s, user_s, number_device_s, number_user_s })
    }

    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError> {
        Ok(self.count_now(needs, at_s))
    }

    async fn raise(&self, changes: &[Change]) -> Result<Marks, StoreError> {
        let mut marks = Marks::default();
        for change in changes {
            if let Some(mut shard) = self.shard(marks::key_of(change)) {
                shard.apply(change);
                Mark { seq: shard.next_seq(), change: *change }.write(&mut marks.0);
            }
        }
        Ok(marks)
    }

    async fn recover(&self, marks: &Marks) -> Result<(), StoreError> {
        self.recover_now(marks)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn size(&self) -> TallySize {
        let mut size = TallySize::default();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            size.keys += (shard.limits.len() + shard.proofs.len()) as u64;
            size.bytes += (shard.limits.bytes() + shard.proofs.bytes()) as u64;
            size.evicted += u64::from(shard.limits.crowded());
        }
        size
    }
}

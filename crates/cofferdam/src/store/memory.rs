//! Tallies in the process: shards of tables behind plain locks.
//!
//! Every change gets a number within its shard, under the shard's lock. A saved shard states the
//! last number that it holds, so recovery can bring back what the journal has since, each change
//! exactly once. It knows no file and no records: the embedded home saves and recovers it.

use super::StoreError;
use super::tallies::{Counted, Marks, Proofs, Tallies, TallySize};
use async_trait::async_trait;
use cofferdam_engine::Needs;
use cofferdam_engine::need::Inquiry;
use cofferdam_engine::tally::Change;
use marks::Mark;
use shard::Shard;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod marks;
mod shard;
pub(super) mod snapshot;

/// Locks are held for well under a microsecond, so few callers ever meet at one of so many.
const SHARDS: usize = 512;

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

    /// The shard of a key. Tables use the upper half of a key, so shards part by the lower.
    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get(key as usize % SHARDS)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn proved_s(&self, key: u64) -> Option<u32> {
        self.shard(key)?.proofs.proved_s(key)
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
        Ok(Proofs {
            number_s: self.proved_s(inquiry.number),
            device_s: inquiry.device.and_then(|key| self.proved_s(key)),
            user_s: inquiry.user.and_then(|key| self.proved_s(key)),
            number_device_s: inquiry.number_device.and_then(|key| self.proved_s(key)),
            number_user_s: inquiry.number_user.and_then(|key| self.proved_s(key)),
        })
    }

    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError> {
        let mut counted = Counted { seen: arrayvec::ArrayVec::new(), marks: Marks::default() };
        counted.marks.0.reserve(needs.len() * marks::COUNT_BYTES);
        for need in needs {
            let Some(mut shard) = self.shard(need.key) else { continue };
            let seen = shard.limits.count(need, at_s);
            if need.add {
                let change = Change::Count { key: need.key, at_s, windows_s: need.windows_s, by: 1 };
                Mark { seq: shard.next_seq(), change }.write(&mut counted.marks.0);
            }
            drop(shard);
            counted.seen.push(seen);
        }
        Ok(counted)
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

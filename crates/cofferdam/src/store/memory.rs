//! Tallies in the process: shards of tables behind plain locks.
//!
//! Every change gets a number within its shard, under the shard's lock. A saved shard states the
//! last number that it holds, so recovery can bring back what the journal has since, each change
//! exactly once. It knows no file and no records: the embedded home saves and recovers it.

use super::StoreError;
use super::tallies::{
    Counted, CountedAlone, Followed, Identified, Learned, Lesson, Marks, MovedTallies, MovedTally, Proofs,
    Tallies, TallySize,
};
use arrayvec::ArrayVec;
use async_trait::async_trait;
use cofferdam_engine::evidence::{Ask, EvidenceTallies, Faces};
use cofferdam_engine::known::Seen;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Known, Needs};
use held::{Held, PROOFS};
use marks::Mark;
use shard::Shard;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod held;
mod marks;
mod moving;
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
    /// All evidence behind one lock: an attempt reads and writes some twenty of its records, wide ones
    /// among them, so that parting it by key would have every attempt meet at the same few places.
    evidence: Mutex<EvidenceTallies>,
    keys_max: usize,
}

impl ProcessTallies {
    /// Empty tallies for at most about so many keys of each kind.
    pub fn new(keys_max: usize) -> Self {
        let each = keys_max.div_ceil(SHARDS);
        Self {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(each))).collect(),
            evidence: Mutex::new(EvidenceTallies::new(keys_max)),
            keys_max,
        }
    }

    /// The evidence. No other lock is taken while it is held.
    fn evidence(&self) -> MutexGuard<'_, EvidenceTallies> {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self, shard: usize) -> Option<MutexGuard<'_, Shard>> {
        Some(self.shards.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The shard of a key.
    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        self.lock(shard_of(key))
    }

    /// When each key was last proved: all homes are found, then looked at, then read.
    fn proofs_now(&self, keys: [Option<u64>; PROOFS]) -> [Option<u32>; PROOFS] {
        let asked: ArrayVec<u64, PROOFS> = keys.into_iter().flatten().collect();
        let held = Held::hold(self, asked.iter().copied());
        let mut places = held.proof_homes(&asked);
        held.look_at_proofs(&asked, &mut places);
        in_place(keys, held.proved(&asked, places))
    }

    /// Counts an attempt in the same steps.
    fn count_now(&self, needs: &Needs, at_s: u32, seen: &mut ArrayVec<Seen, RECORDS>) -> Marks {
        seen.clear();
        let mut held = Held::hold(self, needs.iter().map(|need| need.key));
        let mut places = held.limit_homes(0, needs);
        held.look_at_limits(0, needs, &mut places);
        held.count(0, needs, places, at_s, seen)
    }

    /// Both at once; nothing is counted where number and device, or number and user, proved themselves together.
    fn count_alone_now(&self, inquiry: &Inquiry, needs: &Needs, at_s: u32) -> CountedAlone {
        let keys = proof_keys(inquiry);
        let asked: ArrayVec<u64, PROOFS> = keys.into_iter().flatten().collect();
        let behind = asked.len();
        let limits = needs.iter().map(|need| need.key);
        let mut held = Held::hold(self, asked.iter().copied().chain(limits));
        let (mut proved, mut places) = (held.proof_homes(&asked), held.limit_homes(behind, needs));
        held.look_at_proofs(&asked, &mut proved);
        held.look_at_limits(behind, needs, &mut places);
        let proofs = Proofs::of(in_place(keys, held.proved(&asked, proved)));
        let counted = (!proofs.of_pair()).then(|| {
            let mut seen = ArrayVec::new();
            let marks = held.count(behind, needs, places, at_s, &mut seen);
            Counted { seen, marks }
        });
        CountedAlone { proofs, counted }
    }

    fn raise_now(&self, changes: &[Change]) -> Marks {
        let mut marks = Marks::default();
        for change in changes {
            if let Some(mut shard) = self.shard(marks::key_of(change)) {
                shard.apply(change);
                Mark { seq: shard.next_seq(), change: *change }.write(&mut marks.0);
            }
        }
        marks
    }

    fn proofs_of(&self, inquiry: &Inquiry) -> Proofs {
        Proofs::of(self.proofs_now(proof_keys(inquiry)))
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

/// The keys of an inquiry, in one order.
fn proof_keys(inquiry: &Inquiry) -> [Option<u64>; PROOFS] {
    let Inquiry { number, device, user, number_device, number_user } = *inquiry;
    [Some(number), device, user, number_device, number_user]
}

/// What was found of those that were asked for, each in its place.
fn in_place(keys: [Option<u64>; PROOFS], found: ArrayVec<Option<u32>, PROOFS>) -> [Option<u32>; PROOFS] {
    let mut found = found.into_iter();
    keys.map(|key| key.and_then(|_| found.next().flatten()))
}

#[async_trait]
impl Tallies for ProcessTallies {
    async fn proofs(&self, inquiry: &Inquiry) -> Result<Proofs, StoreError> {
        Ok(self.proofs_of(inquiry))
    }

    async fn identify(&self, inquiry: &Inquiry, faces: &Faces, at_s: u32) -> Result<Identified, StoreError> {
        let glimpse = self.evidence().glimpse(faces, at_s);
        Ok(Identified { proofs: self.proofs_of(inquiry), glimpse })
    }

    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError> {
        let mut seen = ArrayVec::new();
        let marks = self.count_now(needs, at_s, &mut seen);
        Ok(Counted { seen, marks })
    }

    async fn count_alone(
        &self,
        inquiry: &Inquiry,
        needs: &Needs,
        at_s: u32,
    ) -> Result<CountedAlone, StoreError> {
        Ok(self.count_alone_now(inquiry, needs, at_s))
    }

    async fn count_with(&self, needs: &Needs, ask: &Ask, known: &mut Known) -> Result<Marks, StoreError> {
        let marks = self.count_now(needs, ask.at_s, &mut known.seen);
        known.evidence = self.evidence().count(ask);
        Ok(marks)
    }

    async fn follow(&self, followed: &Followed<'_>) -> Result<Marks, StoreError> {
        let Followed { name, ask, fate, score, effects, changes } = *followed;
        {
            let mut evidence = self.evidence();
            evidence.decided(name, ask, fate, score, effects);
        }
        Ok(self.raise_now(changes))
    }

    async fn forget(&self, faces: &[Faces]) -> Result<(), StoreError> {
        let mut evidence = self.evidence();
        for faces in faces {
            evidence.forget(faces);
        }
        Ok(())
    }

    async fn learn(&self, lessons: &[(u64, Lesson)]) -> Result<Learned, StoreError> {
        if lessons.is_empty() {
            return Ok(Learned::default());
        }
        let (mut good, mut doubtful) = (false, false);
        let mut evidence = self.evidence();
        for (name, lesson) in lessons {
            match *lesson {
                Lesson::Converted(at_s) => {
                    let _ = evidence.converted(*name, at_s);
                    good |= evidence.doubts(*name) == Some(false);
                    doubtful |= evidence.doubts(*name) == Some(true);
                }
                Lesson::Challenged { passed } => evidence.challenged(*name, passed),
                Lesson::Undelivered => evidence.undelivered(*name),
                Lesson::NotSent => evidence.not_sent(*name),
            }
        }
        Ok(Learned { doubted: doubtful && !good })
    }

    async fn advance(&self, now_s: u32) -> Result<(), StoreError> {
        self.evidence().advance(now_s);
        Ok(())
    }

    async fn raise(&self, changes: &[Change]) -> Result<Marks, StoreError> {
        Ok(self.raise_now(changes))
    }

    async fn recover(&self, marks: &Marks) -> Result<(), StoreError> {
        self.recover_now(marks)
    }

    async fn hand_out(&self, after: Option<&str>, at_s: u32) -> Result<MovedTallies, StoreError> {
        self.give(after, at_s)
    }

    async fn take_in(&self, rows: Vec<MovedTally>, at_s: u32) -> Result<u64, StoreError> {
        self.put(rows, at_s)
    }

    fn knows(&self, name: u64) -> bool {
        self.evidence().knows(name)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn size(&self) -> TallySize {
        let evidence = self.evidence().size();
        let size = TallySize { keys: evidence.keys as u64, bytes: evidence.bytes as u64, full: 0.0 };
        self.shards.iter().fold(size, |size, shard| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            size.with(&shard.limits).with(&shard.proofs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn how_full_it_is_is_told_before_newcomers_share_records() {
        let tallies = ProcessTallies::new(8_000);
        let mut newcomer = 0;
        let mut full = async |newcomers: u64| {
            for _ in 0..newcomers {
                newcomer += 1;
                let key = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(newcomer);
                let count = Change::Count { key, at_s: 1_800_000_000, windows_s: [60, 3_600, 86_400], by: 1 };
                tallies.raise(&[count]).await.unwrap();
            }
            tallies.size().full
        };
        assert!(full(0).await < 0.001);
        let half = full(4_000).await;
        assert!((0.5..0.75).contains(&half), "{half}: the fullest part of many");
        assert!(full(6_000).await >= 0.99);
        // Who comes now shares a record, and what is told is no more than all.
        assert!(full(1_000).await <= 1.0);
    }
}

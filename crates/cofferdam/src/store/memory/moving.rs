//! Handing the tallies of a process out to another home, and taking them in from one.
//!
//! A place is `kind:shard:key`, of [`Tallied::ALL`]; what changes meanwhile may be missed, so nobody serves.

use super::super::tallies::{MovedTallies, MovedTally, Tallied};
use super::{ProcessTallies, SHARDS};
use crate::store::StoreError;
use crate::store::shared::tallies::limits::{limit_image, limit_of, proof_image, proof_of};
use cofferdam_engine::evidence::OpenAttempt;
use cofferdam_engine::table::Touch;

/// Open attempts that are handed out together.
const OPEN_AT_ONCE: usize = 1_000;

/// Where a move stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct At {
    kind: usize,
    shard: usize,
    key: u64,
}

impl At {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let at = Self {
            kind: parts.next()?.parse().ok()?,
            shard: parts.next()?.parse().ok()?,
            key: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(at)
    }

    fn text(self) -> String {
        format!("{}:{}:{}", self.kind, self.shard, self.key)
    }

    /// Behind what was just handed out of a kind that is kept in so many shards.
    fn after(self, next: Option<u64>, shards: usize) -> Option<Self> {
        match next {
            Some(key) => Some(Self { key, ..self }),
            None if self.shard + 1 < shards => Some(Self { shard: self.shard + 1, key: 0, ..self }),
            None if self.kind + 1 < Tallied::ALL.len() => {
                Some(Self { kind: self.kind + 1, shard: 0, key: 0 })
            }
            None => None,
        }
    }
}

impl ProcessTallies {
    pub(super) fn give(&self, after: Option<&str>, at_s: u32) -> Result<MovedTallies, StoreError> {
        let unreadable = || StoreError::Unreadable("a place among the tallies".into());
        let at = after.map_or(Some(At::default()), At::read).ok_or_else(unreadable)?;
        let of = *Tallied::ALL.get(at.kind).ok_or_else(unreadable)?;
        let mut rows = Vec::new();
        let mut put = |key: u64, image: Vec<u8>| rows.push(MovedTally { of, key, image });
        let next = match of {
            Tallied::Limit => self.lock(at.shard).and_then(|shard| {
                shard.limits.walk(at.key, at_s, |key, record| put(key, limit_image(record)))
            }),
            Tallied::Proof => self.lock(at.shard).and_then(|shard| {
                shard.proofs.walk(at.key, at_s, |key, record| put(key, proof_image(*record)))
            }),
            Tallied::Evidence(kind) => self.evidence().walk(kind, at.key, at_s, put),
            Tallied::Open => {
                let mut evidence = self.evidence();
                let names = evidence.open_names();
                let from = at.key as usize;
                for name in names.iter().skip(from).take(OPEN_AT_ONCE) {
                    if let Some(image) = evidence.open(*name) {
                        put(*name, image);
                    }
                }
                let to = from + OPEN_AT_ONCE;
                (to < names.len()).then_some(to as u64)
            }
        };
        let shards = if matches!(of, Tallied::Limit | Tallied::Proof) { SHARDS } else { 1 };
        Ok(MovedTallies { rows, next: at.after(next, shards).map(At::text) })
    }

    pub(super) fn put(&self, rows: Vec<MovedTally>, at_s: u32) -> Result<u64, StoreError> {
        let unreadable = || StoreError::Unreadable("a record of the tallies, of another version".into());
        let mut taken = 0;
        let mut open = Vec::new();
        for MovedTally { of, key, image } in rows {
            match of {
                Tallied::Limit => {
                    let record = limit_of(&image).ok_or_else(unreadable)?;
                    let Some(mut shard) = self.shard(key) else { continue };
                    let _ = shard.limits.change(Touch::sure(key), at_s, |own| *own = record, |(), ()| ());
                }
                Tallied::Proof => {
                    let record = proof_of(&image).ok_or_else(unreadable)?;
                    let Some(mut shard) = self.shard(key) else { continue };
                    shard.proofs.prove(key, record.at_s);
                }
                Tallied::Evidence(kind) => {
                    if !self.evidence().load(kind, key, at_s, Some(&image)) {
                        return Err(unreadable());
                    }
                }
                Tallied::Open => open.push(OpenAttempt::read(&image).map_err(|_| unreadable())?),
            }
            taken += 1;
        }
        // What came due until the last of them was counted where they come from.
        if let Some(until_s) = open.iter().map(OpenAttempt::at_s).max() {
            self.evidence().take_over(open, until_s);
        }
        Ok(taken)
    }
}

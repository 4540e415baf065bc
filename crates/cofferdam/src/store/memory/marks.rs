//! A tally change with its number, as bytes in the journal. Fixed lengths, little-endian.

use crate::store::StoreError;
use cofferdam_engine::tally::Change;

const COUNT: u8 = 1;
const PROVE: u8 = 2;
const UNPROVE: u8 = 3;
/// Kind, number, key, time, how many, three windows.
pub(super) const COUNT_BYTES: usize = 1 + 8 + 8 + 4 + 4 + 12;

/// A change and its number within its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) seq: u64,
    pub(super) change: Change,
}

/// The record that a change is to.
pub(super) fn key_of(change: &Change) -> u64 {
    match change {
        Change::Count { key, .. } | Change::Prove { key, .. } | Change::Unprove { key } => *key,
    }
}

impl Mark {
    pub(super) fn key(&self) -> u64 {
        key_of(&self.change)
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        match self.change {
            Change::Count { key, at_s, windows_s, by } => {
                to.push(COUNT);
                to.extend_from_slice(&self.seq.to_le_bytes());
                to.extend_from_slice(&key.to_le_bytes());
                to.extend_from_slice(&at_s.to_le_bytes());
                to.extend_from_slice(&by.to_le_bytes());
                for window_s in windows_s {
                    to.extend_from_slice(&window_s.to_le_bytes());
                }
            }
            Change::Prove { key, at_s } => {
                to.push(PROVE);
                to.extend_from_slice(&self.seq.to_le_bytes());
                to.extend_from_slice(&key.to_le_bytes());
                to.extend_from_slice(&at_s.to_le_bytes());
            }
            Change::Unprove { key } => {
                to.push(UNPROVE);
                to.extend_from_slice(&self.seq.to_le_bytes());
                to.extend_from_slice(&key.to_le_bytes());
                // As long as a proof, so that both are read alike.
                to.extend_from_slice(&0_u32.to_le_bytes());
            }
        }
    }

    /// All marks in some bytes.
    pub(super) fn read(bytes: &[u8]) -> impl Iterator<Item = Result<Self, StoreError>> + '_ {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mark = Self::take(&mut rest);
            if mark.is_none() {
                rest = &[];
            }
            Some(mark.ok_or_else(|| StoreError::Unreadable("tally changes of another version".into())))
        })
    }

    fn take(rest: &mut &[u8]) -> Option<Self> {
        let kind = u8::from_le_bytes(array(rest)?);
        let seq = u64::from_le_bytes(array(rest)?);
        let key = u64::from_le_bytes(array(rest)?);
        let at_s = u32::from_le_bytes(array(rest)?);
        let change = match kind {
            COUNT => {
                let by = i32::from_le_bytes(array(rest)?);
                let windows_s = [
                    u32::from_le_bytes(array(rest)?),
                    u32::from_le_bytes(array(rest)?),
                    u32::from_le_bytes(array(rest)?),
                ];
                Change::Count { key, at_s, windows_s, by }
            }
            PROVE => Change::Prove { key, at_s },
            UNPROVE => Change::Unprove { key },
            _ => return None,
        };
        Some(Self { seq, change })
    }
}

/// The next bytes, taken from the front.
pub(super) fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (front, later) = rest.split_first_chunk::<N>()?;
    *rest = later;
    Some(*front)
}

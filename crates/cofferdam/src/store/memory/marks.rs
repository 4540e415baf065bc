//! A tally change with its number, as bytes in the journal. Fixed lengths, little-endian.
//!
//! The changes of one attempt share their time and mostly their windows, so a count that follows one
//! like it says only its number and key.

use crate::store::StoreError;
use cofferdam_engine::tally::Change;

const COUNT: u8 = 1;
const PROVE: u8 = 2;
const UNPROVE: u8 = 3;
/// A count with the time, number and windows of the count before it.
const LIKE: u8 = 4;
/// A count with the time and number of the count before it, but other windows.
const LIKE_BUT_WINDOWS: u8 = 5;
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

    /// Writes it behind the one `before` that was written just now, if any was.
    pub(super) fn write_after(&self, before: Option<&Self>, to: &mut Vec<u8>) {
        if let (
            Some(Change::Count { at_s: before_s, windows_s: other_windows_s, by: other, .. }),
            Change::Count { key, at_s, windows_s, by },
        ) = (before.map(|before| before.change), self.change)
            && (before_s, other) == (at_s, by)
            && let Ok(seq) = u32::try_from(self.seq)
        {
            let same = windows_s == other_windows_s;
            to.push(if same { LIKE } else { LIKE_BUT_WINDOWS });
            to.extend_from_slice(&seq.to_le_bytes());
            to.extend_from_slice(&key.to_le_bytes());
            for window_s in windows_s.iter().filter(|_| !same) {
                to.extend_from_slice(&window_s.to_le_bytes());
            }
        } else {
            self.write(to);
        }
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
        let (mut rest, mut before) = (bytes, None);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mark = Self::take(&mut rest, before);
            before = mark.map(|mark| mark.change);
            if mark.is_none() {
                rest = &[];
            }
            Some(mark.ok_or_else(|| StoreError::Unreadable("tally changes of another version".into())))
        })
    }

    fn take(rest: &mut &[u8], before: Option<Change>) -> Option<Self> {
        let kind = u8::from_le_bytes(array(rest)?);
        let seq = match kind {
            LIKE | LIKE_BUT_WINDOWS => u64::from(u32::from_le_bytes(array(rest)?)),
            _ => u64::from_le_bytes(array(rest)?),
        };
        let key = u64::from_le_bytes(array(rest)?);
        let change = match (kind, before) {
            (COUNT, _) => {
                let at_s = u32::from_le_bytes(array(rest)?);
                let by = i32::from_le_bytes(array(rest)?);
                Change::Count { key, at_s, windows_s: windows(rest)?, by }
            }
            (PROVE, _) => Change::Prove { key, at_s: u32::from_le_bytes(array(rest)?) },
            (UNPROVE, _) => {
                let _: [u8; 4] = array(rest)?;
                Change::Unprove { key }
            }
            (LIKE, Some(Change::Count { at_s, windows_s, by, .. })) => {
                Change::Count { key, at_s, windows_s, by }
            }
            (LIKE_BUT_WINDOWS, Some(Change::Count { at_s, by, .. })) => {
                Change::Count { key, at_s, windows_s: windows(rest)?, by }
            }
            _ => return None,
        };
        Some(Self { seq, change })
    }
}

fn windows(rest: &mut &[u8]) -> Option<[u32; 3]> {
    Some([
        u32::from_le_bytes(array(rest)?),
        u32::from_le_bytes(array(rest)?),
        u32::from_le_bytes(array(rest)?),
    ])
}

/// The next bytes, taken from the front.
pub(super) fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (front, later) = rest.split_first_chunk::<N>()?;
    *rest = later;
    Some(*front)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_they_were_written() {
        let count = |seq, key, at_s, window_s, by| Mark {
            seq,
            change: Change::Count { key, at_s, windows_s: [window_s, 86_400, 0], by },
        };
        let prove = Mark { seq: 9, change: Change::Prove { key: u64::MAX, at_s: 4 } };
        let marks = [
            count(1, 1, 7, 600, 1),
            count(2, 2, 7, 600, 1),
            count(u64::from(u32::MAX), 3, 7, 60, 1),
            count(u64::from(u32::MAX) + 1, 4, 7, 60, 1),
            count(3, 5, 8, 60, 1),
            count(4, 6, 8, 60, -1),
            prove,
            count(5, 7, 8, 60, -1),
        ];
        let mut bytes = Vec::new();
        let mut before = None;
        for mark in &marks {
            mark.write_after(before, &mut bytes);
            before = Some(mark);
        }
        // Two streams may be put together: the first of each says all.
        let twice = [&bytes[..], &bytes[..]].concat();
        let read: Vec<Mark> = Mark::read(&twice).map(Result::unwrap).collect();
        assert_eq!(read, [&marks[..], &marks[..]].concat());
        for torn in 1..COUNT_BYTES {
            assert!(Mark::read(&bytes[..torn]).any(|mark| mark.is_err()), "{torn}");
        }
        assert!(Mark::read(&[LIKE; 13]).any(|mark| mark.is_err()), "like none");
    }
}

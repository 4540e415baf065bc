//! Saving a table in steps and reading it back.
//!
//! Each step saves the keys of one segment, in ascending order of keys from step to step, and takes
//! well under a millisecond. While a save is under way the table may change: a change to a key below
//! the [`Cursor`] is not in what was saved, one at or above it will be. So a store that journals
//! changes replays, for each key, only what came after that key's step.

use super::{Record, Table, Touch};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Where a save stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Keys below are saved.
    pub key: u64,
    /// All keys are saved; shared cells below this chunk are too.
    pub crowd: Option<u32>,
}

/// Bytes that no table wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saved tallies are damaged")]
pub struct BadBytes;

const OWN: u8 = 1;
const SHARED: u8 = 2;

impl<R: Record> Table<R> {
    /// Appends the next step to `to` and answers where to go on; `None`: that was the last.
    /// Records at rest are left out.
    pub fn save(&self, from: Cursor, at_s: u32, to: &mut Vec<u8>) -> Option<Cursor> {
        if let Some(chunk) = from.crowd {
            return self.save_crowd(chunk, at_s, to);
        }
        let (slots, next) = self.directory.run(from.key);
        for slot in slots.filter(|slot| slot.key >= from.key) {
            if let Some(record) = slot.read(&self.wide).filter(|record| !record.at_rest(at_s)) {
                write(OWN, slot.key, &record, to);
            }
        }
        Some(match next {
            Some(key) => Cursor { key, crowd: None },
            None => Cursor { key: u64::MAX, crowd: Some(0) },
        })
    }

    /// Calls `each` with the records of one segment that have a use still, those of keys from `from` on, and answers from
    /// where to go on; `None`: that was the last.
    pub fn walk(&self, from: u64, at_s: u32, mut each: impl FnMut(u64, &R)) -> Option<u64> {
        let (slots, next) = self.directory.run(from);
        for slot in slots.filter(|slot| slot.key >= from && slot.key != 0) {
            if let Some(record) = slot.read(&self.wide).filter(|record| !record.at_rest(at_s)) {
                each(slot.key, &record);
            }
        }
        next
    }

    fn save_crowd(&self, chunk: u32, at_s: u32, to: &mut Vec<u8>) -> Option<Cursor> {
        if chunk as usize >= self.crowd.chunks() {
            return None;
        }
        for (at, cell) in self.crowd.chunk(chunk as usize) {
            if !cell.at_rest(at_s) {
                write(SHARED, at as u64, &cell, to);
            }
        }
        Some(Cursor { key: u64::MAX, crowd: Some(chunk + 1) })
    }

    /// Reads what [`Table::save`] appended, of one step or many, into a table of the same `keys_max`.
    /// What a clock wrote that has been set back since by more than a window is left out: a limit then
    /// grants one window more, and nobody waits for the clock to come there again.
    pub fn restore(&mut self, from: &[u8], at_s: u32) -> Result<(), BadBytes> {
        let entries = from.chunks_exact(9 + R::BYTES);
        if !entries.remainder().is_empty() {
            return Err(BadBytes);
        }
        for entry in entries {
            let (sort, rest) = entry.split_first().ok_or(BadBytes)?;
            let (key, record) = rest.split_first_chunk::<8>().ok_or(BadBytes)?;
            let key = u64::from_le_bytes(*key);
            let mut record = R::restore(record).ok_or(BadBytes)?;
            record.forget_ahead(at_s);
            match *sort {
                OWN => {
                    // A smaller table than the saved one shares cells: the heavier record stays.
                    let heavier = |r: &mut R| {
                        if record.weight() >= r.weight() {
                            *r = record;
                        }
                    };
                    let _ = self.change(Touch::sure(key), at_s, heavier, |(), ()| ());
                }
                SHARED => *self.crowd.cell(key as usize).ok_or(BadBytes)? = record,
                _ => return Err(BadBytes),
            }
        }
        Ok(())
    }
}

fn write<R: Record>(sort: u8, key: u64, record: &R, to: &mut Vec<u8>) {
    to.push(sort);
    to.extend_from_slice(&key.to_le_bytes());
    record.save(to);
}

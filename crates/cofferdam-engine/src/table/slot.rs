//! One key with its record, as a table keeps it, and the records that do not fit into one.
//! Called by the table and its parts alone.

use super::Record;
use alloc::collections::BTreeMap;

/// A key and its packed record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<R: Record> {
    /// 0: free.
    pub key: u64,
    packed: R::Packed,
    /// Holds nothing: what fills a cache line begins where one begins.
    _line: [R::Line; 0],
}

/// Records that do not fit when packed, by key.
#[derive(Debug)]
pub(super) struct Wide<R>(BTreeMap<u64, R>);

/// Nought marks a free slot, so the one key in 2^64 that is nought goes by another name.
pub(super) fn named(key: u64) -> u64 {
    key.max(1)
}

impl<R: Record> Slot<R> {
    pub const FREE: Self = Self { key: 0, packed: R::FREE, _line: [] };

    pub fn new(key: u64, record: &R, wide: &mut Wide<R>) -> Self {
        let mut slot = Self { key, ..Self::FREE };
        slot.write(record, wide);
        slot
    }

    pub fn read(&self, wide: &Wide<R>) -> Option<R> {
        R::unpack(&self.packed).or_else(|| wide.0.get(&self.key).copied())
    }

    /// The record where it stands, of a kind that is kept as it is.
    pub fn peek(&self) -> Option<&R> {
        R::peek(&self.packed)
    }

    /// See [`Record::worth`].
    pub fn worth(&self, wide: &Wide<R>, at_s: u32) -> u32 {
        match self.peek() {
            Some(record) => record.worth(at_s),
            None => self.read(wide).map_or(super::AT_REST, |record| record.worth(at_s)),
        }
    }

    /// See [`Record::at_rest`].
    pub fn at_rest(&self, wide: &Wide<R>, at_s: u32) -> bool {
        if let Some(record) = self.peek() {
            return record.at_rest(at_s);
        }
        let packed = R::rests(&self.packed, at_s);
        packed.unwrap_or_else(|| self.read(wide).is_none_or(|record| record.at_rest(at_s)))
    }

    pub fn change<T>(&mut self, wide: &mut Wide<R>, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        if let Some(record) = R::peek_mut(&mut self.packed) {
            return Some(change(record));
        }
        let Some(mut record) = R::unpack(&self.packed) else {
            return wide.0.get_mut(&self.key).map(change);
        };
        let said = change(&mut record);
        self.write(&record, wide);
        Some(said)
    }

    /// What it holds, as it is packed.
    #[inline]
    pub fn packed_mut(&mut self) -> &mut R::Packed {
        &mut self.packed
    }

    /// Packs a record, or puts it where those are that do not fit.
    fn write(&mut self, record: &R, wide: &mut Wide<R>) {
        self.packed = record.pack().unwrap_or_else(|| {
            wide.0.insert(self.key, *record);
            R::WIDE
        });
    }

    /// Has memory bring all of it: what is longer than a cache line begins in one and ends in another.
    pub fn bring(&self) {
        core::hint::black_box((self.key, R::end(&self.packed)));
    }
}

impl<R> Wide<R> {
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub fn remove(&mut self, key: u64) {
        self.0.remove(&key);
    }

    pub fn bytes(&self) -> usize {
        // A node of the map is half empty at worst.
        self.0.len() * 2 * size_of::<(u64, R)>()
    }
}

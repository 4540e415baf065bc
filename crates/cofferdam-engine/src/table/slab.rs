//! Records side by side in chunks, in the order in which they came; places that fell free are used
//! again first. It knows nothing of how a place is found. Called by the table alone.

use super::Record;
use alloc::vec::Vec;

/// Records in a chunk: one is set aside at a time, and none is ever moved.
const CHUNK: usize = 1024;
/// Places have 31 bits, far above what fits a machine.
pub(super) const PLACES_MAX: usize = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Slot<R> {
    /// 0: free.
    key: u64,
    record: R,
}

#[derive(Debug)]
pub(super) struct Slab<R> {
    chunks: Vec<Vec<Slot<R>>>,
    free: Vec<u32>,
    places: usize,
}

/// Nought marks a free slot, so the one key in 2^64 that is nought goes by another name.
fn named(key: u64) -> u64 {
    key.max(1)
}

impl<R: Record> Slab<R> {
    pub fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), places: 0 }
    }

    /// Places that were ever used.
    pub fn places(&self) -> usize {
        self.places
    }

    /// Places in use.
    pub fn len(&self) -> usize {
        self.places - self.free.len()
    }

    pub fn bytes(&self) -> usize {
        let slots: usize = self.chunks.iter().map(Vec::capacity).sum();
        slots * size_of::<Slot<R>>()
            + self.chunks.capacity() * size_of::<Vec<Slot<R>>>()
            + self.free.capacity() * size_of::<u32>()
    }

    fn slot(&self, place: u32) -> Option<&Slot<R>> {
        self.chunks.get(place as usize / CHUNK)?.get(place as usize % CHUNK)
    }

    fn slot_mut(&mut self, place: u32) -> Option<&mut Slot<R>> {
        self.chunks.get_mut(place as usize / CHUNK)?.get_mut(place as usize % CHUNK)
    }

    pub fn holds(&self, place: u32, key: u64) -> bool {
        self.slot(place).is_some_and(|slot| slot.key == named(key))
    }

    /// As [`Slab::holds`], and has memory bring all of the record.
    pub fn brings(&self, place: u32, key: u64) -> bool {
        self.slot(place).is_some_and(|slot| {
            core::hint::black_box(slot.record.touch());
            slot.key == named(key)
        })
    }

    pub fn key(&self, place: u32) -> u64 {
        self.slot(place).map_or(0, |slot| slot.key)
    }

    pub fn get(&self, place: u32) -> Option<&R> {
        self.slot(place).map(|slot| &slot.record)
    }

    pub fn get_mut(&mut self, place: u32) -> Option<&mut R> {
        self.slot_mut(place).map(|slot| &mut slot.record)
    }

    /// The key of a place in use whose record is at rest.
    pub fn at_rest(&self, place: u32, at_s: u32) -> Option<u64> {
        self.slot(place).filter(|slot| slot.key != 0 && slot.record.at_rest(at_s)).map(|slot| slot.key)
    }

    pub fn put(&mut self, key: u64, record: R) -> Option<u32> {
        let slot = Slot { key: named(key), record };
        if let Some(place) = self.free.pop() {
            *self.slot_mut(place)? = slot;
            return Some(place);
        }
        if self.places >= PLACES_MAX {
            return None;
        }
        let place = self.places as u32;
        if self.chunks.len() * CHUNK == self.places {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut()?.push(slot);
        self.places += 1;
        Some(place)
    }

    pub fn take(&mut self, place: u32) {
        if let Some(slot) = self.slot_mut(place) {
            slot.key = 0;
            slot.record = R::default();
            self.free.push(place);
        }
    }
}

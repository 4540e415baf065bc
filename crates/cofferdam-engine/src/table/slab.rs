//! Records side by side in chunks, in the order in which they came; places that fell free are used
//! again first. It knows nothing of how a place is found. Called by the table alone.

use super::Record;
use alloc::{collections::BTreeMap, vec::Vec};

/// Records in a chunk: one is set aside at a time, and none is ever moved.
const CHUNK: usize = 1024;
/// Places have 31 bits, far above what fits a machine.
pub(super) const PLACES_MAX: usize = 1 << 31;

#[derive(Debug, Clone, Copy)]
struct Slot<R: Record> {
    /// 0: free.
    key: u64,
    packed: R::Packed,
    /// Holds nothing: what fills a cache line begins where one begins.
    _line: [R::Line; 0],
}

#[derive(Debug)]
pub(super) struct Slab<R: Record> {
    chunks: Vec<Vec<Slot<R>>>,
    /// Records that do not fit when packed, by key.
    wide: BTreeMap<u64, R>,
    free: Vec<u32>,
    places: usize,
}

/// Nought marks a free slot, so the one key in 2^64 that is nought goes by another name.
fn named(key: u64) -> u64 {
    key.max(1)
}

/// Packs a record, or puts it where those are that do not fit.
fn pack<R: Record>(key: u64, record: &R, wide: &mut BTreeMap<u64, R>) -> R::Packed {
    record.pack().unwrap_or_else(|| {
        wide.insert(key, *record);
        R::WIDE
    })
}

impl<R: Record> Slab<R> {
    pub fn new() -> Self {
        Self { chunks: Vec::new(), wide: BTreeMap::new(), free: Vec::new(), places: 0 }
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
            // A node of the map is half empty at worst.
            + self.wide.len() * 2 * size_of::<(u64, R)>()
    }

    fn slot(&self, place: u32) -> Option<&Slot<R>> {
        self.chunks.get(place as usize / CHUNK)?.get(place as usize % CHUNK)
    }

    fn slot_mut(&mut self, place: u32) -> Option<&mut Slot<R>> {
        self.chunks.get_mut(place as usize / CHUNK)?.get_mut(place as usize % CHUNK)
    }

    /// Asked of several places in turn, it has memory bring their records side by side.
    pub fn holds(&self, place: u32, key: u64) -> bool {
        self.slot(place).is_some_and(|slot| slot.key == named(key))
    }

    pub fn key(&self, place: u32) -> u64 {
        self.slot(place).map_or(0, |slot| slot.key)
    }

    pub fn get(&self, place: u32) -> Option<R> {
        self.slot(place).and_then(|slot| self.read(slot))
    }

    fn read(&self, slot: &Slot<R>) -> Option<R> {
        R::unpack(&slot.packed).or_else(|| self.wide.get(&slot.key).copied())
    }

    pub fn change<T>(&mut self, place: u32, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let slot = self.chunks.get_mut(place as usize / CHUNK)?.get_mut(place as usize % CHUNK)?;
        let Some(mut record) = R::unpack(&slot.packed) else {
            return self.wide.get_mut(&slot.key).map(change);
        };
        let said = change(&mut record);
        slot.packed = pack(slot.key, &record, &mut self.wide);
        Some(said)
    }

    /// The key of a place in use whose record is at rest.
    pub fn at_rest(&self, place: u32, at_s: u32) -> Option<u64> {
        let slot = self.slot(place).filter(|slot| slot.key != 0)?;
        self.read(slot).is_none_or(|record| record.at_rest(at_s)).then_some(slot.key)
    }

    pub fn put(&mut self, key: u64, record: R) -> Option<u32> {
        let key = named(key);
        let slot = Slot { key, packed: pack(key, &record, &mut self.wide), _line: [] };
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
            let key = core::mem::take(&mut slot.key);
            slot.packed = R::FREE;
            self.wide.remove(&key);
            self.free.push(place);
        }
    }
}

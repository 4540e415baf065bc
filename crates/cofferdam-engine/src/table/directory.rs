//! From a key to its run: extendible hashing. The directory goes by a key's highest bits to a segment,
//! the rest of the key to a slot of it, so one trip to memory brings key and record. A segment that is
//! full grows by three fifths, and at its longest splits in two; nothing else ever grows at once but the
//! directory itself, four bytes a segment. Called by the table alone.

use super::Record;
use super::segment::Segment;
use super::slot::Slot;
use alloc::{vec, vec::Vec};

/// Segments are parted by at most this many bits.
const DEPTH_MAX: u32 = 20;

/// Where a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub segment: u32,
    pub slot: u32,
}

impl At {
    pub const NOWHERE: Self = Self { segment: u32::MAX, slot: u32::MAX };
}

#[derive(Debug)]
pub(super) struct Directory<R: Record> {
    /// Segment of each value of the key's highest `depth` bits.
    ids: Vec<u32>,
    depth: u32,
    segments: Vec<Segment<R>>,
    /// Of all segments together, without the directory.
    bytes: usize,
    used: usize,
}

impl<R: Record> Directory<R> {
    pub fn new() -> Self {
        Self { ids: vec![0], depth: 0, segments: Vec::new(), bytes: 0, used: 0 }
    }

    /// Keys that are here.
    pub fn len(&self) -> usize {
        self.used
    }

    pub fn bytes(&self) -> usize {
        self.ids.capacity() * size_of::<u32>()
            + self.segments.capacity() * size_of::<Segment<R>>()
            + self.bytes
    }

    /// The segment of a key. By way of 32 bits, since a shift by 64 is none at all.
    #[inline]
    fn id(&self, key: u64) -> Option<u32> {
        self.ids.get(((key >> 32) >> (32 - self.depth)) as usize).copied()
    }

    #[inline]
    fn segment(&self, id: u32) -> Option<&Segment<R>> {
        self.segments.get(id as usize)
    }

    /// Where a key's home is, which takes no look at its segment's slots.
    #[inline]
    pub fn home(&self, key: u64) -> At {
        let found = self.id(key).and_then(|id| Some((id, self.segment(id)?)));
        found.map_or(At::NOWHERE, |(id, segment)| At { segment: id, slot: segment.home(key) as u32 })
    }

    /// See [`Segment::look`].
    #[inline]
    pub fn look(&self, home: At, key: u64) -> At {
        let slot = |segment: &Segment<R>| segment.look(home.slot as usize, key) as u32;
        At { slot: self.segment(home.segment).map_or(u32::MAX, slot), ..home }
    }

    pub fn find(&self, key: u64) -> Option<At> {
        let segment = self.id(key)?;
        let slot = self.segment(segment)?.find(key)? as u32;
        Some(At { segment, slot })
    }

    #[inline]
    pub fn slot(&self, at: At) -> Option<&Slot<R>> {
        self.segment(at.segment)?.slots.get(at.slot as usize)
    }

    #[inline]
    pub fn slot_mut(&mut self, at: At) -> Option<&mut Slot<R>> {
        self.segments.get_mut(at.segment as usize)?.slots.get_mut(at.slot as usize)
    }

    /// Takes in a key that is not here; `None` if there is no room, which takes thousands of keys with
    /// the same highest bits.
    pub fn insert(&mut self, new: Slot<R>) -> Option<At> {
        // The first segment is made when it is needed: a store keeps many tables, most of them idle.
        if self.segments.is_empty() {
            self.push(Segment::new(0));
        }
        loop {
            let id = self.id(new.key)?;
            let segment = self.segments.get_mut(id as usize)?;
            let deepest = segment.depth >= DEPTH_MAX;
            if let Ok(slot) = segment.insert(new, deepest) {
                self.used += 1;
                return Some(At { segment: id, slot: slot as u32 });
            }
            if segment.may_grow() || deepest {
                let grown = segment.grown();
                if grown.bytes() <= segment.bytes() {
                    return None;
                }
                self.replace(id, grown);
            } else {
                self.split(id, new.key)?;
            }
        }
    }

    pub fn take(&mut self, at: At) {
        if let Some(segment) = self.segments.get_mut(at.segment as usize) {
            segment.take(at.slot as usize);
            self.used = self.used.saturating_sub(1);
        }
    }

    fn push(&mut self, segment: Segment<R>) {
        self.bytes += segment.bytes();
        self.segments.push(segment);
    }

    fn replace(&mut self, id: u32, by: Segment<R>) {
        if let Some(segment) = self.segments.get_mut(id as usize) {
            self.bytes = self.bytes + by.bytes() - segment.bytes();
            *segment = by;
        }
    }

    /// Parts a segment by its next bit; the directory doubles first if it does not tell that bit.
    fn split(&mut self, id: u32, key: u64) -> Option<()> {
        let segment = self.segment(id)?;
        let depth = segment.depth;
        let (low, high) = segment.halves();
        if depth == self.depth {
            self.ids = self.ids.iter().flat_map(|id| [*id, *id]).collect();
            self.depth += 1;
        }
        self.replace(id, low);
        let new = self.segments.len() as u32;
        self.push(high);
        // The directory's entries of one segment stand side by side; the upper half is the new one's.
        let run = 1usize << (self.depth - depth);
        let first = ((key >> 32) >> (32 - depth)) as usize * run;
        for id in self.ids.iter_mut().skip(first + run / 2).take(run / 2) {
            *id = new;
        }
        Some(())
    }

    /// The slots of the segment in which `key` would stand, and the first key of the next one.
    pub fn run(&self, key: u64) -> (impl Iterator<Item = &Slot<R>>, Option<u64>) {
        let segment = self.id(key).and_then(|id| self.segment(id));
        let depth = segment.map_or(0, |segment| segment.depth);
        let next = ((key >> 32) >> (32 - depth)) + 1;
        let next = (next < 1 << depth).then(|| next << (64 - depth));
        (segment.into_iter().flat_map(Segment::entries), next)
    }

    /// The slots at a place and behind it, so many, if their run has yet another.
    pub fn ahead(&self, at: At, steps: usize) -> Option<&[Slot<R>]> {
        let from = at.slot as usize;
        let slots = &self.segment(at.segment)?.slots;
        slots.get(from..from + steps).filter(|_| from + steps < slots.len())
    }

    /// The place after one, first that of another segment: all places in turn.
    pub fn after(&self, at: At) -> At {
        let next = At { slot: at.slot.wrapping_add(1), ..at };
        if self.slot(next).is_some() {
            return next;
        }
        let segment = at.segment.wrapping_add(1);
        At { segment: if (segment as usize) < self.segments.len() { segment } else { 0 }, slot: 0 }
    }
}

//! From a key to its record's place: extendible hashing over small segments.
//!
//! The upper 32 bits of a key are its tag. The directory goes by the tag's upper bits to a segment,
//! the tag's lower bits to a bucket of the segment: one cache line with seven tags and places. A
//! full bucket hands on to the next and remembers how many it handed on, so a search knows when
//! to stop. A segment that is four fifths full splits by the next bit of the tag.
//! It holds no records: whether a place is the key's is asked of the caller.

use alloc::{boxed::Box, vec, vec::Vec};

const WAYS: usize = 7;
const BUCKETS: usize = 256;
/// Entries of a segment before it splits: 80 %.
const FULL: u32 = (BUCKETS * WAYS * 4 / 5) as u32;
/// Segments are parted by at most this many bits of the tag.
const DEPTH_MAX: u32 = 20;
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    tags: [u32; WAYS],
    places: [u32; WAYS],
    /// Entries that belong here and had to go on.
    passed: u32,
}

const EMPTY: Bucket = Bucket { tags: [0; WAYS], places: [NONE; WAYS], passed: 0 };

impl Bucket {
    /// Which tags are this one, as bits: seven comparisons at once and no branch.
    fn same(&self, tag: u32) -> u32 {
        self.tags.iter().enumerate().fold(0, |same, (at, t)| same | (u32::from(*t == tag) << at))
    }
}

#[derive(Debug)]
struct Segment {
    buckets: [Bucket; BUCKETS],
    /// How many bits of the tag all its entries share.
    depth: u32,
    used: u32,
}

#[derive(Debug)]
pub(super) struct Index {
    /// Segment of each value of the tag's upper `depth` bits.
    directory: Vec<u32>,
    depth: u32,
    segments: Vec<Box<Segment>>,
}

fn tag_of(key: u64) -> u32 {
    (key.max(1) >> 32) as u32
}

fn home_of(tag: u32) -> usize {
    tag as usize % BUCKETS
}

impl Segment {
    fn new(depth: u32) -> Box<Self> {
        Box::new(Self { buckets: [EMPTY; BUCKETS], depth, used: 0 })
    }

    fn find(&self, tag: u32, mine: impl Fn(u32) -> bool) -> Option<u32> {
        let home = home_of(tag);
        for step in 0..BUCKETS {
            let bucket = self.buckets.get((home + step) % BUCKETS)?;
            let mut same = bucket.same(tag);
            while same != 0 {
                let place = bucket.places.get(same.trailing_zeros() as usize).copied()?;
                if place != NONE && mine(place) {
                    return Some(place);
                }
                same &= same - 1;
            }
            if bucket.passed == 0 {
                return None;
            }
        }
        None
    }

    fn insert(&mut self, tag: u32, place: u32) -> bool {
        let home = home_of(tag);
        for step in 0..BUCKETS {
            let Some(bucket) = self.buckets.get_mut((home + step) % BUCKETS) else { return false };
            let mut entries = bucket.tags.iter_mut().zip(&mut bucket.places);
            if let Some((t, p)) = entries.find(|(_, place)| **place == NONE) {
                (*t, *p) = (tag, place);
                self.used += 1;
                return true;
            }
            bucket.passed += 1;
        }
        // Every bucket was full and passed it on: take that back.
        self.pass(home, BUCKETS, -1);
        false
    }

    fn remove(&mut self, tag: u32, place: u32) {
        let home = home_of(tag);
        for step in 0..BUCKETS {
            let Some(bucket) = self.buckets.get_mut((home + step) % BUCKETS) else { return };
            if let Some(p) = bucket.places.iter_mut().find(|p| **p == place) {
                *p = NONE;
                self.used = self.used.saturating_sub(1);
                self.pass(home, step, -1);
                return;
            }
            if bucket.passed == 0 {
                return;
            }
        }
    }

    fn pass(&mut self, home: usize, steps: usize, by: i32) {
        for step in 0..steps {
            if let Some(bucket) = self.buckets.get_mut((home + step) % BUCKETS) {
                bucket.passed = bucket.passed.saturating_add_signed(by);
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.buckets.iter().flat_map(|b| b.tags.into_iter().zip(b.places)).filter(|(_, place)| *place != NONE)
    }
}

impl Index {
    pub fn new() -> Self {
        Self { directory: vec![0], depth: 0, segments: Vec::new() }
    }

    pub fn bytes(&self) -> usize {
        self.directory.capacity() * size_of::<u32>()
            + self.segments.capacity() * size_of::<Box<Segment>>()
            + self.segments.len() * size_of::<Segment>()
    }

    /// Where a tag stands in the directory. A shift by 32 is none at all, hence the wider word.
    fn at(&self, tag: u32) -> usize {
        (u64::from(tag) >> (32 - self.depth)) as usize
    }

    pub fn find(&self, key: u64, mine: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag_of(key);
        let segment = self.segments.get(*self.directory.get(self.at(tag))? as usize)?;
        segment.find(tag, mine)
    }

    /// A place that may be the key's, by its home bucket alone: a guess that is nearly always right,
    /// made without looking at any record, so that several keys' guesses overlap in time.
    pub fn guess(&self, key: u64) -> Option<u32> {
        let tag = tag_of(key);
        let segment = self.segments.get(*self.directory.get(self.at(tag))? as usize)?;
        let bucket = segment.buckets.get(home_of(tag))?;
        bucket.places.get(bucket.same(tag).trailing_zeros() as usize).copied().filter(|place| *place != NONE)
    }

    /// Notes a key's place; false if there is no room, which takes thousands of keys with one tag.
    pub fn insert(&mut self, key: u64, place: u32) -> bool {
        let tag = tag_of(key);
        // The first segment is made when it is needed: a store keeps many tables, most of them idle.
        if self.segments.is_empty() {
            self.segments.push(Segment::new(0));
        }
        loop {
            let Some(id) = self.directory.get(self.at(tag)).copied() else { return false };
            let Some(segment) = self.segments.get_mut(id as usize) else { return false };
            if segment.used < FULL || segment.depth >= DEPTH_MAX {
                return segment.insert(tag, place);
            }
            self.split(id, tag);
        }
    }

    pub fn remove(&mut self, key: u64, place: u32) {
        let tag = tag_of(key);
        let id = self.directory.get(self.at(tag)).copied();
        if let Some(segment) = id.and_then(|id| self.segments.get_mut(id as usize)) {
            segment.remove(tag, place);
        }
    }

    /// Parts a segment by its next bit; the directory doubles first if it does not tell that bit.
    fn split(&mut self, id: u32, tag: u32) {
        let Some(depth) = self.segments.get(id as usize).map(|segment| segment.depth) else { return };
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|id| [*id, *id]).collect();
            self.depth += 1;
        }
        let Some(old) = self.segments.get_mut(id as usize) else { return };
        let (mut low, mut high) = (Segment::new(depth + 1), Segment::new(depth + 1));
        for (tag, place) in old.entries() {
            let upper = (tag >> (31 - depth)) & 1 == 1;
            let placed = if upper { high.insert(tag, place) } else { low.insert(tag, place) };
            debug_assert!(placed, "half of a segment fits a whole one");
        }
        *old = low;
        let new = self.segments.len() as u32;
        self.segments.push(high);
        // The directory's entries of one segment stand side by side; the upper half is the new one's.
        let run = 1usize << (self.depth - depth);
        let first = (u64::from(tag) >> (32 - depth)) as usize * run;
        for at in self.directory.iter_mut().skip(first + run / 2).take(run / 2) {
            *at = new;
        }
    }

    /// The places of the segment in which `key` would stand, and the first key of the next one.
    pub fn run(&self, key: u64) -> (impl Iterator<Item = u32> + '_, Option<u64>) {
        let tag = (key >> 32) as u32;
        let id = self.directory.get(self.at(tag)).copied().unwrap_or(NONE);
        let segment = self.segments.get(id as usize).map(AsRef::as_ref);
        let depth = segment.map_or(0, |segment| segment.depth);
        let next = (u64::from(tag) >> (32 - depth)) + 1;
        let next = (next < 1 << depth).then(|| next << (64 - depth));
        (segment.into_iter().flat_map(Segment::entries).map(|(_, place)| place), next)
    }
}

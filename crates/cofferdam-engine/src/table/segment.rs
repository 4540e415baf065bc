//! A run of keys in ascending order, with gaps: each stands at or soon behind its home, the place that
//! its share of the run's width gives it, so most are found with the first line that is read.
//!
//! No key stands before its home, and there is no gap between a home and its key. So a search ends at
//! a gap or at a greater key, and a run grows or splits by one walk from front to back.
//! Called by the directory alone.

use super::Record;
use super::slot::Slot;
use alloc::{boxed::Box, vec::Vec};

/// How far from its home a key may stand before the run must grow.
const ASTRAY_MAX: usize = 64;
/// Bytes of the longest runs: short enough to be walked while somebody waits.
const BYTES_MAX: usize = 64 * 1024;
const HOMES_MIN: usize = 8;

#[derive(Debug)]
pub(super) struct Segment<R: Record> {
    /// As many as there are homes, and some behind them for those that stand behind the last.
    pub slots: Box<[Slot<R>]>,
    homes: u32,
    used: u32,
    /// How many of their highest bits all keys of the run share.
    pub depth: u32,
}

/// There is no room.
pub(super) struct Full;

impl<R: Record> Segment<R> {
    const HOMES_MAX: usize = BYTES_MAX / size_of::<Slot<R>>();
    /// Slots that are looked at together: about three cache lines, four at most.
    const NEAR: usize = {
        let fit = 192 / size_of::<Slot<R>>();
        if fit < 2 {
            2
        } else if fit > 4 {
            4
        } else {
            fit
        }
    };

    pub fn new(depth: u32) -> Self {
        Self::of([].iter(), 0, HOMES_MIN, depth)
    }

    /// A run of these, so many, which ascend.
    fn of<'a>(entries: impl Iterator<Item = &'a Slot<R>>, used: usize, homes: usize, depth: u32) -> Self
    where
        R: 'a,
    {
        let room = homes + (homes / 16).clamp(4, 32);
        let mut run = Self { slots: Box::default(), homes: homes as u32, used: used as u32, depth };
        let mut slots = Vec::with_capacity(room);
        for slot in entries {
            let home = run.home(slot.key);
            if home > slots.len() {
                slots.resize(home, Slot::FREE);
            }
            slots.push(*slot);
        }
        if slots.len() < room {
            slots.resize(room, Slot::FREE);
        }
        run.slots = slots.into_boxed_slice();
        run
    }

    /// How many homes leave room for a quarter more than so many.
    fn roomy(used: usize) -> usize {
        (used * 25 / 14).clamp(HOMES_MIN, Self::HOMES_MAX)
    }

    pub fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot<R>>()
    }

    /// Homes ascend with keys, since a key's place in the run's width is its place among the homes.
    #[inline]
    pub fn home(&self, key: u64) -> usize {
        ((u128::from(key << self.depth) * u128::from(self.homes)) >> 64) as usize
    }

    /// Where a key stands if it stands at its home or just behind it; some other place if not. There
    /// is no branch in it that depends on memory, so many keys' looks overlap.
    #[inline]
    pub fn look(&self, home: usize, key: u64) -> usize {
        let near = self.slots.get(home..home + Self::NEAR).unwrap_or_default();
        // Keys ascend, so it stands behind all that are less; a free slot is less, but then it stands nowhere.
        home + near.iter().map(|slot| usize::from(slot.key < key)).sum::<usize>()
    }

    pub fn find(&self, key: u64) -> Option<usize> {
        let home = self.home(key);
        let behind = self.slots.get(home..)?;
        let step = behind.iter().position(|slot| slot.key == 0 || slot.key >= key)?;
        behind.get(step).filter(|slot| slot.key == key).map(|_| home + step)
    }

    /// Takes in a key that is not here. `stubborn`: however far from its home it comes to stand.
    pub fn insert(&mut self, new: Slot<R>, stubborn: bool) -> Result<usize, Full> {
        // Seven tenths full: then a key stands one place from its home on the average.
        if self.used as usize * 10 >= self.homes as usize * 7 {
            return Err(Full);
        }
        let home = self.home(new.key);
        let behind = self.slots.get_mut(home..).ok_or(Full)?;
        let step = behind.iter().position(|slot| slot.key == 0 || slot.key > new.key).ok_or(Full)?;
        if step > ASTRAY_MAX && !stubborn {
            return Err(Full);
        }
        let moved = behind.get_mut(step..).ok_or(Full)?;
        let gap = moved.iter().position(|slot| slot.key == 0).ok_or(Full)?;
        let moved = moved.get_mut(..=gap).ok_or(Full)?;
        moved.rotate_right(1);
        *moved.first_mut().ok_or(Full)? = new;
        self.used += 1;
        Ok(home + step)
    }

    /// Takes out what stands at a place; those behind it that are not at home step up.
    pub fn take(&mut self, at: usize) {
        let is_astray = |(place, slot): (usize, &Slot<R>)| slot.key != 0 && self.home(slot.key) < place;
        let behind = self.slots.iter().enumerate().skip(at + 1);
        let astray = behind.take_while(|slot| is_astray(*slot)).count();
        if let Some(moved) = self.slots.get_mut(at..=at + astray) {
            moved.rotate_left(1);
            if let Some(last) = moved.last_mut() {
                *last = Slot::FREE;
                self.used = self.used.saturating_sub(1);
            }
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Slot<R>> {
        self.slots.iter().filter(|slot| slot.key != 0)
    }

    /// Whether it is better made longer than split.
    pub fn may_grow(&self) -> bool {
        let (homes, used) = (self.homes as usize, self.used as usize);
        // Keys that crowd at one place of an empty run are parted by splitting alone.
        homes < Self::HOMES_MAX && (used * 3 > homes || homes <= 64)
    }

    /// Three fifths longer: what is moved at each step, and the fresh memory that it takes, is then half of what
    /// a quarter more would ask for, and the half of a split run comes to full length in one step.
    #[must_use]
    pub fn grown(&self) -> Self {
        let homes = (self.homes as usize * 8 / 5 + HOMES_MIN).min(Self::HOMES_MAX);
        Self::of(self.entries(), self.used as usize, homes, self.depth)
    }

    /// The two halves of its width.
    pub fn halves(&self) -> (Self, Self) {
        let upper = |slot: &&Slot<R>| (slot.key << self.depth) >> 63 == 1;
        let low = self.entries().take_while(|slot| !upper(slot)).count();
        let high = (self.used as usize).saturating_sub(low);
        let depth = self.depth + 1;
        (
            Self::of(self.entries().take(low), low, Self::roomy(low), depth),
            Self::of(self.entries().skip(low), high, Self::roomy(high), depth),
        )
    }
}

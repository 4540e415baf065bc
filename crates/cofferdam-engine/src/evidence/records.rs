//! The records of evidence as a table keeps them.

use super::decay::Moment;
use super::plain::PlainRecord;
use super::recent::{RECENT, RecentRecord};
use super::seen::SeenRecord;
use crate::table::{AT_REST, KEPT, Record};
use alloc::vec::Vec;

const DAY_S: u32 = 86_400;

/// Writes words, little-endian.
fn write(words: impl Iterator<Item = u32>, to: &mut Vec<u8>) {
    words.for_each(|word| to.extend_from_slice(&word.to_le_bytes()));
}

fn words(from: &[u8], bytes: usize) -> Option<impl Iterator<Item = u32> + '_> {
    let whole = (from.len() == bytes).then_some(from)?;
    Some(whole.chunks_exact(4).filter_map(|four| four.try_into().ok().map(u32::from_le_bytes)))
}

macro_rules! kept_as_it_is {
    ($record:ty, $line:ty) => {
        const SHARED: bool = false;
        type Packed = Self;
        type Line = $line;
        const FREE: Self = Self::NONE;
        const WIDE: Self = Self::NONE;

        fn forget_ahead(&mut self, _: u32) {}

        fn pack(&self) -> Option<Self> {
            Some(*self)
        }

        fn unpack(from: &Self) -> Option<Self> {
            Some(*from)
        }

        fn peek(from: &Self) -> Option<&Self> {
            Some(from)
        }

        fn peek_mut(from: &mut Self) -> Option<&mut Self> {
            Some(from)
        }
    };
}

impl Record for PlainRecord {
    kept_as_it_is!(PlainRecord, ());
    const BYTES: usize = Self::WORDS * 4;

    fn end(from: &Self) -> u8 {
        from.far_ends()
    }

    fn at_rest(&self, at_s: u32) -> bool {
        // Nothing of it is left to speak of after three of the longest paces.
        at_s.saturating_sub(self.touched_s) > 3 * super::decay::TAU_S[super::decay::LONG]
    }

    fn worth(&self, at_s: u32) -> u32 {
        if self.at_rest(at_s) {
            return AT_REST;
        }
        let at = Moment::new(self.touched_s.max(at_s));
        // What was found guilty is remembered, whatever comes.
        if self.long(super::plain::Field::Strikes, &at) > 0.2 {
            return KEPT;
        }
        (super::store::left(self, &at) * 64.0) as u32 + 1
    }

    fn weight(&self) -> u64 {
        (super::store::left(self, &Moment::new(self.touched_s)) * 64.0) as u64
    }

    fn save(&self, to: &mut Vec<u8>) {
        write(self.words(), to);
    }

    fn restore(from: &[u8]) -> Option<Self> {
        Self::from_words(&mut words(from, Self::BYTES)?)
    }
}

impl Record for SeenRecord {
    kept_as_it_is!(SeenRecord, ());
    const BYTES: usize = 20;

    fn at_rest(&self, at_s: u32) -> bool {
        (at_s / DAY_S).saturating_sub(self.day) > 28
    }

    fn worth(&self, at_s: u32) -> u32 {
        if self.at_rest(at_s) { AT_REST } else { self.day.saturating_add(1).min(KEPT - 1) }
    }

    fn weight(&self) -> u64 {
        u64::from(self.last_s)
    }

    fn save(&self, to: &mut Vec<u8>) {
        write([self.last_s, self.day, self.asked, self.converted, self.often].into_iter(), to);
    }

    fn restore(from: &[u8]) -> Option<Self> {
        let mut words = words(from, Self::BYTES)?;
        let mut next = || words.next();
        Some(Self { last_s: next()?, day: next()?, asked: next()?, converted: next()?, often: next()? })
    }
}

impl Record for RecentRecord {
    kept_as_it_is!(RecentRecord, ());
    const BYTES: usize = (1 + RECENT * 2) * 4;

    fn end(from: &Self) -> u8 {
        from.far_ends()
    }

    fn at_rest(&self, at_s: u32) -> bool {
        at_s.saturating_sub(self.newest_s()) > 4 * DAY_S
    }

    fn worth(&self, at_s: u32) -> u32 {
        if self.at_rest(at_s) { AT_REST } else { self.newest_s().clamp(1, KEPT - 1) }
    }

    fn weight(&self) -> u64 {
        u64::from(self.newest_s())
    }

    fn save(&self, to: &mut Vec<u8>) {
        write(self.words(), to);
    }

    fn restore(from: &[u8]) -> Option<Self> {
        Self::from_words(&mut words(from, Self::BYTES)?)
    }
}

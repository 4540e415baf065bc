//! Records of evidence as a store that many machines share keeps them: big-endian words at fixed places,
//! so that a script there can add to any of them and need not know what it adds.
//!
//! Whatever empties together stands together: of a plain record the sums of one horizon's epoch, of a rich
//! one a bucket of the week and what an era holds. It says where things stand and reads and writes whole
//! records; it sends nothing. Called by the shared home of the tallies.

use super::decay::{HORIZONS, LONG};
use super::plain::{EVERY, Field, LAST, PlainRecord};
use super::recent::{RECENT, RecentRecord};
use super::rich::{BUCKETS, DELAYS, MEETS, Meets, RichRecord, USUALS, Usual};
use super::seen::SeenRecord;
use alloc::vec::Vec;

/// Raised whenever anything stands elsewhere than before.
pub const LAYOUT: u32 = 1;

/// Bytes of a word.
const WORD: usize = 4;
/// Fields of each horizon.
const FIELDS: [usize; HORIZONS] = [EVERY, EVERY, EVERY + LAST];
/// Where each horizon begins, in words.
const HORIZON_AT: [usize; HORIZONS] = [1, 1 + 2 * EVERY, 1 + 4 * EVERY];
/// Bytes of a plain record.
pub const PLAIN: usize = PlainRecord::WORDS * WORD;

/// Where the control group of a rich record begins.
pub const TRUSTED_AT: usize = PLAIN;
/// Where its first moment stands.
pub const FIRST_AT: usize = 2 * PLAIN;
/// Where the number of the newest bucket stands.
pub const HEAD_AT: usize = FIRST_AT + WORD;
/// Where the number of the newest era stands.
pub const ERA_AT: usize = HEAD_AT + WORD;
/// Where the buckets of the week begin.
pub const WEEK_AT: usize = ERA_AT + WORD;
/// Bytes of a bucket.
pub const BUCKET: usize = USUALS * WORD;
/// Where the two eras begin.
pub const ERAS_AT: usize = WEEK_AT + BUCKETS * BUCKET;
const DAYS_AT: usize = 24 * WORD;
const DELAYS_AT: usize = DAYS_AT + 7 * WORD;
const MEETS_AT: usize = DELAYS_AT + DELAYS * WORD;
/// Bytes of an era.
pub const ERA: usize = MEETS_AT + MEETS * 2 * WORD;
/// Bytes of a rich record.
pub const RICH: usize = ERAS_AT + 2 * ERA;
/// Bytes of a number's or session's record.
pub const SEEN: usize = 5 * WORD;
/// Bytes of one of the newest numbers of a run.
pub const ENTRY: usize = 6;

/// A record that can be kept so.
pub trait Image: Sized {
    /// Its bytes.
    fn image(&self) -> Vec<u8>;

    /// Reads [`Image::image`]; `None`: it is none.
    fn of_image(bytes: &[u8]) -> Option<Self>;
}

/// Where the sum of a field stands in a plain record, in bytes. `n` is its place among the fields of the horizon.
fn sum_at(horizon: usize, parity: usize, n: usize) -> usize {
    let begin = HORIZON_AT.get(horizon).copied().unwrap_or(0);
    let fields = FIELDS.get(horizon).copied().unwrap_or(0);
    (begin + parity * fields + n) * WORD
}

/// The same for a field; `None` where it is not counted.
pub(super) fn field_at(field: Field, horizon: usize, epoch: u32) -> Option<usize> {
    let parity = (epoch & 1) as usize;
    match field.index() {
        (true, n) => Some(sum_at(horizon, parity, n)),
        (false, n) => (horizon == LONG).then(|| sum_at(horizon, parity, EVERY + n)),
    }
}

/// Where a baseline's figure stands in a rich record.
pub(super) fn usual_at(what: Usual, bucket: u32) -> usize {
    WEEK_AT + bucket as usize % BUCKETS * BUCKET + what as usize * WORD
}

fn era_at(era: u32) -> usize {
    ERAS_AT + era as usize % 2 * ERA
}

/// Where an hour of the day stands.
pub(super) fn hour_at(era: u32, hour: u8) -> usize {
    era_at(era) + usize::from(hour) * WORD
}

/// Where a day of the week stands.
pub(super) fn day_at(era: u32, day: u8) -> usize {
    era_at(era) + DAYS_AT + usize::from(day) * WORD
}

/// Where a bin of delays stands.
pub(super) fn delay_at(era: u32, bin: usize) -> usize {
    era_at(era) + DELAYS_AT + bin * WORD
}

/// Where pairs stand, in two words.
pub(super) fn meets_at(era: u32, what: Meets) -> usize {
    era_at(era) + MEETS_AT + what as usize * 2 * WORD
}

/// Bytes that are read one word after another.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn next(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<WORD>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }

    fn fill(&mut self, places: &mut [u32]) -> Option<()> {
        for place in places {
            *place = self.next()?;
        }
        Some(())
    }
}

fn put(to: &mut Vec<u8>, words: &[u32]) {
    to.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

/// The sums of a plain record in the order of its image: by horizon, epoch and field.
fn sums(record: &mut PlainRecord, mut each: impl FnMut(&mut i32) -> Option<()>) -> Option<()> {
    for horizon in 0..HORIZONS {
        for parity in 0..2 {
            for field in &mut record.every {
                each(field.get_mut(horizon)?.get_mut(parity)?)?;
            }
            if horizon == LONG {
                for field in &mut record.last {
                    each(field.get_mut(parity)?)?;
                }
            }
        }
    }
    Some(())
}

fn put_plain(record: &PlainRecord, to: &mut Vec<u8>) {
    put(to, &[record.touched_s]);
    let _ = sums(&mut record.clone(), |sum| {
        put(to, &[*sum as u32]);
        Some(())
    });
}

fn plain(words: &mut Words<'_>) -> Option<PlainRecord> {
    let mut record = PlainRecord { touched_s: words.next()?, ..PlainRecord::NONE };
    sums(&mut record, |sum| {
        *sum = words.next()? as i32;
        Some(())
    })?;
    Some(record)
}

impl Image for PlainRecord {
    fn image(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PLAIN);
        put_plain(self, &mut bytes);
        bytes
    }

    fn of_image(bytes: &[u8]) -> Option<Self> {
        plain(&mut Words(bytes)).filter(|_| bytes.len() == PLAIN)
    }
}

impl Image for RichRecord {
    fn image(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RICH);
        put_plain(&self.plain, &mut bytes);
        put_plain(&self.trusted, &mut bytes);
        put(&mut bytes, &[self.first_s, self.head, self.era]);
        self.buckets.iter().for_each(|bucket| put(&mut bytes, bucket));
        let eras = self.hours.iter().zip(&self.days).zip(&self.delays).zip(&self.meets);
        for (((hours, days), delays), meets) in eras {
            put(&mut bytes, hours);
            put(&mut bytes, days);
            put(&mut bytes, delays);
            bytes.extend(meets.iter().flat_map(|meets| meets.to_be_bytes()));
        }
        bytes
    }

    fn of_image(bytes: &[u8]) -> Option<Self> {
        let mut words = Words(bytes);
        let mut record = Self { plain: plain(&mut words)?, trusted: plain(&mut words)?, ..Self::NONE };
        record.first_s = words.next()?;
        record.head = words.next()?;
        record.era = words.next()?;
        record.buckets.iter_mut().try_for_each(|bucket| words.fill(bucket))?;
        let eras =
            record.hours.iter_mut().zip(&mut record.days).zip(&mut record.delays).zip(&mut record.meets);
        for (((hours, days), delays), meets) in eras {
            words.fill(hours)?;
            words.fill(days)?;
            words.fill(delays)?;
            for meets in meets {
                *meets = u64::from(words.next()?) << 32 | u64::from(words.next()?);
            }
        }
        (bytes.len() == RICH).then_some(record)
    }
}

impl Image for SeenRecord {
    fn image(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEEN);
        put(&mut bytes, &[self.last_s, self.day, self.asked, self.converted, self.often]);
        bytes
    }

    fn of_image(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; 5];
        Words(bytes).fill(&mut words)?;
        let [last_s, day, asked, converted, often] = words;
        (bytes.len() == SEEN).then_some(Self { last_s, day, asked, converted, often })
    }
}

impl Image for RecentRecord {
    fn image(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RECENT * ENTRY);
        for (at_s, last4) in self.entries.iter().take(usize::from(self.len)) {
            bytes.extend_from_slice(&at_s.to_be_bytes());
            bytes.extend_from_slice(&last4.to_be_bytes());
        }
        bytes
    }

    fn of_image(bytes: &[u8]) -> Option<Self> {
        let entries = bytes.len() / ENTRY;
        if entries > RECENT || !bytes.len().is_multiple_of(ENTRY) {
            return None;
        }
        let mut record = Self { len: entries as u8, ..Self::NONE };
        for (entry, bytes) in record.entries.iter_mut().zip(bytes.chunks_exact(ENTRY)) {
            let (at_s, last4) = bytes.split_first_chunk::<4>()?;
            *entry = (u32::from_be_bytes(*at_s), u16::from_be_bytes(*last4.first_chunk::<2>()?));
        }
        Some(record)
    }
}

//! A limit record as a table keeps it: 56 bytes, one cache line with its key.
//!
//! A count takes 16 bits; a bucket's length and its number take 37 together, since their product is a
//! time of 32 bits: the longer a bucket, the fewer of them there have been. What does not fit, which
//! takes tens of thousands in one bucket, is kept whole beside the others (`slot.rs`).
//! Packing and unpacking lose nothing and count nothing.

use crate::known::SeenWindow;
use crate::limit::WINDOWS;
use crate::tally::{BUCKETS, LimitRecord, RING, Ring, width_of};

/// Bits that say how long a bucket's length is.
const SIZE_BITS: u32 = 5;
/// The size of a ring that is not in use.
const UNUSED: u16 = (1 << SIZE_BITS) - 1;
/// All rings unused.
const EMPTY: u16 = (1 << (WINDOWS as u32 * SIZE_BITS)) - 1;
/// The bit above the sizes: kept elsewhere.
const WIDE: u16 = 1 << (WINDOWS as u32 * SIZE_BITS);

/// Rings without the bits that they never use.
#[derive(Debug, Clone, Copy)]
pub struct Packed {
    /// Of each ring the bucket's length without its highest bit, above the number of the newest bucket.
    words: [u32; WINDOWS],
    /// Of each ring the place of that highest bit.
    sizes: u16,
    counts: [[i16; RING]; WINDOWS],
}

impl Packed {
    pub const WIDE: Self = Self { sizes: WIDE, ..Self::EMPTY };
    pub const EMPTY: Self = Self { words: [0; WINDOWS], sizes: EMPTY, counts: [[0; RING]; WINDOWS] };

    /// `None` if anything does not fit.
    #[inline]
    pub fn of(record: &LimitRecord) -> Option<Self> {
        let mut packed = Self::EMPTY;
        let mut shift = 0;
        for ((ring, word), counts) in record.rings.iter().zip(&mut packed.words).zip(&mut packed.counts) {
            if ring.width_s != 0 {
                let size = ring.width_s.ilog2();
                if size >= u32::from(UNUSED) || u64::from(ring.head) >> (32 - size) != 0 {
                    return None;
                }
                // By way of 64 bits, for a bucket of one second leaves nothing to shift.
                let rest = u64::from(ring.width_s ^ (1 << size));
                *word = (rest << (32 - size)) as u32 | ring.head;
                packed.sizes ^= (UNUSED ^ size as u16) << shift;
                if !narrow(&ring.counts, counts) {
                    return None;
                }
            }
            shift += SIZE_BITS;
        }
        Some(packed)
    }

    /// `None` if it is kept elsewhere.
    #[inline]
    pub fn record(&self) -> Option<LimitRecord> {
        if self.sizes & WIDE != 0 {
            return None;
        }
        let mut record = LimitRecord::default();
        let mut sizes = self.sizes;
        for ((ring, word), counts) in record.rings.iter_mut().zip(self.words).zip(&self.counts) {
            let size = sizes & UNUSED;
            sizes >>= SIZE_BITS;
            if size != UNUSED {
                let size = u32::from(size);
                let (rest, head) = parts(word, size);
                *ring =
                    Ring { width_s: rest | 1 << size, head, counts: counts.map(|count| count as i32 as u32) };
            }
        }
        Some(record)
    }
}

impl Packed {
    /// [`Ring::at_rest`] of all rings, without unpacking them; `None` if it is kept elsewhere.
    #[inline]
    pub fn at_rest(&self, at_s: u32) -> Option<bool> {
        if self.sizes & WIDE != 0 {
            return None;
        }
        let mut sizes = self.sizes;
        let rest = self.words.iter().zip(&self.counts).all(|(word, counts)| {
            let size = u32::from(sizes & UNUSED);
            sizes >>= SIZE_BITS;
            if size == u32::from(UNUSED) || counts.iter().all(|count| *count == 0) {
                return true;
            }
            let (rest, head) = parts(*word, size);
            at_s.checked_div(rest | 1 << size).is_none_or(|now| now.saturating_sub(head) > BUCKETS)
        });
        Some(rest)
    }
}

impl Packed {
    /// Counts one in each window and answers what then stands in them, as [`LimitRecord`] does, without unpacking.
    /// `None`, and nothing is counted, where a ring stands elsewhere than its window does, or does not fit any more.
    #[inline]
    pub fn count(&mut self, at_s: u32, windows_s: &[u32; WINDOWS]) -> Option<[SeenWindow; WINDOWS]> {
        let widths = windows_s.map(width_of);
        if self.sizes & WIDE != 0 || !one_ring_each(widths) {
            return None;
        }
        let (mut new, mut all) = (*self, [SeenWindow::default(); WINDOWS]);
        let (fresh, mut sizes, mut shift) = (self.sizes == EMPTY, self.sizes, 0);
        let rings = new.words.iter_mut().zip(&mut new.counts).zip(widths);
        for (((word, counts), width_s), (window_s, seen)) in rings.zip(windows_s.iter().zip(&mut all)) {
            let stored = sizes & UNUSED;
            if width_s != 0 {
                let size = width_s.ilog2();
                let rest = (u64::from(width_s ^ (1 << size)) << (32 - size)) as u32;
                if fresh && size < u32::from(UNUSED) {
                    (*word, new.sizes) = (rest, new.sizes ^ (UNUSED ^ size as u16) << shift);
                } else if u32::from(stored) != size || parts(*word, size).0 != width_s ^ (1 << size) {
                    return None;
                }
                let (_, head) = parts(*word, size);
                let bucket = at_s.checked_div(width_s)?;
                let newest = add(counts, head, bucket)?;
                if u64::from(newest) >> (32 - size) != 0 {
                    return None;
                }
                *word = rest | newest;
                let (count, frees_in_s) = stands(counts, newest, width_s, at_s);
                *seen = SeenWindow { window_s: *window_s, seen: count, frees_in_s };
            }
            sizes >>= SIZE_BITS;
            shift += SIZE_BITS;
        }
        *self = new;
        Some(all)
    }
}

/// Whether a new record's rings would stand where these windows do: none is left out between them, and no two
/// share one.
fn one_ring_each([first, second, third]: [u32; WINDOWS]) -> bool {
    let parted = (second == 0 || second != first) && (third == 0 || (third != first && third != second));
    parted && (first != 0 || second == 0) && (second != 0 || third == 0)
}

/// [`Ring::add`] of one: answers with the newest bucket; `None` where the count does not fit any more.
#[inline]
fn add(counts: &mut [i16; RING], head: u32, bucket: u32) -> Option<u32> {
    if bucket > head {
        if bucket - head >= RING as u32 {
            *counts = [0; RING];
        } else {
            for between in head + 1..=bucket {
                *counts.get_mut(between as usize % RING)? = 0;
            }
        }
    } else if head - bucket >= RING as u32 {
        return Some(head);
    }
    let count = counts.get_mut(bucket as usize % RING)?;
    *count = count.checked_add(1)?;
    Some(head.max(bucket))
}

/// [`Ring::read`], of a ring whose newest bucket is of now or later.
#[inline]
fn stands(counts: &[i16; RING], newest: u32, width_s: u32, at_s: u32) -> (u32, u32) {
    let sum: i32 = counts.iter().map(|count| i32::from(*count)).sum();
    if sum <= 0 {
        return (0, 0);
    }
    let (newer, older) = counts.split_at((newest as usize + 1) % RING);
    let first = older.iter().chain(newer).position(|count| *count > 0);
    let frees_in_s = first.map_or(0, |at| {
        let leaves_s = (u64::from(newest) + 1 + at as u64) * u64::from(width_s);
        u32::try_from(leaves_s.saturating_sub(u64::from(at_s))).unwrap_or(u32::MAX)
    });
    (sum as u32, frees_in_s)
}

/// A word's bucket length without its highest bit, and the number of the newest bucket.
#[inline]
fn parts(word: u32, size: u32) -> (u32, u32) {
    let word = u64::from(word);
    ((word >> (32 - size)) as u32, (word & ((1 << (32 - size)) - 1)) as u32)
}

impl Default for Packed {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Whether all counts fit; no branch, so that they are looked at together.
fn narrow(counts: &[u32; RING], to: &mut [i16; RING]) -> bool {
    let mut lost = 0;
    for (count, to) in counts.iter().zip(to) {
        *to = *count as i16;
        lost |= i32::from(*to) as u32 ^ count;
    }
    lost == 0
}

#[cfg(test)]
mod tests {
    use super::Packed;
    use crate::tally::{LimitRecord, Ring};
    use proptest::prelude::*;

    #[test]
    fn what_fits_comes_back_the_same() {
        for width_s in [0, 1, 2, 3, 10, 60, 600, 14_400, 432_000, 715_827_883] {
            for at_s in [0, 1, 1_795_261_200, u32::MAX] {
                let mut ring = Ring { width_s, ..Ring::default() };
                ring.add(at_s, 32_767);
                ring.add(at_s.saturating_sub(width_s), -32_768);
                let other = Ring { width_s: 60, head: 7, counts: [1, 2, 3, 4, 5, 6, 7] };
                for rings in [[ring, other, Ring::default()], [other, Ring::default(), ring]] {
                    let record = LimitRecord { rings };
                    let packed = Packed::of(&record);
                    assert_eq!(packed.and_then(|packed| packed.record()), Some(record));
                    for at_s in [
                        at_s,
                        at_s.saturating_add(width_s),
                        at_s.saturating_add(width_s.saturating_mul(7)),
                        0,
                        u32::MAX,
                    ] {
                        let rest = crate::table::Record::at_rest(&record, at_s);
                        assert_eq!(
                            packed.and_then(|packed| packed.at_rest(at_s)),
                            Some(rest),
                            "{at_s} {record:?}"
                        );
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_counted_packed_is_what_would_be_counted(
            steps in proptest::collection::vec((0u32..4_000, 0usize..6, any::<bool>()), 1..80),
            start in prop_oneof![Just(0u32), 0u32..200_000, Just(1_795_261_200)],
        ) {
            // Changed windows, windows left out, two that share a ring, and a clock that goes back and forth.
            let plans = [
                [60, 600, 86_400], [60, 600, 86_400], [60, 600, 0], [60, 0, 600], [6, 5, 600], [600, 60, 86_400],
            ];
            let (mut whole, mut packed, mut at_s) = (LimitRecord::default(), Packed::EMPTY, start);
            for (step, plan, back) in steps {
                at_s = if back { at_s.saturating_sub(step / 2) } else { at_s + step };
                let windows_s = plans[plan];
                let before = packed;
                whole.add(at_s, &windows_s, 1);
                if let Some(seen) = packed.count(at_s, &windows_s) {
                    prop_assert_eq!(seen, whole.read(at_s, &windows_s));
                } else {
                    prop_assert_eq!(before.record(), packed.record());
                    packed = Packed::of(&whole).unwrap();
                }
                prop_assert_eq!(packed.record(), Some(whole));
            }
        }
    }

    #[test]
    fn nearly_all_are_counted_packed_until_a_count_is_too_large() {
        let (mut packed, windows_s) = (Packed::EMPTY, [60, 600, 0]);
        for n in 1..=32_767u32 {
            assert_eq!(packed.count(1_795_261_200, &windows_s).map(|[_, hour, _]| hour.seen), Some(n));
        }
        let full = packed.record();
        assert!(packed.count(1_795_261_200, &windows_s).is_none() && packed.record() == full);
        assert!(Packed::WIDE.clone().count(1_795_261_200, &[6, 0, 0]).is_none(), "it is kept elsewhere");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused =
            |ring| Packed::of(&LimitRecord { rings: [Ring::default(), ring, Ring::default()] }).is_none();
        let ring = Ring::serving(600);
        assert!(!refused(ring));
        for count in [32_768, 65_535, 1 << 20, (-32_769i32) as u32] {
            assert!(refused(Ring { counts: [0, 0, 0, 0, 0, 0, count], ..ring }), "{count}");
        }
        assert!(refused(Ring { head: u32::MAX, ..ring }));
        assert!(refused(Ring { width_s: u32::MAX, ..ring }));
        assert!(Packed::WIDE.record().is_none());
    }

    #[test]
    fn it_is_one_cache_line_with_its_key() {
        assert_eq!(size_of::<Packed>() + size_of::<u64>(), 64);
    }
}

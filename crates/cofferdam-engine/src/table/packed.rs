//! A limit record as a table keeps it: 56 bytes, one cache line with its key.
//!
//! A count takes 16 bits; a bucket's length and its number take 37 together, since their product is a
//! time of 32 bits: the longer a bucket, the fewer of them there have been. What does not fit, which
//! takes tens of thousands in one bucket, is kept whole beside the others (`slot.rs`).
//! Packing and unpacking lose nothing and count nothing.

use crate::limit::WINDOWS;
use crate::tally::{BUCKETS, LimitRecord, RING, Ring};

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

//! A limit record as a table keeps it: 56 bytes, one cache line with its key.
//!
//! A count takes 16 bits; a bucket's length and its number take 37 together, since their product is a
//! time of 32 bits: the longer a bucket, the fewer of them there have been. What does not fit, which
//! takes tens of thousands in one bucket, is kept whole beside the others (`slot.rs`).
//! Packing and unpacking lose nothing and count nothing. One more attempt is counted without either
//! ([`Packed::add_one`]), to the same figures.

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
                *word = word_of(ring.width_s, size, ring.head);
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
    /// [`LimitRecord::add`] of one and [`LimitRecord::read`] in one, where it stands: an attempt does little else.
    /// `None`, and nothing is changed, where that takes more than a look at each ring: one that does not stand where
    /// its window does or is ahead of time, and a count that no longer fits.
    pub fn add_one(&mut self, at_s: u32, windows_s: &[u32; WINDOWS]) -> Option<[SeenWindow; WINDOWS]> {
        let widths_s = windows_s.map(width_of);
        let mut next = if self.sizes == EMPTY { Self::serving(&widths_s)? } else { *self };
        if next.sizes & WIDE != 0 || share_a_ring(&widths_s) {
            return None;
        }
        let mut sizes = next.sizes;
        let mut all = [SeenWindow::default(); WINDOWS];
        let rings = widths_s.into_iter().zip(next.words.iter_mut().zip(&mut next.counts));
        for ((width_s, (word, counts)), (seen, window_s)) in rings.zip(all.iter_mut().zip(windows_s)) {
            let size = u32::from(sizes & UNUSED);
            sizes >>= SIZE_BITS;
            let Some(now) = at_s.checked_div(width_s) else { continue };
            let (rest, head) = parts(*word, size);
            if width_s.ilog2() != size || rest | 1 << size != width_s || head > now {
                return None;
            }
            *word = word_of(width_s, size, now);
            step(counts, head, now);
            let count = counts.get_mut(now as usize % RING)?;
            *count = count.checked_add(1)?;
            let (sum, frees_in_s) = stand(counts, now, width_s, at_s);
            *seen = SeenWindow { window_s: *window_s, seen: sum, frees_in_s };
        }
        *self = next;
        Some(all)
    }

    /// Empty rings of these widths, each where its window stands. `None` where one would stand elsewhere: behind a
    /// window that is none.
    fn serving(widths_s: &[u32; WINDOWS]) -> Option<Self> {
        let mut packed = Self::EMPTY;
        let (mut shift, mut ended) = (0, false);
        for (width_s, word) in widths_s.iter().zip(&mut packed.words) {
            match width_s.checked_ilog2() {
                None => ended = true,
                Some(_) if ended => return None,
                Some(size) => {
                    *word = word_of(*width_s, size, 0);
                    packed.sizes ^= (UNUSED ^ size as u16) << shift;
                }
            }
            shift += SIZE_BITS;
        }
        Some(packed)
    }
}

/// Whether two windows are counted in one ring.
fn share_a_ring(widths_s: &[u32; WINDOWS]) -> bool {
    widths_s
        .iter()
        .enumerate()
        .any(|(n, width_s)| *width_s != 0 && widths_s.iter().skip(n + 1).any(|w| w == width_s))
}

/// A bucket's length without its highest bit, above the number of the newest bucket. By way of 64 bits, for a bucket
/// of one second leaves nothing to shift.
#[inline]
fn word_of(width_s: u32, size: u32, head: u32) -> u32 {
    (u64::from(width_s ^ (1 << size)) << (32 - size)) as u32 | head
}

/// Empties the buckets between the newest and the one that becomes it.
#[inline]
fn step(counts: &mut [i16; RING], head: u32, now: u32) {
    if now - head >= RING as u32 {
        *counts = [0; RING];
        return;
    }
    for bucket in head..now {
        if let Some(count) = counts.get_mut((bucket as usize + 1) % RING) {
            *count = 0;
        }
    }
}

/// [`Ring::read`] of a ring whose newest bucket is the present one.
#[inline]
fn stand(counts: &[i16; RING], now: u32, width_s: u32, at_s: u32) -> (u32, u32) {
    let sum: i32 = counts.iter().map(|count| i32::from(*count)).sum();
    let (newer, older) = counts.split_at((now as usize + 1) % RING);
    match (u32::try_from(sum), older.iter().chain(newer).position(|count| *count > 0)) {
        (Ok(sum @ 1..), Some(first)) => {
            let leaves_s = (u64::from(now) + 1 + first as u64) * u64::from(width_s);
            (sum, u32::try_from(leaves_s.saturating_sub(u64::from(at_s))).unwrap_or(u32::MAX))
        }
        _ => (0, 0),
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

    /// Any record may be met: rings elsewhere or shared, clocks that step back, counts at both ends.
    #[test]
    fn one_more_is_counted_where_it_stands_as_it_is_unpacked() {
        let mut z = 1_u64;
        let mut draw = |of: &[u32]| {
            z = z.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            of[(z >> 33) as usize % of.len()]
        };
        let windows = [0, 1, 6, 7, 60, 600, 3_600, 86_400, 2_592_000, u32::MAX];
        let (mut here, mut elsewhere, mut wide) = (0, 0, 0);
        for _ in 0..20_000 {
            let mut record = LimitRecord::default();
            let mut windows_s = [draw(&windows), draw(&windows), draw(&windows)];
            let mut at_s = draw(&[0, 1, 5_000, 1_795_261_200, u32::MAX - 9]);
            for _ in 0..12 {
                if draw(&[0, 0, 0, 0, 0, 1]) == 1 {
                    windows_s = [draw(&windows), draw(&windows), draw(&windows)];
                }
                let by = draw(&[1, 1, 1, 3, 32_760, (-2_i32) as u32, (-32_700_i32) as u32]) as i32;
                if by != 1 {
                    record.add(at_s, &windows_s, by);
                }
                at_s = at_s.wrapping_add(draw(&[
                    0,
                    1,
                    59,
                    600,
                    4_000,
                    90_000,
                    u32::MAX - 300,
                    u32::MAX - 9_000,
                ]));
                let Some(packed) = Packed::of(&record) else {
                    wide += 1;
                    continue;
                };
                let mut counted = packed;
                let seen = counted.add_one(at_s, &windows_s);
                record.add(at_s, &windows_s, 1);
                if let Some(seen) = seen {
                    here += 1;
                    assert_eq!(seen, record.read(at_s, &windows_s), "{at_s} {windows_s:?} {record:?}");
                    assert_eq!(counted.record(), Some(record), "{at_s} {windows_s:?}");
                } else {
                    elsewhere += 1;
                    assert_eq!(counted.record(), packed.record(), "nothing was changed");
                }
            }
        }
        assert!(here > 10_000 && elsewhere > 10_000 && wide > 1_000, "{here} {elsewhere} {wide}");
        assert!(Packed::WIDE.clone().add_one(7, &[1, 0, 0]).is_none());
        assert!(Packed::EMPTY.clone().add_one(7, &[60, 3_600, 0]).is_some(), "a newcomer's are counted here");
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

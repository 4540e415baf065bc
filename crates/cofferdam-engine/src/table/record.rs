//! What a table asks of the records it holds. Implemented here for each kind that is kept.

use super::packed::Packed;
use crate::known::SeenWindow;
use crate::limit::WINDOWS;
use crate::tally::{LimitRecord, ProofRecord, RING, Ring};
use alloc::vec::Vec;

/// Worth of what says nothing any more.
pub const AT_REST: u32 = 0;
/// Worth of what must not be pushed out by newcomers.
pub const KEPT: u32 = u32::MAX;

/// A record of fixed size.
pub trait Record: Copy + Default {
    /// Whether keys may share one at the ceiling and be judged more strictly for it.
    const SHARED: bool;
    /// Whether what is at rest may stay a little longer where next to nothing is: of a kind that says nothing at all
    /// while it rests.
    const PATIENT: bool = false;
    /// Its length when saved.
    const BYTES: usize;
    /// What a table keeps of it.
    type Packed: Copy + core::fmt::Debug;
    /// Where one may begin in memory, with its key: told by the alignment of this.
    type Line: Copy + core::fmt::Debug;
    /// What stands in a free place.
    const FREE: Self::Packed;
    /// What stands where one would be that did not fit.
    const WIDE: Self::Packed;

    /// Whether it says nothing any more, at `at_s` and after.
    fn at_rest(&self, at_s: u32) -> bool;
    /// How much a newcomer to a full table must leave it alone: from [`AT_REST`] to [`KEPT`]. What is old and
    /// matters little should say little. A record that newcomers may push out gives a flood of
    /// keys the power to make it forgotten, so what holds somebody back is always kept.
    fn worth(&self, at_s: u32) -> u32 {
        if self.at_rest(at_s) { AT_REST } else { KEPT }
    }
    /// Forgets what lies further ahead of `at_s` than a window: it was written by a clock that has been
    /// set back since, and nobody should wait until time comes there again.
    fn forget_ahead(&mut self, at_s: u32);
    /// As a table keeps it; `None`: it does not fit.
    fn pack(&self) -> Option<Self::Packed>;
    /// `None`: it did not fit, and is kept elsewhere.
    fn unpack(from: &Self::Packed) -> Option<Self>;
    /// [`Record::at_rest`] of a packed one, where that is sooner told than unpacked.
    fn rests(_: &Self::Packed, _at_s: u32) -> Option<bool> {
        None
    }
    /// The record itself, of a kind that is kept as it is: read where it stands, without a copy.
    fn peek(_: &Self::Packed) -> Option<&Self> {
        None
    }
    /// The same, to be changed where it stands.
    fn peek_mut(_: &mut Self::Packed) -> Option<&mut Self> {
        None
    }
    /// Something near the end of one that is longer than a cache line with its key: read so that
    /// memory brings that too.
    fn end(_: &Self::Packed) -> u8 {
        0
    }
    /// How much it holds: of two shared cells the lighter is nearer to the truth.
    fn weight(&self) -> u64;
    /// Writes it, little-endian, [`Record::BYTES`] long.
    fn save(&self, to: &mut Vec<u8>);
    /// Reads what [`Record::save`] wrote.
    fn restore(from: &[u8]) -> Option<Self>;
}

/// A cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Line;

/// A proof is of no use after half a year; a policy may let it last less, hardly more.
const PROOF_KEPT_S: u32 = 200 * 24 * 3600;

impl Record for LimitRecord {
    const SHARED: bool = true;
    const PATIENT: bool = true;
    const BYTES: usize = WINDOWS * (2 + RING) * 4;
    type Packed = Packed;
    type Line = Line;
    const FREE: Packed = Packed::EMPTY;
    const WIDE: Packed = Packed::WIDE;

    fn at_rest(&self, at_s: u32) -> bool {
        self.rings.iter().all(|ring| ring.at_rest(at_s))
    }

    fn forget_ahead(&mut self, at_s: u32) {
        for ring in &mut self.rings {
            let now = at_s.checked_div(ring.width_s).unwrap_or(u32::MAX);
            if ring.head.saturating_sub(now) >= RING as u32 {
                *ring = Ring { width_s: ring.width_s, ..Ring::default() };
            }
        }
    }

    fn pack(&self) -> Option<Packed> {
        Packed::of(self)
    }

    fn unpack(from: &Packed) -> Option<Self> {
        from.record()
    }

    fn rests(from: &Packed, at_s: u32) -> Option<bool> {
        from.at_rest(at_s)
    }

    fn weight(&self) -> u64 {
        let counts = self.rings.iter().flat_map(|ring| ring.counts);
        counts.map(|count| u64::try_from(count as i32).unwrap_or(0)).sum()
    }

    fn save(&self, to: &mut Vec<u8>) {
        for ring in &self.rings {
            for word in [ring.width_s, ring.head].into_iter().chain(ring.counts) {
                to.extend_from_slice(&word.to_le_bytes());
            }
        }
    }

    fn restore(from: &[u8]) -> Option<Self> {
        let mut words = words(from, Self::BYTES)?;
        let mut record = Self::default();
        for ring in &mut record.rings {
            *ring = Ring { width_s: words.next()?, head: words.next()?, counts: [0; RING] };
            for count in &mut ring.counts {
                *count = words.next()?;
            }
        }
        Some(record)
    }
}

impl Record for ProofRecord {
    /// To share a proof would be to trust a stranger.
    const SHARED: bool = false;
    const PATIENT: bool = true;
    const BYTES: usize = 4;
    type Packed = Self;
    type Line = ();
    const FREE: Self = Self { at_s: 0 };
    /// It always fits.
    const WIDE: Self = Self::FREE;

    fn at_rest(&self, at_s: u32) -> bool {
        at_s.saturating_sub(self.at_s) > PROOF_KEPT_S
    }

    /// A proof ahead of its time is a proof all the same.
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

    fn weight(&self) -> u64 {
        u64::from(self.at_s)
    }

    fn save(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.at_s.to_le_bytes());
    }

    fn restore(from: &[u8]) -> Option<Self> {
        words(from, Self::BYTES)?.next().map(|at_s| Self { at_s })
    }
}

fn words(from: &[u8], bytes: usize) -> Option<impl Iterator<Item = u32> + '_> {
    let whole = (from.len() == bytes).then_some(from)?;
    Some(whole.chunks_exact(4).filter_map(|four| four.try_into().ok().map(u32::from_le_bytes)))
}

/// Of two shared cells' answers, the lower in each window: both hold all of the key's own.
pub(super) fn lesser(a: [SeenWindow; WINDOWS], b: [SeenWindow; WINDOWS]) -> [SeenWindow; WINDOWS] {
    let mut lesser = a;
    for (a, b) in lesser.iter_mut().zip(b) {
        if (b.seen, b.frees_in_s) < (a.seen, a.frees_in_s) {
            *a = b;
        }
    }
    lesser
}

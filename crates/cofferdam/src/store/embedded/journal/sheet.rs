//! Lines of the journal that wait together: their bytes one behind the other in one buffer.
//!
//! A buffer a line would be cold by the time that it is written, and as cold when it is taken again.
//! It knows neither order nor bounds: [`super::queue`] fills sheets, hands them over and takes them back.

use super::LINES;
use super::line::LineView;
use crate::store::row::Basis;
use std::sync::Arc;

/// Bytes for which a fresh sheet has room: those of a row, mostly.
const ROOM: usize = 256 << 10;
/// And no more than this, but for a single line that is longer.
const ROOM_MAX: usize = 1 << 20;

/// Lines that follow one another.
pub(in crate::store::embedded) struct Sheet {
    bytes: Vec<u8>,
    lines: Vec<Place>,
}

/// Where a line's bytes stand, and what it says besides.
struct Place {
    begins: usize,
    /// Its changes begin where its text ends, and end here.
    text_ends: usize,
    ends: usize,
    from_ms: i64,
    to_ms: i64,
    ids: [u64; 2],
    basis: Option<Arc<Basis>>,
}

impl Default for Sheet {
    /// An empty one with room.
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(ROOM), lines: Vec::with_capacity(LINES) }
    }
}

impl Sheet {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes of its lines.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a line of so many bytes still belongs here.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.is_empty() || (self.len() < LINES && self.size() + bytes <= ROOM_MAX)
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &LineView<'_>) {
        let begins = self.bytes.len();
        self.bytes.extend_from_slice(line.text);
        let text_ends = self.bytes.len();
        self.bytes.extend_from_slice(line.marks);
        let LineView { from_ms, to_ms, ids, basis, .. } = *line;
        let (ends, basis) = (self.bytes.len(), basis.cloned());
        self.lines.push(Place { begins, text_ends, ends, from_ms, to_ms, ids, basis });
    }

    /// Its lines in order.
    pub(in crate::store::embedded) fn views(&self) -> impl DoubleEndedIterator<Item = LineView<'_>> {
        self.lines.iter().map(|place| LineView {
            text: self.bytes.get(place.begins..place.text_ends).unwrap_or(&[]),
            marks: self.bytes.get(place.text_ends..place.ends).unwrap_or(&[]),
            from_ms: place.from_ms,
            to_ms: place.to_ms,
            ids: place.ids,
            basis: place.basis.as_ref(),
        })
    }

    /// Empty again, for other lines; none if it grew too large to be kept.
    pub(super) fn emptied(mut self) -> Option<Self> {
        self.bytes.clear();
        self.lines.clear();
        (self.bytes.capacity() <= ROOM_MAX).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::make::basis;

    #[test]
    fn lines_come_out_as_they_went_in_and_an_emptied_sheet_holds_none() {
        let basis = basis();
        let texts: Vec<Vec<u8>> = (0..LINES).map(|n| vec![n as u8; n]).collect();
        let view = |n: usize| LineView {
            text: &texts[n],
            marks: &texts[LINES - 1 - n],
            from_ms: n as i64,
            to_ms: n as i64 + 1,
            ids: [n as u64, 1 + n as u64],
            basis: (n.is_multiple_of(3)).then_some(&basis),
        };
        let mut sheet = Sheet::default();
        for _ in 0..2 {
            for n in 0..LINES {
                assert!(sheet.has_room(view(n).size()));
                sheet.add(&view(n));
            }
            assert!(!sheet.has_room(1), "a row has no more lines");
            let size: usize = (0..LINES).map(|n| view(n).size()).sum();
            assert_eq!((sheet.len(), sheet.size()), (LINES, size));
            for (n, (is, was)) in sheet.views().zip((0..LINES).map(view)).enumerate() {
                assert_eq!((is.text, is.marks, is.ids), (was.text, was.marks, was.ids), "{n}");
                assert_eq!((is.from_ms, is.to_ms), (was.from_ms, was.to_ms), "{n}");
                assert_eq!(is.basis.is_some(), was.basis.is_some(), "{n}");
            }
            sheet = sheet.emptied().unwrap();
            assert!(sheet.is_empty() && sheet.size() == 0 && sheet.views().next().is_none());
        }
        let long = vec![0; ROOM_MAX + 1];
        assert!(sheet.has_room(long.len()), "a line that is longer than any sheet has one of its own");
        sheet.add(&LineView { text: &long, ..view(0) });
        assert!(!sheet.has_room(1));
        assert!(sheet.emptied().is_none(), "so much memory is not kept");
    }
}

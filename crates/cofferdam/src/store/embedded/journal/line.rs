//! One judged attempt as a line of the journal: packed bytes ([`super::pack`]), because what the journal
//! costs is its bytes.
//!
//! Written by whoever was judged for, not by the writing thread. The format has a number in each row
//! of the journal: earlier ones are still read, a later one is refused rather than guessed at.

use super::fold::unfold;
use super::pack::{Reals, pack};
use super::unpack::unpack;
use crate::store::StoreError;
use crate::store::row::{Basis, JournalEntry, Owner, Reservation};
use crate::store::tallies::Marks;
use cofferdam_engine::{Assessment, Attempt, Effect, Known};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

/// How the lines of a row are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Format {
    /// JSON, a line each; not written any more.
    Json,
    /// Packed, each after its length in four bytes; not written any more.
    Packed,
    /// The same, folded ([`super::fold`]); so are the row's tally changes. Not written any more.
    Folded,
    /// The same, with fractions of one length.
    Even,
}

/// The number of the format that this program writes.
pub(in crate::store) const FORMAT: i64 = 4;

/// Both identifiers stand within so many bytes of a packed line's beginning.
const IDS_WITHIN: usize = 96;

impl Format {
    /// The format of a number.
    pub(in crate::store) fn of(number: i64) -> Result<Self, StoreError> {
        match number {
            1 => Ok(Self::Json),
            2 => Ok(Self::Packed),
            // With evidence, which came behind the fields of 2: a program that knows none must not judge
            // again by it.
            3 => Ok(Self::Folded),
            FORMAT => Ok(Self::Even),
            later => Err(StoreError::Unreadable(format!(
                "the journal has a row of format {later}; a newer cofferdam wrote it"
            ))),
        }
    }

    /// A row's bytes as they were before they were folded, if they were.
    pub(in crate::store) fn plain(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, StoreError> {
        match self {
            Self::Json | Self::Packed => Ok(Cow::Borrowed(bytes)),
            Self::Folded | Self::Even => unfold(bytes).map(Cow::Owned),
        }
    }

    /// How it has numbers with a fraction.
    fn reals(self) -> Reals {
        if self == Self::Even { Reals::Even } else { Reals::Short }
    }

    /// The lines of a row's plain body, each with what parts it from the next.
    pub(in crate::store) fn lines(self, body: &[u8]) -> impl Iterator<Item = Result<&[u8], StoreError>> {
        let mut rest = body;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let length = match self {
                Self::Json => rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1),
                Self::Packed | Self::Folded | Self::Even => rest
                    .first_chunk()
                    .map_or(usize::MAX, |n| (u32::from_le_bytes(*n) as usize).saturating_add(4)),
            };
            let Some((line, later)) = rest.split_at_checked(length) else {
                rest = &[];
                return Some(Err(StoreError::Unreadable("a row of the journal is torn".into())));
            };
            rest = later;
            Some(Ok(line))
        })
    }

    /// Whether a line may have an identifier: cheaper than to read it.
    pub(in crate::store) fn may_have(self, line: &[u8], id: &str) -> bool {
        let within = match self {
            Self::Json => line,
            Self::Packed | Self::Folded | Self::Even => line.get(..IDS_WITHIN).unwrap_or(line),
        };
        // Their last letters differ, their first are of one moment.
        let last = id.as_bytes().last();
        within.windows(id.len().max(1)).any(|some| some.last() == last && some == id.as_bytes())
    }
}

/// A line on its way into the journal.
#[derive(Debug, Clone)]
pub(in crate::store) struct Line {
    /// Its bytes in today's format; empty for tally changes alone.
    pub(in crate::store) text: Vec<u8>,
    pub(in crate::store) marks: Vec<u8>,
    /// Times within its identifiers.
    pub(in crate::store) from_ms: i64,
    pub(in crate::store) to_ms: i64,
    /// Short hashes of both identifiers, so that the queue can be searched without reading it.
    pub(in crate::store) ids: [u64; 2],
    /// What it was judged under, if that may not be kept yet.
    pub(in crate::store) basis: Option<Arc<Basis>>,
}

#[derive(Serialize, Deserialize)]
struct Shape<'a> {
    assessment_id: Cow<'a, str>,
    attempt_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    verification: Option<Cow<'a, str>>,
    owner: Cow<'a, Owner>,
    basis: Cow<'a, str>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    assess_only: bool,
    attempt: Cow<'a, Attempt>,
    known: Cow<'a, Known>,
    assessment: Cow<'a, Assessment>,
    /// What stands reserved without an intent, where that is not simply what the assessment's effects say.
    #[serde(skip_serializing_if = "<[Reservation]>::is_empty", default)]
    reservations: Cow<'a, [Reservation]>,
    /// It is what they say.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    reserved: bool,
}

/// The reservations that an assessment's effects ask for.
fn asked_for(assessment: &Assessment) -> impl Iterator<Item = Reservation> {
    assessment.effects.iter().filter_map(|effect| match effect {
        Effect::Reserve { scope, key, limits, windows_s } => Some(Reservation::Limit {
            scope: *scope,
            key: *key,
            limits: limits.iter().copied().collect(),
            windows_s: *windows_s,
        }),
        Effect::GiveBack
        | Effect::Prove { .. }
        | Effect::EndEntry { .. }
        | Effect::Explain { .. }
        | Effect::Strike { .. }
        | Effect::OpenBlock(_)
        | Effect::StopAtBlock { .. }
        | Effect::PassBlock { .. } => None,
    })
}

/// A line, wherever its bytes stand.
#[derive(Clone, Copy)]
pub(in crate::store) struct LineView<'a> {
    /// As in [`Line`].
    pub(in crate::store) text: &'a [u8],
    pub(in crate::store) marks: &'a [u8],
    pub(in crate::store) from_ms: i64,
    pub(in crate::store) to_ms: i64,
    pub(in crate::store) ids: [u64; 2],
    pub(in crate::store) basis: Option<&'a Arc<Basis>>,
}

impl LineView<'_> {
    /// From when to when its identifiers are; tally changes alone have none.
    pub(in crate::store) fn span(&self) -> Option<(i64, i64)> {
        (!self.text.is_empty()).then_some((self.from_ms, self.to_ms))
    }

    pub(in crate::store) fn size(&self) -> usize {
        self.text.len() + self.marks.len()
    }
}

/// More is not kept for the next line.
const ROOM_MAX: usize = 64 << 10;

thread_local! {
    /// Where a line is packed that is copied on at once: always the same bytes, which are warm.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Packs the line of a judged attempt, and shows it.
pub(in crate::store) fn with_line<T>(
    e: &JournalEntry,
    marks: &Marks,
    show: impl FnOnce(LineView<'_>) -> T,
) -> Result<T, StoreError> {
    let mut room = ROOM.take();
    room.clear();
    let shown = write(e, &mut room).map(|()| {
        let ([from_ms, to_ms], ids) = (times(e), [short(&e.assessment_id), short(&e.attempt_id)]);
        show(LineView { text: &room, marks: &marks.0, from_ms, to_ms, ids, basis: Some(&e.basis) })
    });
    if room.capacity() <= ROOM_MAX {
        ROOM.set(room);
    }
    shown
}

/// Packs a line, after its length.
fn write(e: &JournalEntry, to: &mut Vec<u8>) -> Result<(), StoreError> {
    let reserved = !e.reservations.is_empty() && e.reservations.iter().cloned().eq(asked_for(&e.assessment));
    let shape = Shape {
        assessment_id: Cow::Borrowed(&e.assessment_id),
        attempt_id: Cow::Borrowed(&e.attempt_id),
        verification: e.verification.as_deref().map(Cow::Borrowed),
        owner: Cow::Borrowed(&e.owner),
        basis: Cow::Borrowed(&e.basis.id),
        assess_only: e.assess_only,
        attempt: Cow::Borrowed(&e.attempt),
        known: Cow::Borrowed(&e.known),
        assessment: Cow::Borrowed(&e.assessment),
        reservations: Cow::Borrowed(if reserved { &[] } else { &e.reservations }),
        reserved,
    };
    pack_after_length(&shape, Format::Even, to)
}

fn pack_after_length(shape: &Shape<'_>, format: Format, to: &mut Vec<u8>) -> Result<(), StoreError> {
    to.extend_from_slice(&[0; 4]);
    pack(shape, format.reals(), to).map_err(|e| unreadable(&e))?;
    let length = (to.len() - 4) as u32;
    if let Some(front) = to.first_chunk_mut() {
        *front = length.to_le_bytes();
    }
    Ok(())
}

/// A line of today's format as an earlier one had it.
#[cfg(test)]
pub(in crate::store) fn in_format(line: &[u8], format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    pack_after_length(&read(Format::Even, line).unwrap().shape, format, &mut text).unwrap();
    text
}

/// From when to when the identifiers of an entry are.
fn times(e: &JournalEntry) -> [i64; 2] {
    let at = |id: &str| time_in(id).unwrap_or(e.attempt.at_ms);
    let (one, other) = (at(&e.assessment_id), at(&e.attempt_id));
    [one.min(other), one.max(other)]
}

impl Line {
    /// The line of a judged attempt.
    pub(in crate::store) fn of(e: &JournalEntry, marks: Marks) -> Result<Self, StoreError> {
        let mut text = Vec::with_capacity(1024);
        write(e, &mut text)?;
        let [from_ms, to_ms] = times(e);
        Ok(Self {
            text,
            marks: marks.0,
            from_ms,
            to_ms,
            ids: [short(&e.assessment_id), short(&e.attempt_id)],
            basis: Some(Arc::clone(&e.basis)),
        })
    }

    /// Tally changes alone.
    pub(in crate::store) fn of_marks(marks: Marks) -> Self {
        Self { text: Vec::new(), marks: marks.0, from_ms: 0, to_ms: 0, ids: [0; 2], basis: None }
    }

    /// What it was judged under, if that may not be kept yet.
    pub(in crate::store) fn basis(&self) -> Option<Arc<Basis>> {
        self.basis.clone()
    }

    /// It, to be read.
    pub(in crate::store) fn view(&self) -> LineView<'_> {
        LineView {
            text: &self.text,
            marks: &self.marks,
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            ids: self.ids,
            basis: self.basis.as_ref(),
        }
    }
}

/// A line read again, all but its basis.
pub(in crate::store) struct Read {
    pub(in crate::store) basis: String,
    shape: Shape<'static>,
}

/// Reads a line.
pub(in crate::store) fn read(format: Format, line: &[u8]) -> Result<Read, StoreError> {
    let shape: Shape<'static> = match format {
        Format::Json => serde_json::from_slice(line).map_err(|e| unreadable(&e))?,
        Format::Packed | Format::Folded | Format::Even => {
            unpack(line.get(4..).unwrap_or(&[]), format.reals()).map_err(|e| unreadable(&e))?
        }
    };
    Ok(Read { basis: shape.basis.clone().into_owned(), shape })
}

impl Read {
    /// The entry, once its basis is at hand.
    pub(in crate::store) fn entry(self, basis: Arc<Basis>) -> JournalEntry {
        let s = self.shape;
        JournalEntry {
            assessment_id: s.assessment_id.into_owned(),
            attempt_id: s.attempt_id.into_owned(),
            verification: s.verification.map(Cow::into_owned),
            owner: s.owner.into_owned(),
            attempt: s.attempt.into_owned(),
            known: Box::new(s.known.into_owned()),
            basis,
            reservations: if s.reserved {
                asked_for(&s.assessment).collect()
            } else {
                s.reservations.into_owned()
            },
            assessment: s.assessment.into_owned(),
            assess_only: s.assess_only,
        }
    }

    /// Whether it is the one that is looked for.
    pub(in crate::store) fn is(&self, owner: Option<&Owner>, id: &str) -> bool {
        (self.shape.assessment_id == id || self.shape.attempt_id == id)
            && owner.is_none_or(|owner| *self.shape.owner == *owner)
    }
}

fn unreadable(error: &dyn std::error::Error) -> StoreError {
    StoreError::Unreadable(format!("an entry of the journal: {error}"))
}

/// A short hash of an identifier.
pub(in crate::store) fn short(id: &str) -> u64 {
    use std::hash::BuildHasher as _;
    foldhash::fast::FixedState::with_seed(7).hash_one(id)
}

/// The Unix milliseconds that an identifier begins with.
pub(in crate::store) fn time_in(id: &str) -> Option<i64> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let rest = id.split_once('_')?.1.as_bytes();
    // Ten characters of five bits: 48 bits of time and two of chance.
    let fifty = rest.get(..10)?.iter().try_fold(0_i64, |n, b| {
        let five = ALPHABET.iter().position(|a| a == b)?;
        Some(n << 5 | five as i64)
    })?;
    Some(fifty >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;
    use crate::id::{self, Noun};

    #[test]
    fn an_identifier_tells_its_time() {
        let dice = SetDice::seeded(3);
        for at in [0, 1, 1_700_000_000_123, (1 << 48) - 1] {
            assert_eq!(time_in(&id::new(Noun::Attempt, at, &*dice)), Some(at));
        }
        assert_eq!(time_in("att_short"), None);
        assert_eq!(time_in("nothing"), None);
    }

    /// A line with everything in it, as format 2 was first written, and the same as JSON. Whoever moves
    /// or takes away a field that is journalled makes lines that were written unreadable, and this fail.
    const KEPT: &str = include_str!("line/kept.hex");
    const KEPT_JSON: &str = include_str!("line/kept.json");

    /// The same with evidence, as formats 3 and 4 were first written.
    const KEPT_WITH_EVIDENCE: [(Format, &str); 2] = [
        (Format::Folded, include_str!("line/kept-evidence.hex")),
        (Format::Even, include_str!("line/kept-even.hex")),
    ];

    fn kept() -> Vec<u8> {
        bytes_of(KEPT)
    }

    fn bytes_of(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    fn entry_of(format: Format, line: &[u8]) -> JournalEntry {
        read(format, line).unwrap().entry(crate::store::contract::make::basis())
    }

    #[test]
    fn a_line_that_was_written_stays_readable() {
        let packed = entry_of(Format::Packed, &kept());
        assert_eq!(packed, entry_of(Format::Json, KEPT_JSON.as_bytes()));
        let again = Line::of(&packed, Marks::default()).unwrap();
        assert_eq!(entry_of(Format::Even, &again.text), packed);
        assert_eq!(entry_of(Format::Packed, &in_format(&again.text, Format::Packed)), packed);
        for id in [&packed.assessment_id, &packed.attempt_id] {
            assert!(Format::Even.may_have(&again.text, id), "both stand at the beginning");
        }
    }

    /// The kept line with everything of evidence in it that there can be.
    fn with_evidence() -> JournalEntry {
        use cofferdam_engine::evidence::{Climate, Evidenced, Glimpse, Reading, Scope};
        let figures = [0.5, 1_234.567, 1e-7];
        let reading = Reading {
            scope: Scope::Prefix4,
            key: u64::MAX - 1,
            seen: figures,
            explained: figures,
            matured: figures,
            converted: figures,
            expected: figures,
            rate: 0.68,
            rate_of: 70_000.0,
            challenged: 0.0,
            failed: 0.0,
            strikes: 0.0,
            asked: 3.0,
            trusted: None,
            order: None,
            tried: [[0.0; 2]; 2],
        };
        let full = Reading {
            scope: Scope::User,
            challenged: 1.0,
            failed: 2.0,
            strikes: 0.25,
            trusted: Some([figures; 3]),
            order: Some((-3.5, 9_999)),
            ..reading
        };
        let mut entry = entry_of(Format::Packed, &kept());
        entry.attempt.commons = cofferdam_engine::Realm(u64::MAX);
        entry.known.identity.glimpse =
            Glimpse { number_s: 1_790_000_000, session_s: 0, days: (28, 1), today: 250 };
        entry.known.evidence = Evidenced {
            newcomer: true,
            climate: Climate { age_h: 1_000.25, heat: 0.3, pipe: [1.0, 0.5, 0.0] },
            days: (28, 1),
            neighbours: 2.5,
            readings: [reading, full].into_iter().collect(),
            company: arrayvec::ArrayVec::new(),
            word: None,
        };
        entry.assessment.effects = [
            Effect::Explain { scope: Scope::Prefix4, key: u64::MAX, share: 1_000 },
            Effect::Strike { scope: Scope::Address, key: 1 },
        ]
        .into_iter()
        .collect();
        entry
    }

    #[test]
    fn evidence_stays_readable() {
        let entry = with_evidence();
        let line = Line::of(&entry, Marks::default()).unwrap();
        assert_eq!(entry_of(Format::Even, &line.text), entry);
        for (format, kept) in KEPT_WITH_EVIDENCE {
            let mut hex = String::new();
            for byte in in_format(&line.text, format) {
                let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
            }
            let kept = read(format, &bytes_of(kept));
            let kept = kept.map(|kept| kept.entry(crate::store::contract::make::basis()));
            assert!(kept.is_ok_and(|kept| kept == entry), "{format:?}: now it is {hex}");
        }
    }

    #[test]
    fn a_broken_line_is_refused() {
        let whole = kept();
        for end in 0..whole.len() {
            assert!(read(Format::Packed, &whole[..end]).is_err(), "torn at {end}");
        }
        // Whatever a byte becomes, reading ends, with an entry or a refusal.
        for at in 4..whole.len() {
            for other in [0, 0x7f, 0xf8, 0xff] {
                let mut broken = whole.clone();
                broken[at] = other;
                let _ = read(Format::Packed, &broken);
            }
        }
        let more = [&whole[..], &[0]].concat();
        assert!(read(Format::Packed, &more).is_err(), "more than a line");
        assert!(Format::of(5).is_err(), "a later format");
    }
}

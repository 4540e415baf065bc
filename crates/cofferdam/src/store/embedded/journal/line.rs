//! One judged attempt as a line of the journal: packed bytes ([`super::pack`]), because what the journal
//! costs is its bytes.
//!
//! Written by whoever was judged for, not by the writing thread. The format has a number in each row
//! of the journal: earlier ones are still read, a later one is refused rather than guessed at.

use super::fold::{unfold, unfold_earlier};
use super::pack::{Reals, pack};
use super::unpack::unpack;
use crate::store::StoreError;
use crate::store::row::{Basis, JournalEntry, Owner, Reservation};
use crate::store::tallies::Marks;
use cofferdam_engine::limit::{Limit, LimitScope, WINDOWS};
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
    /// The same, with fractions of one length. Not written any more.
    Even,
    /// The same in two parts, who asked and what was found, folded each by itself.
    Parted,
}

/// The format that this program writes.
pub(in crate::store) const TODAY: Format = Format::Parted;
/// Its number.
pub(in crate::store) const FORMAT: i64 = 5;

/// Both identifiers stand within so many bytes of a packed line's beginning.
const IDS_WITHIN: usize = 96;
/// Where the parts of a line of today's format begin: behind the length of all that follows, and behind that of
/// the first part.
const PARTS_BEGIN: usize = 8;

impl Format {
    /// The format of a number.
    pub(in crate::store) fn of(number: i64) -> Result<Self, StoreError> {
        match number {
            1 => Ok(Self::Json),
            2 => Ok(Self::Packed),
            // With evidence, which came behind the fields of 2: a program that knows none must not judge
            // again by it.
            3 => Ok(Self::Folded),
            4 => Ok(Self::Even),
            FORMAT => Ok(Self::Parted),
            later => Err(StoreError::Unreadable(format!(
                "the journal has a row of format {later}; a newer cofferdam wrote it"
            ))),
        }
    }

    /// A row's bytes as they were before they were folded, if they were.
    pub(in crate::store) fn plain(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, StoreError> {
        match self {
            Self::Json | Self::Packed => Ok(Cow::Borrowed(bytes)),
            Self::Folded | Self::Even => unfold_earlier(bytes).map(Cow::Owned),
            Self::Parted => unfold(bytes).map(Cow::Owned),
        }
    }

    /// How it has numbers with a fraction.
    fn reals(self) -> Reals {
        if matches!(self, Self::Even | Self::Parted) { Reals::Even } else { Reals::Short }
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
                Self::Packed | Self::Folded | Self::Even | Self::Parted => rest
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
            Self::Packed | Self::Folded | Self::Even | Self::Parted => line.get(..IDS_WITHIN).unwrap_or(line),
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

/// A line of the formats before today's.
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

/// The first part of a line: whose, and what was asked.
#[derive(Serialize, Deserialize)]
struct Front<'a> {
    assessment_id: Cow<'a, str>,
    attempt_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    verification: Option<Cow<'a, str>>,
    owner: Cow<'a, Owner>,
    basis: Cow<'a, str>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    assess_only: bool,
    attempt: Cow<'a, Attempt>,
}

/// The second: what was known, and what came of it. Fields as in [`Shape`].
#[derive(Serialize, Deserialize)]
struct Back<'a> {
    known: Cow<'a, Known>,
    assessment: Cow<'a, Assessment>,
    #[serde(skip_serializing_if = "<[Reservation]>::is_empty", default)]
    reservations: Cow<'a, [Reservation]>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    reserved: bool,
}

/// The reservations that an assessment's effects ask for.
fn asked_for(assessment: &Assessment) -> impl Iterator<Item = Reservation> {
    wanted(assessment).map(|(scope, key, limits, windows_s)| Reservation::Limit {
        scope: *scope,
        key: *key,
        limits: limits.to_vec(),
        windows_s: *windows_s,
    })
}

/// Whether they are these.
fn are_asked_for(reservations: &[Reservation], assessment: &Assessment) -> bool {
    let own = reservations.iter().map(|reservation| match reservation {
        Reservation::Limit { scope, key, limits, windows_s } => {
            Some((scope, key, limits.as_slice(), windows_s))
        }
        Reservation::Money { .. } => None,
    });
    own.eq(wanted(assessment).map(Some))
}

/// Scope, key, limits and windows of each.
type Wanted<'a> = (&'a LimitScope, &'a u64, &'a [Limit], &'a [u32; WINDOWS]);

fn wanted(assessment: &Assessment) -> impl Iterator<Item = Wanted<'_>> {
    assessment.effects.iter().filter_map(|effect| match effect {
        Effect::Reserve { scope, key, limits, windows_s } => Some((scope, key, limits.as_slice(), windows_s)),
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

/// Packs a line.
fn write(e: &JournalEntry, to: &mut Vec<u8>) -> Result<(), StoreError> {
    let reserved = !e.reservations.is_empty() && are_asked_for(&e.reservations, &e.assessment);
    let front = Front {
        assessment_id: Cow::Borrowed(&e.assessment_id),
        attempt_id: Cow::Borrowed(&e.attempt_id),
        verification: e.verification.as_deref().map(Cow::Borrowed),
        owner: Cow::Borrowed(&e.owner),
        basis: Cow::Borrowed(&e.basis.id),
        assess_only: e.assess_only,
        attempt: Cow::Borrowed(&e.attempt),
    };
    let back = Back {
        known: Cow::Borrowed(&e.known),
        assessment: Cow::Borrowed(&e.assessment),
        reservations: Cow::Borrowed(if reserved { &[] } else { &e.reservations }),
        reserved,
    };
    to.extend_from_slice(&[0; PARTS_BEGIN]);
    pack(&front, TODAY.reals(), to).map_err(|e| unreadable(&e))?;
    let first = (to.len() - PARTS_BEGIN) as u32;
    pack(&back, TODAY.reals(), to).map_err(|e| unreadable(&e))?;
    let length = (to.len() - 4) as u32;
    for (place, byte) in to.iter_mut().zip(length.to_le_bytes().into_iter().chain(first.to_le_bytes())) {
        *place = byte;
    }
    Ok(())
}

/// Both parts of a line of today's format, the lengths with the first.
pub(in crate::store) fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = u32::from_le_bytes(*line.get(4..)?.first_chunk()?) as usize;
    line.split_at_checked(first.checked_add(PARTS_BEGIN)?)
}

/// A line of today's format, read.
fn read_parts(line: &[u8]) -> Result<Shape<'static>, StoreError> {
    let torn = || StoreError::Unreadable("an entry of the journal: its parts are torn".into());
    let (front, back) = parts(line).ok_or_else(torn)?;
    let front: Front<'static> =
        unpack(front.get(PARTS_BEGIN..).unwrap_or(&[]), TODAY.reals()).map_err(|e| unreadable(&e))?;
    let back: Back<'static> = unpack(back, TODAY.reals()).map_err(|e| unreadable(&e))?;
    let Front { assessment_id, attempt_id, verification, owner, basis, assess_only, attempt } = front;
    let Back { known, assessment, reservations, reserved } = back;
    Ok(Shape {
        assessment_id,
        attempt_id,
        verification,
        owner,
        basis,
        assess_only,
        attempt,
        known,
        assessment,
        reservations,
        reserved,
    })
}

/// A line of today's format as an earlier one had it.
#[cfg(test)]
pub(in crate::store) fn in_format(line: &[u8], format: Format) -> Vec<u8> {
    let mut text = Vec::new();
    text.extend_from_slice(&[0; 4]);
    pack(&read(TODAY, line).unwrap().shape, format.reals(), &mut text).unwrap();
    let length = (text.len() - 4) as u32;
    text[..4].copy_from_slice(&length.to_le_bytes());
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
        Format::Parted => read_parts(line)?,
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
mod tests;

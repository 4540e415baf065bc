//! The journal of judged attempts: rows of up to 256 lines, written in batches and read by the time
//! that each identifier carries.
//!
//! One row an attempt would cost more processor than the judgement itself at tens of thousands a
//! second; see `docs/decisions/0004-journal-in-chunks.md`. It decides nothing and forgets by age and size
//! ([`super::sweep`]).

use super::writer::Tx;
use super::{Embedded, sql};
use crate::store::StoreError;
use crate::store::row::{Basis, JournalEntry, Journalled, Owner};
use crate::store::tallies::Marks;
use fold::Fold;
use line::{FORMAT, Format, Line, LineView, Read, TODAY};
use near::Near;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(in crate::store) mod fold;
pub(in crate::store) mod line;
pub(super) mod near;
pub(in crate::store) mod pack;
pub(super) mod queue;
pub(super) mod sheet;
pub(in crate::store) mod unpack;

/// Parts of a line, which take turns in a row.
const PARTS: usize = 2;
/// Lines in a row.
pub(in crate::store) const LINES: usize = 256;
/// A row spans no more than this, so that a look-up knows how far back to look.
pub(in crate::store) const SPAN_MS: i64 = 10_000;

/// What attempts were judged under, as far as it is known to stand in the records.
#[derive(Default)]
pub(in crate::store) struct Bases(Mutex<HashMap<String, Arc<Basis>, foldhash::fast::RandomState>>);

/// Policies and profiles change rarely; more than this many at once are read again when needed.
const BASES: usize = 4096;

impl Bases {
    pub(in crate::store) fn get(&self, id: &str) -> Option<Arc<Basis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(in crate::store) fn put(&self, basis: Arc<Basis>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= BASES {
            known.clear();
        }
        known.insert(basis.id.clone(), basis);
    }

    fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    /// A line without a basis that already stands.
    pub(in crate::store) fn known(&self, mut line: Line) -> Line {
        line.basis = line.basis.filter(|basis| !self.has(&basis.id));
        line
    }

    /// The same of one that stands elsewhere.
    pub(in crate::store) fn known_view<'a>(&self, line: &LineView<'a>) -> LineView<'a> {
        LineView { basis: line.basis.filter(|basis| !self.has(&basis.id)), ..*line }
    }

    /// The basis of a line, from the records if need be.
    fn read(&self, conn: &Connection, id: &str) -> Result<Arc<Basis>, StoreError> {
        if let Some(basis) = self.get(id) {
            return Ok(basis);
        }
        let body: Option<Vec<u8>> = conn
            .prepare_cached("SELECT body FROM bases WHERE id = ?1")
            .and_then(|mut s| s.query_row([id], |row| row.get(0)).optional())
            .map_err(sql)?;
        let broken =
            |why: String| StoreError::Unreadable(format!("what entry `{id}` was judged under: {why}"));
        let body = body.ok_or_else(|| broken("it is missing".into()))?;
        let (policy, terms) = serde_json::from_slice(&body).map_err(|e| broken(e.to_string()))?;
        let basis = Arc::new(Basis { id: id.to_owned(), policy, terms });
        self.put(Arc::clone(&basis));
        Ok(basis)
    }
}

/// Where rows are made: always the same bytes, since a buffer of a row's size is fresh memory each time.
#[derive(Default)]
pub(in crate::store) struct Room {
    pub(in crate::store) body: Vec<u8>,
    pub(in crate::store) marks: Vec<u8>,
    plain_marks: Vec<u8>,
    ends: Vec<usize>,
}

/// More than this is not kept for the next row.
const ROOM_MAX: usize = 4 << 20;

/// Writes the lines of a transaction; answers how many bytes the journal grew by.
pub(super) fn write<'a>(
    tx: &Tx<'_>,
    lines: impl Iterator<Item = LineView<'a>>,
    room: &mut Room,
) -> Result<u64, StoreError> {
    let lines: Vec<LineView<'_>> = lines.collect();
    let (mut grown, mut rest) = (0, &lines[..]);
    while !rest.is_empty() {
        let (n, span) = next_row(rest);
        let (row, later) = rest.split_at_checked(n).unwrap_or((rest, &[]));
        grown += write_row(tx, row, span, room)?;
        rest = later;
    }
    if room.body.capacity() + room.marks.capacity() + room.plain_marks.capacity() > ROOM_MAX {
        *room = Room::default();
    }
    Ok(grown)
}

/// How many lines make the next row, and from when to when they are.
pub(in crate::store) fn next_row(lines: &[LineView<'_>]) -> (usize, (i64, i64)) {
    let (mut span, mut n) = (None, 0);
    for line in lines.iter().take(LINES) {
        let wider = match (span, line.span()) {
            (Some((from, to)), Some((own_from, own_to))) => {
                Some((i64::min(own_from, from), i64::max(own_to, to)))
            }
            (one, other) => one.or(other),
        };
        if n > 0 && wider.is_some_and(|(from, to)| to - from > SPAN_MS) {
            break;
        }
        (span, n) = (wider, n + 1);
    }
    (n, span.unwrap_or_default())
}

/// Makes a row of lines, where rows are made; answers how many entries it holds.
pub(in crate::store) fn fold_row(lines: &[LineView<'_>], room: &mut Room) -> i64 {
    let mut body = Fold::within(std::mem::take(&mut room.body), PARTS);
    let mut n = 0;
    for line in lines.iter().filter(|line| !line.text.is_empty()) {
        add_parts(&mut body, line.text);
        n += 1;
    }
    room.body = body.end();
    fold_marks(lines, room);
    n
}

/// Adds a line's parts.
fn add_parts<'a>(body: &mut Fold<'a>, line: &'a [u8]) {
    let (front, back) = line::parts(line).unwrap_or((line, &[]));
    body.add(front);
    body.add(back);
}

fn write_row(
    tx: &Tx<'_>,
    lines: &[LineView<'_>],
    (from_ms, to_ms): (i64, i64),
    room: &mut Room,
) -> Result<u64, StoreError> {
    for basis in lines.iter().filter_map(|line| line.basis) {
        let json = serde_json::to_vec(&(&basis.policy, &basis.terms))
            .map_err(|e| StoreError::Unreadable(e.to_string()))?;
        tx.run("INSERT OR IGNORE INTO bases (id, body) VALUES (?1, ?2)", params![basis.id, json])?;
    }
    let n = fold_row(lines, room);
    let (body, marks) = (&room.body, &room.marks);
    let bytes = (body.len() + marks.len()) as i64;
    tx.run(
        "INSERT INTO journal (from_ms, to_ms, bytes, n, format, marks, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![from_ms, to_ms, bytes, n, FORMAT, marks, body],
    )?;
    Ok(bytes as u64)
}

/// A row's plain body as its format has it.
pub(in crate::store) fn folded(format: Format, body: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let mut fold = match format {
        Format::Json | Format::Packed => return Ok(body),
        Format::Folded | Format::Even => Fold::earlier(),
        Format::Parted => Fold::within(Vec::with_capacity(body.len() / 2), PARTS),
    };
    for line in format.lines(&body) {
        match format {
            Format::Parted => add_parts(&mut fold, line?),
            _ => fold.add(line?),
        }
    }
    Ok(fold.end())
}

/// The tally changes of a row's lines, each after their length; those of no entry after one more, that
/// none has.
fn fold_marks(lines: &[LineView<'_>], room: &mut Room) {
    let Room { marks, plain_marks, ends, .. } = room;
    plain_marks.clear();
    ends.clear();
    for line in lines {
        if line.text.is_empty() {
            plain_marks.extend_from_slice(&u32::MAX.to_le_bytes());
        }
        plain_marks.extend_from_slice(&(line.marks.len() as u32).to_le_bytes());
        plain_marks.extend_from_slice(line.marks);
        ends.push(plain_marks.len());
    }
    let (mut fold, mut begins) = (Fold::within(std::mem::take(marks), 1), 0);
    for end in ends {
        fold.add(plain_marks.get(begins..*end).unwrap_or(&[]));
        begins = *end;
    }
    *marks = fold.end();
}

/// The changes in a row's plain marks: those of its entries in order, and those of none.
pub(in crate::store) fn split_marks(marks: &[u8]) -> Result<(Vec<Marks>, Marks), StoreError> {
    let torn = || StoreError::Unreadable("the tally changes of a journal row are torn".into());
    let mut rest = marks;
    let (mut entries, mut alone) = (Vec::new(), Marks::default());
    while !rest.is_empty() {
        let (mut length, mut after) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
        let of_none = *length == u32::MAX.to_le_bytes();
        if of_none {
            (length, after) = after.split_first_chunk::<4>().ok_or_else(torn)?;
        }
        let (own, later) = after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(torn)?;
        let own = Marks(own.to_vec());
        if of_none {
            alone.and(&own);
        } else {
            entries.push(own);
        }
        rest = later;
    }
    Ok((entries, alone))
}

/// The line in a body of lines.
pub(in crate::store) fn find_in(
    format: Format,
    body: &[u8],
    owner: Option<&Owner>,
    id: &str,
) -> Result<Option<Read>, StoreError> {
    for line in format.lines(body) {
        let line = line?;
        if !format.may_have(line, id) {
            continue;
        }
        let read = line::read(format, line)?;
        if read.is(owner, id) {
            return Ok(Some(read));
        }
    }
    Ok(None)
}

/// Some rows after a position, with the position to go on from.
type Rows = (Vec<Journalled>, Option<u64>);

/// Judged attempts after a position, about as many as asked for.
pub(super) fn page(conn: &Connection, bases: &Bases, after: u64, limit: u32) -> Result<Rows, StoreError> {
    let mut rows = conn
        .prepare_cached("SELECT seq, format, marks, body FROM journal WHERE seq > ?1 ORDER BY seq")
        .map_err(sql)?;
    let mut rows = rows.query([i64::try_from(after).unwrap_or(i64::MAX)]).map_err(sql)?;
    let (mut found, mut next) = (Vec::new(), None);
    while let Some(row) = rows.next().map_err(sql)? {
        if found.len() >= limit as usize {
            return Ok((found, next));
        }
        let format = Format::of(row.get(1).map_err(sql)?)?;
        let (marks, body): (Vec<u8>, Vec<u8>) = (row.get(2).map_err(sql)?, row.get(3).map_err(sql)?);
        let (marks, body) = (format.plain(&marks)?, format.plain(&body)?);
        let (marks, _) = split_marks(&marks)?;
        for (line, marks) in format.lines(&body).zip(marks) {
            let read = line::read(format, line?)?;
            let basis = bases.read(conn, &read.basis)?;
            found.push(Journalled { entry: read.entry(basis), marks });
        }
        next = Some(row.get::<_, i64>(0).map_err(sql)? as u64);
    }
    Ok((found, None))
}

/// All tally changes after a position, a row at a time: what recovery reads.
pub(super) fn each_marks(
    conn: &Connection,
    after: u64,
    mut each: impl FnMut(Marks) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows =
        conn.prepare("SELECT format, marks FROM journal WHERE seq > ?1 ORDER BY seq").map_err(sql)?;
    let mut rows = rows.query([i64::try_from(after).unwrap_or(i64::MAX)]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let format = Format::of(row.get(0).map_err(sql)?)?;
        let marks: Vec<u8> = row.get(1).map_err(sql)?;
        let (entries, alone) = split_marks(&format.plain(&marks)?)?;
        for marks in entries.into_iter().chain([alone]).filter(|marks| !marks.0.is_empty()) {
            each(marks)?;
        }
    }
    Ok(())
}

/// The last position that was given out, whether its row still stands or not.
pub(super) fn last(conn: &Connection) -> Result<u64, StoreError> {
    let last: Option<i64> = conn
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'journal'", [], |row| row.get(0))
        .optional()
        .map_err(sql)?;
    Ok(last.unwrap_or(0) as u64)
}

/// Bytes in the journal, from its index alone.
pub(super) fn bytes(conn: &Connection) -> Result<u64, StoreError> {
    let bytes: i64 = conn
        .query_row("SELECT coalesce(sum(bytes), 0) FROM journal INDEXED BY journal_by_time", [], |row| {
            row.get(0)
        })
        .map_err(sql)?;
    Ok(bytes as u64)
}

/// What the queue says of an identifier.
enum Queued {
    /// It waits there: the entry, if it is the owner's.
    Waits(Option<Box<JournalEntry>>),
    /// It is to be looked for in the records.
    No,
}

impl Embedded {
    pub(super) async fn find_entry(
        &self,
        owner: Option<&Owner>,
        id: &str,
    ) -> Result<Option<JournalEntry>, StoreError> {
        Ok(self.find_entries(owner, &[Some(id.to_owned())]).await?.pop().flatten().map(|entry| *entry))
    }

    /// The same for several, in their order.
    pub(super) async fn find_entries(
        &self,
        owner: Option<&Owner>,
        ids: &[Option<String>],
    ) -> Result<Vec<Option<Box<JournalEntry>>>, StoreError> {
        let (mut found, mut left) = (Vec::with_capacity(ids.len()), Vec::new());
        for (n, id) in ids.iter().enumerate() {
            found.push(None);
            let Some(id) = id else { continue };
            // The queue first: what leaves it meanwhile stands in the records by then.
            match self.find_queued(owner, id)? {
                Queued::Waits(entry) => {
                    if let Some(place) = found.last_mut() {
                        *place = entry;
                    }
                }
                Queued::No => left.push((id.clone(), n)),
            }
        }
        if left.is_empty() {
            return Ok(found);
        }
        // In order of time, as they stand.
        left.sort_unstable();
        let (owner, bases) = (owner.cloned(), Arc::clone(&self.bases));
        let read = self.read(move |conn| {
            let mut near = Near::default();
            let mut find = |(id, n): (String, usize)| Ok((n, near.find(conn, &bases, owner.as_ref(), &id)?));
            left.into_iter().map(&mut find).collect::<Result<Vec<_>, StoreError>>()
        });
        for (n, entry) in read.await? {
            if let Some(place) = found.get_mut(n) {
                *place = entry;
            }
        }
        Ok(found)
    }

    fn find_queued(&self, owner: Option<&Owner>, id: &str) -> Result<Queued, StoreError> {
        let Some((text, basis)) = self.queue.find(id) else { return Ok(Queued::No) };
        let read = line::read(TODAY, &text)?;
        if !read.is(owner, id) {
            return Ok(Queued::Waits(None));
        }
        let basis = basis.or_else(|| self.bases.get(&read.basis));
        Ok(basis.map_or(Queued::No, |basis| Queued::Waits(Some(Box::new(read.entry(basis))))))
    }

    pub(super) async fn page_of_journal(&self, after: u64, limit: u32) -> Result<Rows, StoreError> {
        let bases = Arc::clone(&self.bases);
        self.read(move |conn| page(conn, &bases, after, limit)).await
    }
}

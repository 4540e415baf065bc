//! Finds lines by their identifiers, and keeps the last rows that it read: outcomes that are told together are
//! mostly of attempts that were judged together, and to unfold a row costs as much as to hear some of them.
//!
//! Used for the time of one read; it knows nothing of the queue.

use super::line::{self, Format, Read};
use super::{Bases, SPAN_MS, sql};
use crate::store::StoreError;
use crate::store::row::{JournalEntry, Owner};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::VecDeque;
use std::ops::Range;

/// Rows that are kept: as many as overlap at a busy moment.
const ROWS: usize = 4;
/// How far before the line that was found last the next is looked for: lines of one moment stand in no order.
const BACK: usize = 32;

/// Rows that were read lately.
#[derive(Default)]
pub(in crate::store::embedded) struct Near {
    rows: VecDeque<Row>,
}

/// A row as it was before it was folded.
struct Row {
    seq: i64,
    format: Format,
    body: Vec<u8>,
    lines: Vec<Range<usize>>,
    /// Behind the line that was found last.
    next: usize,
}

impl Near {
    /// Finds a line by either identifier.
    pub(in crate::store::embedded) fn find(
        &mut self,
        conn: &Connection,
        bases: &Bases,
        owner: Option<&Owner>,
        id: &str,
    ) -> Result<Option<Box<JournalEntry>>, StoreError> {
        let Some(at) = line::time_in(id) else { return Ok(None) };
        // From the index alone.
        let mut seqs = conn
            .prepare_cached(
                "SELECT seq FROM journal WHERE from_ms BETWEEN ?1 - ?2 AND ?1 AND to_ms >= ?1 ORDER BY seq",
            )
            .map_err(sql)?;
        let seqs: Vec<i64> = seqs
            .query_map(params![at, SPAN_MS], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(sql)?;
        for seq in seqs {
            // A row that went meanwhile is one that was forgotten.
            let Some(row) = self.row(conn, seq)? else { continue };
            if let Some(found) = row.find(owner, id)? {
                let basis = bases.read(conn, &found.basis)?;
                return Ok(Some(Box::new(found.entry(basis))));
            }
        }
        Ok(None)
    }

    fn row(&mut self, conn: &Connection, seq: i64) -> Result<Option<&mut Row>, StoreError> {
        if let Some(at) = self.rows.iter().position(|row| row.seq == seq) {
            return Ok(self.rows.get_mut(at));
        }
        let Some(row) = Row::read(conn, seq)? else { return Ok(None) };
        if self.rows.len() == ROWS {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
        Ok(self.rows.back_mut())
    }
}

impl Row {
    fn read(conn: &Connection, seq: i64) -> Result<Option<Self>, StoreError> {
        let mut row = conn.prepare_cached("SELECT format, body FROM journal WHERE seq = ?1").map_err(sql)?;
        let read: Option<(i64, Vec<u8>)> =
            row.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(sql)?;
        let Some((format, folded)) = read else { return Ok(None) };
        let format = Format::of(format)?;
        let body = format.plain(&folded)?.into_owned();
        let (mut lines, mut begins) = (Vec::new(), 0);
        for line in format.lines(&body) {
            let ends = begins + line?.len();
            lines.push(begins..ends);
            begins = ends;
        }
        Ok(Some(Self { seq, format, body, lines, next: 0 }))
    }

    fn find(&mut self, owner: Option<&Owner>, id: &str) -> Result<Option<Read>, StoreError> {
        let from = self.next.saturating_sub(BACK);
        for n in (from..self.lines.len()).chain(0..from) {
            let line = self.lines.get(n).and_then(|at| self.body.get(at.clone())).unwrap_or(&[]);
            if !self.format.may_have(line, id) {
                continue;
            }
            let read = line::read(self.format, line)?;
            if read.is(owner, id) {
                self.next = n + 1;
                return Ok(Some(read));
            }
        }
        Ok(None)
    }
}

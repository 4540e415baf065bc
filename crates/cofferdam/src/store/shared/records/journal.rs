//! The journal in rows of up to 256 lines, in the same bytes as the embedded store's, in a table a day.
//!
//! It writes no line by itself: starts bring theirs along, and [`super::queue`] empties what waits.

use super::conn::{Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::journal::line::{self, FORMAT, Format, LineView};
use crate::store::embedded::journal::{Room, SPAN_MS, find_in, fold_row, next_row, split_marks};
use crate::store::row::{Basis, JournalEntry, Journalled, Owner};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) const DAY_MS: i64 = 24 * 3600 * 1000;
/// Days that are made ahead of their time.
const AHEAD: i64 = 3;
/// Rows read at once: up to 256 entries each.
const ROWS: i64 = 32;

const PUT: &str = "INSERT INTO journal (from_ms, to_ms, bytes, n, format, marks, body) \
     SELECT f, t, b, n, $5, m, o FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $6::bytea[], \
     $7::bytea[]) AS w (f, t, b, n, m, o)";
const PUT_BASES: &str =
    "INSERT INTO bases (id, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING";
const FIND: &str =
    "SELECT format, body FROM journal WHERE from_ms BETWEEN $1 AND $2 AND to_ms >= $2 ORDER BY seq";
const PAGE: &str = "SELECT seq, format, marks, body FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2";

/// Rows to be written.
#[derive(Default)]
pub(super) struct Rows {
    from: Vec<i64>,
    to: Vec<i64>,
    bytes: Vec<i64>,
    n: Vec<i32>,
    format: i16,
    marks: Vec<Vec<u8>>,
    bodies: Vec<Vec<u8>>,
    basis_ids: Vec<String>,
    basis_bodies: Vec<Vec<u8>>,
}

/// Folds lines into rows. Tally changes alone have no time of their own: they are of now.
pub(super) fn rows(lines: &[LineView<'_>], now_ms: i64) -> Result<Rows, StoreError> {
    let mut rows = Rows { format: FORMAT as i16, ..Rows::default() };
    for basis in lines.iter().filter_map(|line| line.basis) {
        if !rows.basis_ids.contains(&basis.id) {
            let json = serde_json::to_vec(&(&basis.policy, &basis.terms));
            rows.basis_bodies.push(json.map_err(|e| StoreError::Unreadable(e.to_string()))?);
            rows.basis_ids.push(basis.id.clone());
        }
    }
    let mut rest = lines;
    while !rest.is_empty() {
        let (n, (from, to)) = next_row(rest);
        let (own, later) = rest.split_at_checked(n).unwrap_or((rest, &[]));
        let mut room = Room::default();
        let entries = fold_row(own, &mut room);
        let (from, to) = if entries == 0 { (now_ms, now_ms) } else { (from, to) };
        rows.from.push(from);
        rows.to.push(to);
        rows.bytes.push((room.body.len() + room.marks.len()) as i64);
        rows.n.push(entries as i32);
        rows.marks.push(room.marks);
        rows.bodies.push(room.body);
        rest = later;
    }
    Ok(rows)
}

impl Rows {
    pub(super) fn add_to<'a>(&'a self, steps: &mut Vec<Step<'a>>) {
        if !self.basis_ids.is_empty() {
            steps.push(Step::new(PUT_BASES, &[&self.basis_ids, &self.basis_bodies]));
        }
        if !self.from.is_empty() {
            steps.push(Step::new(
                PUT,
                &[&self.from, &self.to, &self.bytes, &self.n, &self.format, &self.marks, &self.bodies],
            ));
        }
    }
}

/// Days whose tables are known to stand.
#[derive(Default)]
pub(super) struct Days(Mutex<HashSet<i64>>);

impl Days {
    /// Makes the tables that lines need, where they are missing.
    pub(super) async fn ensure<'a>(
        &self,
        postgres: &Postgres,
        lines: impl Iterator<Item = LineView<'a>>,
    ) -> Result<(), Failed> {
        let now = postgres.clock.now_ms().div_euclid(DAY_MS);
        let mut days: BTreeSet<i64> =
            lines.filter_map(|line| line.span()).map(|(from, _)| from.div_euclid(DAY_MS)).collect();
        days.insert(now);
        let missing: Vec<i64> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            days.into_iter().filter(|day| !known.contains(day)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        self.make(postgres, &missing).await
    }

    /// Makes the tables of the next days before they are needed.
    pub(super) async fn ahead(&self, postgres: &Postgres) -> Result<(), Failed> {
        let now = postgres.clock.now_ms().div_euclid(DAY_MS);
        let days: Vec<i64> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (now..=now + AHEAD).filter(|day| !known.contains(day)).collect()
        };
        if days.is_empty() { Ok(()) } else { self.make(postgres, &days).await }
    }

    async fn make(&self, postgres: &Postgres, days: &[i64]) -> Result<(), Failed> {
        let conn = postgres.connections.get().await?;
        for day in days {
            conn.bare(&table_of(*day, &postgres.schema)).await?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*day);
        }
        Ok(())
    }

    /// Somebody took some away: looks again.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Makes the table of a day, once over all nodes. Made beside the journal and then attached, it stops
/// nobody who reads or writes.
fn table_of(day: i64, schema: &str) -> String {
    let (from, to) = (day * DAY_MS, (day + 1) * DAY_MS);
    let table = format!("journal_d{day}").replace('-', "m");
    format!(
        "DO $$ BEGIN \
         PERFORM pg_advisory_xact_lock(hashtextextended('cofferdam days {schema}', 7)); \
         IF to_regclass('{schema}.{table}') IS NULL THEN \
         CREATE TABLE {schema}.{table} (LIKE {schema}.journal INCLUDING DEFAULTS INCLUDING STORAGE); \
         ALTER TABLE {schema}.journal ATTACH PARTITION {schema}.{table} FOR VALUES FROM ({from}) TO ({to}); \
         END IF; END $$"
    )
}

impl Postgres {
    pub(super) async fn find_entry(
        &self,
        owner: Option<&Owner>,
        id: &str,
    ) -> Result<Option<JournalEntry>, StoreError> {
        // The queue first: what leaves it meanwhile stands in the records by then.
        if let Some((text, basis)) = self.queue.find(id) {
            let read = line::read(line::TODAY, &text)?;
            if !read.is(owner, id) {
                return Ok(None);
            }
            if let Some(basis) = basis.or_else(|| self.bases.get(&read.basis)) {
                return Ok(Some(read.entry(basis)));
            }
        }
        let Some(at_ms) = line::time_in(id) else { return Ok(None) };
        let found = again!(self, Box::pin(self.find_once(owner, id, at_ms)))?;
        // What was judged on another node a moment ago is still on its way from there.
        let young = (0..super::queue::SOON_MS).contains(&self.clock.now_ms().saturating_sub(at_ms));
        if found.is_some() || !young {
            return Ok(found);
        }
        tokio::time::sleep(super::queue::WITHIN).await;
        again!(self, Box::pin(self.find_once(owner, id, at_ms)))
    }

    async fn find_once(
        &self,
        owner: Option<&Owner>,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<JournalEntry>, Failed> {
        let id = plain(id);
        let from = at_ms - SPAN_MS;
        let rows = self.connections.get().await?.query(FIND, &[&from, &at_ms]).await?;
        for row in &rows {
            let format = Format::of(row.get::<_, i16>(0).into())?;
            let body = format.plain(row.get(1))?;
            if let Some(read) = find_in(format, &body, owner, &id)? {
                let basis = self.basis(&read.basis).await?;
                return Ok(Some(read.entry(basis)));
            }
        }
        Ok(None)
    }

    /// What an entry was judged under, from the records if need be.
    async fn basis(&self, id: &str) -> Result<Arc<Basis>, Failed> {
        if let Some(basis) = self.bases.get(id) {
            return Ok(basis);
        }
        let rows =
            self.connections.get().await?.query("SELECT body FROM bases WHERE id = $1", &[&id]).await?;
        let broken =
            |why: String| StoreError::Unreadable(format!("what entry `{id}` was judged under: {why}"));
        let row = rows.first().ok_or_else(|| broken("it is missing".into()))?;
        let (policy, terms) = serde_json::from_slice(row.get(0)).map_err(|e| broken(e.to_string()))?;
        let basis = Arc::new(Basis { id: id.to_owned(), policy, terms });
        self.bases.put(Arc::clone(&basis));
        Ok(basis)
    }

    pub(super) async fn page_of_journal(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<Journalled>, Option<u64>), StoreError> {
        again!(self, self.page_once(after, limit))
    }

    async fn page_once(&self, after: u64, limit: u32) -> Result<(Vec<Journalled>, Option<u64>), Failed> {
        let mut after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut found = Vec::new();
        loop {
            let rows = self.connections.get().await?.query(PAGE, &[&after, &ROWS]).await?;
            for row in &rows {
                if found.len() >= limit as usize {
                    return Ok((found, Some(after as u64)));
                }
                let format = Format::of(row.get::<_, i16>(1).into())?;
                let (marks, body) = (format.plain(row.get(2))?, format.plain(row.get(3))?);
                let (marks, _) = split_marks(&marks)?;
                for (line, marks) in format.lines(&body).zip(marks) {
                    let read = line::read(format, line?)?;
                    let basis = self.basis(&read.basis).await?;
                    found.push(Journalled { entry: read.entry(basis), marks });
                }
                after = row.get(0);
            }
            if (rows.len() as i64) < ROWS {
                return Ok((found, None));
            }
        }
    }
}

//! Indices that are brought up to date late: by a number, by the name of an exact limit, by an
//! idempotency key. Such names fall anywhere, so an index of SQLite's that every start adds to costs a
//! page of its own each time, written to the log and later home. Here the newest rows are indexed in
//! memory, and go into a table of the store in order and in portions, where many share a page.
//!
//! Nothing depends on memory outliving the process: up to which row the table is complete stands in the
//! store, and what came later is read again at opening. An entry is a hint: whoever finds a row by it
//! still compares the name, so an entry too many (of a change that was undone, of two names with one
//! key) does no harm. An entry too few would, and that is why rows get their numbers here: none is ever
//! given twice, or a row could come to stand below the mark without an entry.
//!
//! Decides nothing; the topics that own the three tables ask it.

use super::sql;
use super::writer::Tx;
use crate::store::StoreError;
use held::Held;
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};

mod held;

/// Entries in memory from which on they are brought into the table. Few in tests, or these would never
/// see it happen.
const PORTION: usize = if cfg!(test) { 16 } else { 65_536 };
/// Entries that one transaction brings there …
const PIECE: usize = PORTION / 128 + 3;
/// … and where they come in faster than that.
const LARGE_PIECE: usize = 8 * PIECE;

/// The key of a name and the number of its row.
type Entry = (i64, i64);

/// An entry of the index of this name that no row belongs to any more.
pub(super) type Gone = (&'static str, Entry);

/// The key of a name that has no better one.
pub(super) fn key(name: &[u8]) -> i64 {
    Sha256::digest(name).first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

/// What is asked of SQLite for one of the tables.
struct Texts {
    name: &'static str,
    rows: &'static str,
    add: &'static str,
    remove: &'static str,
    /// The names of rows after a number.
    since: &'static str,
    newest: &'static str,
    key: fn(&[u8]) -> i64,
}

macro_rules! texts {
    ($index:literal, $table:literal, $column:literal, $key:expr) => {
        Texts {
            name: $index,
            rows: concat!("SELECT row FROM ", $index, " WHERE key = ?1"),
            add: concat!("INSERT OR IGNORE INTO ", $index, " (key, row) VALUES (?1, ?2)"),
            remove: concat!("DELETE FROM ", $index, " WHERE key = ?1 AND row = ?2"),
            since: concat!(
                "SELECT row, ",
                $column,
                " FROM ",
                $table,
                " WHERE row > ?1 ORDER BY row LIMIT ?2"
            ),
            newest: concat!("SELECT max(row) FROM ", $table),
            key: $key,
        }
    };
}

/// The key of a number's name, which is as good as drawn by chance already.
fn number_key(name: &[u8]) -> i64 {
    name.last_chunk().map_or(0, |last| i64::from_be_bytes(*last))
}

/// One of the indices.
pub(super) struct Index {
    texts: Texts,
    inner: Mutex<Inner>,
}

#[derive(Default)]
enum Moving {
    #[default]
    Nothing,
    UpTo(usize),
    All,
}

#[derive(Default)]
struct Inner {
    /// The newest entries.
    young: Held,
    /// Those on their way into the table, the same in order, and how many of these stand there.
    old: Held,
    ordered: Vec<Entry>,
    moved: usize,
    /// How far the present transaction moves them.
    moving: Moving,
    /// The last row among the old ones.
    old_until: i64,
    /// The last row that was given out.
    last: i64,
}

impl Index {
    fn new(texts: Texts) -> Self {
        Self { texts, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows that may have this name: compare it. In memory first: what leaves it meanwhile stands in
    /// the table by then.
    pub(super) fn rows(&self, conn: &Connection, name: &[u8]) -> Result<Vec<i64>, StoreError> {
        self.rows_of(conn, self.key(name))
    }

    /// The key of a name, for whoever asks for it more than once.
    pub(super) fn key(&self, name: &[u8]) -> i64 {
        (self.texts.key)(name)
    }

    /// The same by the name's key.
    pub(super) fn rows_of(&self, conn: &Connection, key: i64) -> Result<Vec<i64>, StoreError> {
        let inner = self.inner();
        let mut rows: Vec<i64> = inner.old.rows(key).chain(inner.young.rows(key)).collect();
        drop(inner);
        let mut stored = conn.prepare_cached(self.texts.rows).map_err(sql)?;
        let mut stored = stored.query([key]).map_err(sql)?;
        while let Some(row) = stored.next().map_err(sql)? {
            rows.push(row.get(0).map_err(sql)?);
        }
        rows.sort_unstable();
        rows.dedup();
        Ok(rows)
    }

    /// The number of a new row whose name has this key.
    pub(super) fn row(&self, key: i64) -> i64 {
        let mut inner = self.inner();
        inner.last += 1;
        let row = inner.last;
        inner.young.add((key, row));
        row
    }

    /// A row has another name from now on. Into the table at once: it may lie below the mark.
    pub(super) fn rename(&self, tx: &mut Tx<'_>, row: i64, old: &[u8], new: &[u8]) -> Result<(), StoreError> {
        tx.run(self.texts.add, [(self.texts.key)(new), row])?;
        self.forget(tx, row, old)
    }

    /// A row is gone, or has this name no more. Memory lets go of it after the commit, lest the row come
    /// back with a change that is undone.
    pub(super) fn forget(&self, tx: &mut Tx<'_>, row: i64, name: &[u8]) -> Result<(), StoreError> {
        let entry = ((self.texts.key)(name), row);
        tx.run(self.texts.remove, [entry.0, entry.1])?;
        tx.gone.push((self.texts.name, entry));
        Ok(())
    }

    /// Brings some entries into the table, if it is time to.
    fn bring(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.moving = Moving::Nothing;
        if inner.old.len() == 0 {
            if inner.young.len() < PORTION {
                return Ok(());
            }
            let Inner { young, old, ordered, .. } = &mut *inner;
            std::mem::swap(young, old);
            *ordered = old.sorted();
            (inner.moved, inner.old_until) = (0, inner.last);
        }
        let n = if inner.young.len() < PORTION { PIECE } else { LARGE_PIECE };
        let some: Vec<Entry> = inner.ordered.iter().skip(inner.moved).take(n).copied().collect();
        let ends = some.len() < n;
        inner.moving = if ends { Moving::All } else { Moving::UpTo(inner.moved + n) };
        let until = inner.old_until;
        drop(inner);
        // What this transaction took away is not brought back by it.
        let gone =
            |entry: &Entry| tx.gone.iter().any(|(name, gone)| *name == self.texts.name && gone == entry);
        let some: Vec<Entry> =
            some.into_iter().filter(|entry| entry.1 != held::NONE && !gone(entry)).collect();
        self.put(tx.conn, &some, ends.then_some(until))
    }

    fn put(&self, conn: &Connection, some: &[Entry], until: Option<i64>) -> Result<(), StoreError> {
        let mut add = conn.prepare_cached(self.texts.add).map_err(sql)?;
        for (key, row) in some {
            add.execute([key, row]).map_err(sql)?;
        }
        if let Some(until) = until {
            conn.prepare_cached("INSERT OR REPLACE INTO late (name, until) VALUES (?1, ?2)")
                .and_then(|mut s| s.execute(rusqlite::params![self.texts.name, until]))
                .map_err(sql)?;
        }
        Ok(())
    }

    /// What the transaction brought there stands there.
    fn committed(&self, gone: &[Gone]) {
        let mut inner = self.inner();
        for (_, entry) in gone.iter().filter(|(name, _)| *name == self.texts.name) {
            if !inner.young.remove(entry) && inner.old.remove(entry) {
                let from = inner.ordered.partition_point(|(key, _)| *key < entry.0);
                let of_key = inner.ordered.iter_mut().skip(from).take_while(|(key, _)| *key == entry.0);
                // Its place stays: how many were moved is counted in places.
                of_key.filter(|ordered| *ordered == entry).for_each(|ordered| ordered.1 = held::NONE);
            }
        }
        match std::mem::take(&mut inner.moving) {
            Moving::UpTo(moved) => inner.moved = moved,
            Moving::All => {
                inner.old.clear();
                inner.ordered = Vec::new();
            }
            Moving::Nothing => {}
        }
    }

    /// Reads what came after the mark. An older store has all of its rows there: then most go into the
    /// table at once.
    fn load(&self, conn: &Connection) -> Result<(), StoreError> {
        let until = conn
            .query_row("SELECT until FROM late WHERE name = ?1", [self.texts.name], |row| row.get(0))
            .optional()
            .map_err(sql)?;
        let mut until: i64 = until.unwrap_or(0);
        let newest: Option<i64> = conn.query_row(self.texts.newest, [], |row| row.get(0)).map_err(sql)?;
        let mut inner = self.inner();
        inner.last = newest.unwrap_or(0).max(until);
        loop {
            let mut some = Held::default();
            let mut rows = conn.prepare(self.texts.since).map_err(sql)?;
            let mut rows = rows.query([until, PORTION as i64]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                let name = row.get_ref(1).map_err(sql)?;
                let name = name.as_blob().map_err(|e| StoreError::Unreadable(e.to_string()))?;
                until = row.get(0).map_err(sql)?;
                some.add((self.key(name), until));
            }
            if some.len() < PORTION {
                inner.young = some;
                return Ok(());
            }
            let tx = conn.unchecked_transaction().map_err(sql)?;
            self.put(&tx, &some.sorted(), Some(until))?;
            tx.commit().map_err(sql)?;
        }
    }
}

/// All of them.
pub(super) struct Late {
    /// Verifications by their number.
    pub(super) numbers: Index,
    /// Exact limits by their name.
    pub(super) exact: Index,
    /// Idempotency keys.
    pub(super) keys: Index,
}

impl Late {
    /// Reads what memory holds of them.
    pub(super) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let late = Self {
            numbers: Index::new(texts!("late_numbers", "verifications", "number", number_key)),
            exact: Index::new(texts!("late_exact", "exact", "name", key)),
            keys: Index::new(texts!("late_keys", "idempotency", "name", key)),
        };
        late.each().into_iter().try_for_each(|index| index.load(conn))?;
        Ok(late)
    }

    fn each(&self) -> [&Index; 3] {
        [&self.numbers, &self.exact, &self.keys]
    }

    /// At the end of a transaction, before its commit.
    pub(super) fn bring(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        self.each().into_iter().try_for_each(|index| index.bring(tx))
    }

    /// After the commit.
    pub(super) fn committed(&self, gone: &[Gone]) {
        self.each().into_iter().for_each(|index| index.committed(gone));
    }
}

#[cfg(test)]
mod tests;

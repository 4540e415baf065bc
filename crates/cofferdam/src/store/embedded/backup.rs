//! Backup while serving, and restoring from one.
//!
//! A backup is a file with the records as they stood at one moment, and beside it the tallies as they
//! were saved just before; the journal within has all that came between. The secret key is not in it:
//! whoever has only the backup can neither read a number nor make a code.

use super::open::{folder_of, make_folder, tallies_beside};
use super::{Embedded, schema, sql};
use crate::store::StoreError;
use crate::store::memory::snapshot::{self, create, sync_folder};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;

fn away(path: &Path, e: &std::io::Error) -> StoreError {
    if e.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Away(format!("`{}`: {e}", path.display()))
}

/// Refuses to take the place of anything, and makes the folder if need be.
fn new_place(to: &Path) -> Result<(), StoreError> {
    for file in [to, &tallies_beside(to)] {
        if file.symlink_metadata().is_ok() {
            return Err(StoreError::Away(format!(
                "`{}` is there already: name another file",
                file.display()
            )));
        }
    }
    folder_of(to).map_or(Ok(()), |folder| make_folder(folder).map_err(|e| away(folder, &e)))
}

impl Embedded {
    pub(super) async fn back_up(&self, to: &Path) -> Result<u64, StoreError> {
        new_place(to)?;
        self.queue.flush().await?;
        // Tallies first: the journal in the copy then has all that they lack.
        let head = self.head().await?;
        let (tallies, file) = (Arc::clone(&self.tallies), tallies_beside(to));
        let saved = tokio::task::spawn_blocking(move || snapshot::save(&tallies, head, &file));
        saved.await.map_err(|e| StoreError::Away(e.to_string()))??;
        let file = to.to_owned();
        match &self.readers {
            Some(readers) => readers.read(move |conn| copy(conn, &file)).await?,
            None => self.writer.apart(move |conn| copy(conn, &file)).await?,
        }
        let size = |file: &Path| std::fs::metadata(file).map(|m| m.len());
        size(to).and_then(|a| Ok(a + size(&tallies_beside(to))?)).map_err(|e| away(to, &e))
    }
}

/// Backs up a store, whether or not somebody has it open: the saved tallies first, then the records,
/// whose journal has what the tallies lack. What was judged in the last moments and not acknowledged
/// may be missing, as after a crash.
pub(in crate::store) fn back_up_file(from: &Path, to: &Path) -> Result<u64, StoreError> {
    if !from.is_file() {
        return Err(StoreError::Away(format!("`{}` is no store", from.display())));
    }
    new_place(to)?;
    let (tallies, copied) = (tallies_beside(from), tallies_beside(to));
    if tallies.exists() {
        put(&tallies, &copied)?;
    }
    let conn = super::open::read_connection(from)?;
    schema::check(&conn, &format!("`{}`", from.display()))?;
    copy(&conn, to)?;
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |m| m.len());
    Ok(size(to) + size(&copied))
}

/// Copies all pages as of one moment into a new file, durably.
fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    create(to).map_err(|e| away(to, &e))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags).map_err(sql)?;
    {
        let backup = Backup::new(from, &mut target).map_err(sql)?;
        // All in one step: that is one moment of the store, and writers don't wait for readers.
        if backup.step(-1).map_err(sql)? != StepResult::Done {
            return Err(StoreError::Away("the store was too busy for a copy: come again".into()));
        }
    }
    // One file, without a log beside it.
    target.execute_batch("PRAGMA journal_mode = DELETE").map_err(sql)?;
    target.close().map_err(|(_, e)| sql(e))?;
    let synced = std::fs::File::open(to).and_then(|file| file.sync_all()).and_then(|()| sync_folder(to));
    synced.map_err(|e| away(to, &e))
}

/// Restores a backup to where no store is yet, after looking whether it is whole. The secret key that
/// belongs to it must be put beside it by whoever keeps it.
pub(in crate::store) fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
    whole(from)?;
    new_place(to)?;
    let tallies = tallies_beside(from);
    if tallies.exists() {
        put(&tallies, &tallies_beside(to))?;
    }
    // The records last: without them there is no store, so a restore that was broken off is none.
    put(from, to)
}

fn put(from: &Path, to: &Path) -> Result<(), StoreError> {
    let beside = to.with_extension("new");
    let put = || {
        let mut source = std::fs::File::open(from)?;
        let mut target = create(&beside)?;
        std::io::copy(&mut source, &mut target)?;
        target.sync_all()?;
        // Unlike a rename, a link never takes another's place.
        std::fs::hard_link(&beside, to)?;
        std::fs::remove_file(&beside)?;
        sync_folder(to)
    };
    put().map_err(|e| away(to, &e))
}

/// Whether a store can be opened by this program, from outside.
pub(in crate::store) fn look(at: &Path) -> Result<String, StoreError> {
    let conn = super::open::read_connection(at)?;
    let version = schema::check(&conn, &format!("`{}`", at.display()))?;
    let bytes = std::fs::metadata(at).map_or(0, |m| m.len());
    Ok(format!("opens, schema {version}, {} MiB", bytes >> 20))
}

/// Whether a file of records can be opened by this program and is not damaged.
fn whole(records: &Path) -> Result<(), StoreError> {
    let named = format!("backup `{}`", records.display());
    if !records.is_file() {
        return Err(StoreError::Unreadable(format!(
            "{named} is not there: name the file that `backup` made"
        )));
    }
    let damaged = |why: String| StoreError::Unreadable(format!("{named} is damaged: {why}"));
    let conn = Connection::open_with_flags(records, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|e| damaged(e.to_string()))?;
    let check =
        |conn: &Connection| conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    let said = check(&conn).map_err(|e| damaged(e.to_string()))?;
    if said != "ok" {
        return Err(damaged(said));
    }
    if schema::check(&conn, &named)? == 0 {
        return Err(StoreError::Unreadable(format!("{named} holds no records of cofferdam")));
    }
    Ok(())
}

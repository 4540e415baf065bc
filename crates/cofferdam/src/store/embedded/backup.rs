//! Backup while serving, and restoring from one.
//!
//! A backup is a folder with the records as they stood at one moment and the tallies as they were
//! saved just before it; the journal within has all that came between. The secret key is not in it:
//! whoever has only the backup can neither read a number nor make a code.

use super::open::{RECORDS, TALLIES, make_folder};
use super::{Embedded, schema, sql};
use crate::store::StoreError;
use crate::store::memory::snapshot::{self, create, sync_folder};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

fn away(path: &Path, e: &std::io::Error) -> StoreError {
    if e.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Away(format!("`{}`: {e}", path.display()))
}

/// Makes the folder, and refuses one that holds a store or anything else.
fn new_folder(to: &Path) -> Result<(), StoreError> {
    let full = std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if full || to.is_file() {
        return Err(StoreError::Away(format!("`{}` is there already: name a new folder", to.display())));
    }
    make_folder(to).map_err(|e| away(to, &e))
}

impl Embedded {
    pub(super) async fn back_up(&self, to: &Path) -> Result<u64, StoreError> {
        new_folder(to)?;
        self.queue.flush().await?;
        // Tallies first: the journal in the copy then has all that they lack.
        let head = self.head().await?;
        let (tallies, file) = (std::sync::Arc::clone(&self.tallies), to.join(TALLIES));
        let saved = tokio::task::spawn_blocking(move || snapshot::save(&tallies, head, &file));
        saved.await.map_err(|e| StoreError::Away(e.to_string()))??;
        let file = to.join(RECORDS);
        match &self.readers {
            Some(readers) => readers.read(move |conn| copy(conn, &file)).await?,
            None => self.writer.apart(move |conn| copy(conn, &file)).await?,
        }
        let size = |name| std::fs::metadata(to.join(name)).map(|m| m.len());
        let bytes = size(RECORDS).and_then(|a| Ok(a + size(TALLIES)?)).map_err(|e| away(to, &e))?;
        Ok(bytes)
    }
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

/// Restores a backup into a folder that holds no store yet, after looking whether it is whole. The
/// secret key that belongs to it must be put beside it by whoever keeps it.
pub(in crate::store) fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
    let records = from.join(RECORDS);
    whole(&records)?;
    for name in [RECORDS, TALLIES] {
        if to.join(name).exists() {
            return Err(StoreError::Away(format!(
                "`{}` holds a store already: name another folder",
                to.display()
            )));
        }
    }
    make_folder(to).map_err(|e| away(to, &e))?;
    let tallies = from.join(TALLIES);
    if tallies.exists() {
        put(&tallies, &to.join(TALLIES))?;
    }
    // The records last: without them there is no store, so a restore that was broken off is none.
    put(&records, &to.join(RECORDS))
}

fn put(from: &Path, to: &Path) -> Result<(), StoreError> {
    let beside: PathBuf = to.with_extension("new");
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

/// Whether a file of records can be opened by this program and is not damaged.
fn whole(records: &Path) -> Result<(), StoreError> {
    let named = format!("backup `{}`", records.display());
    if !records.is_file() {
        return Err(StoreError::Unreadable(format!(
            "{named} is not there: name the folder that `backup` made"
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

//! Opening the store's file: who may read it, that nobody else has it open, and how it is kept.

use super::{schema, sql};
use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags, params};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Statements that stay prepared: all of ours are, so there is room for all.
const STATEMENTS: usize = 256;

/// The saved tallies of a store, beside its records.
pub(super) fn tallies_beside(records: &Path) -> PathBuf {
    records.with_extension("tallies")
}

/// Held for as long as the store is open; the system lets go of it when the process ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    /// Makes this process the only one that has the store open.
    pub(super) fn take(records: &Path) -> Result<Self, StoreError> {
        let file = records.with_extension("lock");
        let away = |e: &std::io::Error| StoreError::Away(format!("`{}`: {e}", file.display()));
        if let Some(folder) = folder_of(records) {
            make_folder(folder).map_err(|e| away(&e))?;
        }
        let lock = own_file(&file).map_err(|e| away(&e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self(lock)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Away(format!(
                "`{}` is in use by another cofferdam: stop it, or give this one a `store.path` of its own",
                records.display()
            ))),
            Err(TryLockError::Error(e)) => Err(away(&e)),
        }
    }
}

/// The folder of a file, where it names one.
pub(super) fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// A folder for its owner alone, if it is not there already.
pub(super) fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file that only its owner reads and writes, made if need be.
fn own_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The writing connection to a file, brought up to today's schema.
pub(super) fn write_connection(file: &Path) -> Result<Connection, StoreError> {
    let away = |e: std::io::Error| StoreError::Away(format!("`{}`: {e}", file.display()));
    // Made before SQLite opens it: its log takes over the mode.
    own_file(file).map_err(away)?;
    crate::store::memory::snapshot::sync_folder(file).map_err(away)?;
    let conn = Connection::open_with_flags(file, flags()).map_err(sql)?;
    schema::check(&conn, &format!("`{}`", file.display()))?;
    // FULL: each commit of the log is flushed before the next step of opening, until the flusher takes
    // that over. The log is brought home by the writer, when it is long.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
         PRAGMA journal_size_limit = 268435456;",
    )
    .map_err(sql)?;
    ready(&conn, &format!("`{}`", file.display()))?;
    Ok(conn)
}

/// The log of an open store, to be flushed. SQLite keeps its locks on other files of the store, or
/// closing this one would let go of them.
pub(super) fn log(records: &Path) -> Result<File, StoreError> {
    let mut log = records.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    let away = |e: std::io::Error| StoreError::Away(format!("`{}`: {e}", log.display()));
    std::fs::OpenOptions::new().write(true).open(&log).map_err(away)
}

/// Records in memory alone.
pub(super) fn memory_connection() -> Result<Connection, StoreError> {
    let conn = Connection::open_in_memory().map_err(sql)?;
    ready(&conn, "a store in memory")?;
    Ok(conn)
}

fn ready(conn: &Connection, what: &str) -> Result<(), StoreError> {
    // FAST: what is deleted is overwritten where that costs no further page.
    conn.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA secure_delete = FAST; \
         PRAGMA busy_timeout = 5000;",
    )
    .map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    schema::migrate(conn, what)
}

/// A connection that reads.
pub(super) fn read_connection(file: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(file, flags()).map_err(sql)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA busy_timeout = 5000;")
        .map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// Each connection is used by one thread at a time, so SQLite need not lock it.
fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// What a store knows of itself.
pub(super) struct Identity {
    /// Drawn when it was made.
    pub(super) store: [u8; 16],
    /// How many times it was opened, this time included.
    pub(super) opening: i64,
}

/// Counts an opening, durably, before anything is served.
pub(super) fn identity(conn: &Connection, fresh: [u8; 16]) -> Result<Identity, StoreError> {
    conn.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('store', ?1)", params![fresh])
        .map_err(sql)?;
    conn.execute(
        "INSERT INTO meta (name, value) VALUES ('openings', 1) ON CONFLICT DO UPDATE SET value = value + 1",
        [],
    )
    .map_err(sql)?;
    let value = |name: &'static str| ("SELECT value FROM meta WHERE name = ?1", [name]);
    let (text, name) = value("store");
    let store = conn.query_row(text, name, |row| row.get(0)).map_err(sql)?;
    let (text, name) = value("openings");
    let opening = conn.query_row(text, name, |row| row.get(0)).map_err(sql)?;
    Ok(Identity { store, opening })
}

//! The schema of the records and how an older one becomes today's. Forward only: a newer schema is
//! refused by name, since an older program would not know what it must keep.

use super::sql;
use crate::store::StoreError;
use rusqlite::Connection;

/// Each step from one version to the next, in order.
const STEPS: &[&str] = &[include_str!("schema/V1.sql"), include_str!("schema/V2.sql")];

/// The version that this program writes.
pub(super) fn newest() -> i64 {
    STEPS.len() as i64
}

/// The version of a file.
pub(super) fn version(conn: &Connection) -> Result<i64, StoreError> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sql)
}

/// Refuses a newer schema.
pub(super) fn check(conn: &Connection, what: &str) -> Result<i64, StoreError> {
    let found = version(conn)?;
    if found > newest() {
        return Err(StoreError::Unreadable(format!(
            "{what} has schema {found} and this program knows schemas up to {}: \
             run the newer cofferdam that wrote it, or restore a backup made before the upgrade",
            newest()
        )));
    }
    Ok(found)
}

/// Brings a file up to the newest version, each step in a transaction of its own.
pub(super) fn migrate(conn: &Connection, what: &str) -> Result<(), StoreError> {
    let found = check(conn, what)?;
    for (step, text) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let batch = format!("BEGIN IMMEDIATE;\n{text}\nPRAGMA user_version = {};\nCOMMIT;", step + 1);
        if let Err(error) = conn.execute_batch(&batch) {
            // What failed half-way is undone as a whole; the first error is the one worth telling.
            let _ = conn.execute_batch("ROLLBACK");
            return Err(sql(error));
        }
    }
    Ok(())
}

//! The schema of the records and how an older one becomes today's. Forward only: a newer schema is
//! refused by name, since an older program would not know what it must keep.

use super::{codes, sql};
use crate::store::StoreError;
use crate::store::row::Owner;
use rusqlite::Connection;

type Fill = fn(&Connection) -> Result<(), StoreError>;

/// A step from one version to the next.
struct Step {
    text: &'static str,
    /// What cannot be said in SQL, and what comes after it.
    fill: Option<(Fill, &'static str)>,
}

/// All of them, in order.
const STEPS: &[Step] = &[
    Step { text: include_str!("schema/V1.sql"), fill: None },
    Step { text: include_str!("schema/V2.sql"), fill: None },
    Step {
        text: include_str!("schema/V3.sql"),
        fill: Some((fill_moments, include_str!("schema/V3-filled.sql"))),
    },
];

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
    for (version, step) in (1..).zip(STEPS).skip(usize::try_from(found).unwrap_or(0)) {
        conn.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
        if let Err(error) = take(conn, step, version) {
            // What failed half-way is undone as a whole; the first error is the one worth telling.
            let _ = conn.execute_batch("ROLLBACK");
            return Err(error);
        }
    }
    Ok(())
}

fn take(conn: &Connection, step: &Step, version: i64) -> Result<(), StoreError> {
    conn.execute_batch(step.text).map_err(sql)?;
    if let Some((fill, after)) = step.fill {
        fill(conn)?;
        conn.execute_batch(after).map_err(sql)?;
    }
    conn.execute_batch(&format!("PRAGMA user_version = {version}; COMMIT")).map_err(sql)
}

/// Rows that are read before they are written: memory stays bounded, however large the store.
const AT_ONCE: i64 = 10_000;

/// Fills in the numbers of identifiers and spaces.
fn fill_moments(conn: &Connection) -> Result<(), StoreError> {
    let mut set =
        conn.prepare("UPDATE verifications SET space = ?2, moment = ?3 WHERE row = ?1").map_err(sql)?;
    let mut after = i64::MIN;
    loop {
        let some: Vec<(i64, String, String, i64)> = conn
            .prepare("SELECT row, id, tenant, world FROM verifications WHERE row > ?1 ORDER BY row LIMIT ?2")
            .and_then(|mut s| {
                s.query_map([after, AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                    .collect()
            })
            .map_err(sql)?;
        let Some((last, ..)) = some.last() else { break };
        after = *last;
        for (row, id, tenant, world) in some {
            let space = codes::space(&Owner { tenant, world: codes::world_of(world)? });
            set.execute([row, space, codes::moment(&id)]).map_err(sql)?;
        }
    }
    let mut set = conn.prepare("UPDATE attempts SET moment = ?2 WHERE row = ?1").map_err(sql)?;
    let mut after = i64::MIN;
    loop {
        let some: Vec<(i64, String)> = conn
            .prepare("SELECT row, id FROM attempts WHERE row > ?1 ORDER BY row LIMIT ?2")
            .and_then(|mut s| s.query_map([after, AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(sql)?;
        let Some((last, _)) = some.last() else { return Ok(()) };
        after = *last;
        for (row, id) in some {
            set.execute([row, codes::moment(&id)]).map_err(sql)?;
        }
    }
}

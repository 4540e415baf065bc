//! Outcomes of attempts: told by callers and providers, each counted once.

use super::writer::Tx;
use super::{Embedded, codes, sql};
use crate::store::StoreError;
use crate::store::row::{AttemptStatus, JournalEntry, Owner, Told, ToldAnswer, ToldOf};
use cofferdam_engine::Outcome;
use cofferdam_engine::outcome::{DeliveryStatus, What};
use rusqlite::{Connection, OptionalExtension as _, params};

/// An outcome whose attempt is known.
struct Resolved {
    told: Told,
    json: Vec<u8>,
    entry: Box<JournalEntry>,
}

impl Embedded {
    pub(super) async fn hear(
        &self,
        owner: Option<&Owner>,
        told: Vec<Told>,
    ) -> Result<Vec<ToldAnswer>, StoreError> {
        let resolved = self.resolve(owner, told).await?;
        let now_ms = self.clock.now_ms();
        self.writer
            .change(move |tx| {
                resolved
                    .into_iter()
                    .map(|resolved| match resolved {
                        None => Ok(ToldAnswer::Unknown),
                        Some(resolved) => hear(tx, resolved, now_ms),
                    })
                    .collect()
            })
            .await
    }

    /// Finds what was judged. An attempt that the journal has forgotten is unknown: there is nothing
    /// left to learn from it.
    async fn resolve(
        &self,
        owner: Option<&Owner>,
        told: Vec<Told>,
    ) -> Result<Vec<Option<Resolved>>, StoreError> {
        let ids = self.attempts_of(owner, &told).await?;
        let found = self.find_entries(owner, &ids).await?;
        let each = told.into_iter().zip(ids).zip(found);
        each.map(|((told, id), found)| {
            // An assessment's identifier is no attempt's.
            let Some(entry) = found.filter(|entry| Some(&entry.attempt_id) == id.as_ref()) else {
                return Ok(None);
            };
            let json =
                serde_json::to_vec(&told.outcome).map_err(|e| StoreError::Unreadable(e.to_string()))?;
            Ok(Some(Resolved { told, json, entry }))
        })
        .collect()
    }

    /// The attempts that outcomes are of.
    async fn attempts_of(
        &self,
        owner: Option<&Owner>,
        told: &[Told],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let all: Vec<ToldOf> = told.iter().map(|told| told.of.clone()).collect();
        if all.iter().all(|of| matches!(of, ToldOf::Attempt(_))) {
            let id = |of| if let ToldOf::Attempt(id) = of { Some(id) } else { None };
            return Ok(all.into_iter().map(id).collect());
        }
        let owner = owner.cloned();
        self.read(move |conn| all.iter().map(|of| attempt_of(conn, owner.as_ref(), of)).collect()).await
    }

    /// Outcomes told since a moment, by their rows: rows are given in the order of telling.
    pub(super) async fn heard_since(
        &self,
        at_ms: i64,
        after: Option<u64>,
        limit: u32,
    ) -> Result<(Vec<(JournalEntry, Outcome)>, Option<u64>), StoreError> {
        let rows: Vec<(i64, String, Vec<u8>)> = self
            .read(move |conn| {
                let after = after.map_or_else(|| before(conn, at_ms), |after| Ok(after as i64))?;
                conn.prepare_cached(
                    "SELECT row, attempt, body FROM outcomes WHERE row > ?1 ORDER BY row LIMIT ?2",
                )
                .and_then(|mut rows| {
                    rows.query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                        .collect()
                })
                .map_err(sql)
            })
            .await?;
        let next = rows.last().filter(|_| rows.len() == limit as usize).map(|(row, ..)| *row as u64);
        let attempts: Vec<Option<String>> =
            rows.iter().map(|(_, attempt, _)| Some(attempt.clone())).collect();
        let entries = self.find_entries(None, &attempts).await?;
        let mut found = Vec::with_capacity(rows.len());
        // The journal may have forgotten what was judged: then there is nothing to learn from it.
        for ((.., body), entry) in rows.iter().zip(entries).filter_map(|(row, entry)| Some((row, entry?))) {
            let outcome = serde_json::from_slice(body).map_err(|e| StoreError::Unreadable(e.to_string()))?;
            found.push((*entry, outcome));
        }
        Ok((found, next))
    }

    pub(super) async fn heard(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError> {
        // Whose an attempt is stands in the journal alone where a caller sends by itself.
        if self.find_entry(Some(owner), attempt).await?.is_none() {
            return Ok(Vec::new());
        }
        let attempt = attempt.to_owned();
        self.read(move |conn| {
            let mut rows = conn
                .prepare_cached("SELECT body FROM outcomes WHERE attempt = ?1 ORDER BY row")
                .map_err(sql)?;
            let bodies: Vec<Vec<u8>> =
                rows.query_map([attempt], |row| row.get(0)).and_then(Iterator::collect).map_err(sql)?;
            let read = |body: &Vec<u8>| {
                serde_json::from_slice(body).map_err(|e| StoreError::Unreadable(e.to_string()))
            };
            bodies.iter().map(read).collect()
        })
        .await
    }
}

/// The newest row that was told before a moment.
fn before(conn: &Connection, at_ms: i64) -> Result<i64, StoreError> {
    let row = conn
        .prepare_cached("SELECT row FROM outcomes WHERE told_ms < ?1 ORDER BY row DESC LIMIT 1")
        .and_then(|mut s| s.query_row([at_ms], |row| row.get(0)).optional());
    Ok(row.map_err(sql)?.unwrap_or(0))
}

/// The attempt that an outcome is of: the newest of a verification, or the one with a reference, or the
/// one that its provider was handed.
fn attempt_of(conn: &Connection, owner: Option<&Owner>, of: &ToldOf) -> Result<Option<String>, StoreError> {
    let found: Option<(String, String, i64)> = match of {
        ToldOf::Attempt(id) => return Ok(Some(id.clone())),
        ToldOf::Verification(id) => {
            let moment = codes::moment(id);
            conn.prepare_cached(of_verification(owner.is_some())).and_then(|mut s| {
                s.query_row(params![id, moment, owner.map(codes::space)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
            })
        }
        ToldOf::Reference { provider, reference } => conn
            .prepare_cached(
                "SELECT a.id, tenant, world FROM attempts AS a JOIN verifications AS v ON v.row = a.row >> 10 \
                 WHERE reference = ?1 AND provider = ?2 ORDER BY at_ms DESC LIMIT 1",
            )
            .and_then(|mut s| {
                s.query_row([reference, provider], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
            }),
        // Nobody is named yet where the report comes before the answer to the message.
        ToldOf::Handed { provider, attempt } => conn
            .prepare_cached(
                "SELECT a.id, tenant, world FROM attempts AS a JOIN verifications AS v ON v.row = a.row >> 10 \
                 WHERE a.moment = ?3 AND a.id = ?1 AND (provider = ?2 OR provider IS NULL)",
            )
            .and_then(|mut s| {
                let of = params![attempt, provider, codes::moment(attempt)];
                s.query_row(of, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
            }),
    }
    .map_err(sql)?;
    let Some((id, tenant, world)) = found else { return Ok(None) };
    let whose = Owner { tenant, world: codes::world_of(world)? };
    Ok(owner.is_none_or(|owner| *owner == whose).then_some(id))
}

/// Finds the newest attempt of a verification. Where nobody says whose it is, every space is looked into:
/// there are as many as tenants' worlds.
fn of_verification(owned: bool) -> &'static str {
    if owned {
        "SELECT a.id, tenant, world FROM verifications AS v JOIN attempts AS a \
         ON a.row BETWEEN v.row * 1024 AND v.row * 1024 + 1023 \
         WHERE v.space = ?3 AND v.moment = ?2 AND v.id = ?1 ORDER BY a.row DESC LIMIT 1"
    } else {
        "WITH RECURSIVE spaces (n) AS (SELECT min(space) FROM verifications UNION ALL \
         SELECT (SELECT min(space) FROM verifications WHERE space > n) FROM spaces WHERE n IS NOT NULL) \
         SELECT a.id, tenant, world FROM verifications AS v JOIN attempts AS a \
         ON a.row BETWEEN v.row * 1024 AND v.row * 1024 + 1023 \
         WHERE v.space IN (SELECT n FROM spaces) AND v.moment = ?2 AND v.id = ?1 AND ?3 IS NULL \
         ORDER BY a.row DESC LIMIT 1"
    }
}

fn hear(tx: &Tx<'_>, resolved: Resolved, now_ms: i64) -> Result<ToldAnswer, StoreError> {
    let Resolved { told, json, entry } = resolved;
    let first = tx.run(
        "INSERT OR IGNORE INTO outcomes (attempt, once, at_ms, told_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![entry.attempt_id, told.once, told.outcome.at_ms, now_ms, json],
    )? > 0;
    if !first {
        return Ok(ToldAnswer::Duplicate);
    }
    if !entry.assess_only {
        change_attempt(tx, &entry.attempt_id, told.outcome.what)?;
    }
    Ok(ToldAnswer::Accepted(entry))
}

// Queued, sent, unknown; and for a delivery after all, undelivered too.
const OPEN: &str = "UPDATE attempts SET status = ?2 WHERE moment = ?3 AND id = ?1 AND status IN (0, 1, 6)";
const NOT_DELIVERED: &str =
    "UPDATE attempts SET status = ?2 WHERE moment = ?3 AND id = ?1 AND status IN (0, 1, 3, 6)";
const NOT_SENT: &str = "UPDATE attempts SET status = ?2 WHERE moment = ?3 AND id = ?1 AND status IN (0, 6)";

/// Lets the attempt's row say what was told of it. A blocked one stays blocked, and what was
/// delivered stays delivered.
fn change_attempt(tx: &Tx<'_>, attempt: &str, what: What) -> Result<(), StoreError> {
    let become_status = |status: AttemptStatus, of: &'static str| -> Result<(), StoreError> {
        tx.run(of, params![attempt, codes::attempt_status(status), codes::moment(attempt)])?;
        Ok(())
    };
    match what {
        What::Delivery { status } => match status {
            DeliveryStatus::Delivered => become_status(AttemptStatus::Delivered, NOT_DELIVERED),
            DeliveryStatus::Undelivered | DeliveryStatus::Expired => {
                become_status(AttemptStatus::Undelivered, OPEN)
            }
            DeliveryStatus::Failed => become_status(AttemptStatus::Failed, OPEN),
            DeliveryStatus::Unknown => Ok(()),
        },
        What::Sent { price_micros } => {
            become_status(AttemptStatus::Sent, NOT_SENT)?;
            price_micros.map_or(Ok(()), |micros| price(tx, attempt, micros))
        }
        What::Price { price_micros } => price(tx, attempt, price_micros),
        _ => Ok(()),
    }
}

fn price(tx: &Tx<'_>, attempt: &str, micros: i64) -> Result<(), StoreError> {
    tx.run(
        "UPDATE attempts SET price_micros = ?2 WHERE moment = ?3 AND id = ?1",
        params![attempt, micros, codes::moment(attempt)],
    )?;
    Ok(())
}

//! Handing everything out to another home, and taking it in from one: for moving between one machine and
//! several. Nothing is served meanwhile, so no row needs to stay in step with another.

use super::journal::line::Line;
use super::ledger::Reserved;
use super::verifications::{Written, after_row, one, put_attempt};
use super::writer::Tx;
use super::{Embedded, codes, facts, idempotency, limits, sql};
use crate::store::StoreError;
use crate::store::row::{
    AuditEntry, Fact, Moved, MovedKey, MovedLimit, MovedMoney, OutboxRow, Owner, StoredAnswer, Stretch,
    Table, Verification,
};
use crate::store::tallies::Marks;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::sync::Arc;

impl Embedded {
    pub(super) async fn give(
        &self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Stretch, StoreError> {
        // All rows of a table by their number, whatever its order for callers is.
        let after = after.map_or(Ok(0), str::parse::<i64>);
        let after = after.map_err(|_| StoreError::Unreadable("a place in a table".into()))?;
        if table == Table::Journal {
            let (found, next) = self.page_of_journal(after as u64, limit).await?;
            let rows = found.into_iter().map(|judged| Moved::Judged(Box::new(judged.entry))).collect();
            return Ok(Stretch { rows, next: next.map(|next| next.to_string()) });
        }
        let opening = self.opening;
        let found = self
            .read(move |conn| {
                if table == Table::Verifications {
                    return give_verifications(conn, after, limit, opening);
                }
                give_rows(conn, table, after, limit)
            })
            .await?;
        let full = found.len() >= limit as usize;
        let next = found.last().filter(|_| full).map(|(row, _)| row.to_string());
        Ok(Stretch { rows: found.into_iter().map(|(_, moved)| moved).collect(), next })
    }

    pub(super) async fn put_all(&self, rows: Vec<Moved>) -> Result<u64, StoreError> {
        self.writer
            .change(move |tx| {
                let mut new = 0;
                for row in rows {
                    new += u64::from(put(tx, row)?);
                }
                Ok(new)
            })
            .await
    }

    pub(super) async fn nobody_was_here(&self) -> Result<bool, StoreError> {
        self.read(|conn| {
            let used = "SELECT EXISTS (SELECT 1 FROM facts) OR EXISTS (SELECT 1 FROM verifications) \
                        OR EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM audit)";
            conn.query_row(used, [], |row| row.get::<_, bool>(0)).map(|used| !used).map_err(sql)
        })
        .await
    }
}

type Found = Vec<(i64, Moved)>;

fn give_verifications(conn: &Connection, after: i64, limit: u32, opening: i64) -> Result<Found, StoreError> {
    let found = after_row(conn, after, limit, opening)?;
    let mut reserved = conn
        .prepare_cached(
            "SELECT id, reserved FROM attempts WHERE row BETWEEN ?1 AND ?2 AND reserved IS NOT NULL ORDER BY row",
        )
        .map_err(sql)?;
    let mut give = |row: i64, verification: Verification| {
        let mut standing = Vec::new();
        let mut rows = reserved.query(codes::attempt_rows(row)).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let bytes: Vec<u8> = row.get(1).map_err(sql)?;
            standing.push((row.get(0).map_err(sql)?, Reserved::moved(&bytes)?));
        }
        Ok((row, Moved::Verification { verification: Box::new(verification), reserved: standing }))
    };
    found.into_iter().map(|(row, verification)| give(row, verification)).collect()
}

/// Columns of a table after its row's number, and how one is read.
type Reading = (&'static str, fn(&Row<'_>) -> Result<Moved, StoreError>);

fn give_rows(conn: &Connection, table: Table, after: i64, limit: u32) -> Result<Found, StoreError> {
    let (text, read): Reading = match table {
        Table::Outcomes => (
            "SELECT row, attempt, once, told_ms, body FROM outcomes WHERE row > ?1 ORDER BY row LIMIT ?2",
            outcome,
        ),
        Table::Audit => (
            "SELECT row, id, tenant, world, at_ms, actor, request_id, action, subject, detail FROM audit \
             WHERE row > ?1 ORDER BY row LIMIT ?2",
            audit,
        ),
        // By version: each has one of its own, and they are in the order of the changes.
        Table::Facts => (
            "SELECT version, kind, id, tenant, world, uniq, created_ms, expires_ms, body, gone FROM facts \
             WHERE version > ?1 ORDER BY version LIMIT ?2",
            fact,
        ),
        Table::Reservations => (
            "SELECT row, tenant, world, attempt, at_ms, reserved FROM reservations WHERE row > ?1 \
             ORDER BY row LIMIT ?2",
            reservation,
        ),
        Table::Limits => {
            ("SELECT row, name, buckets FROM exact WHERE row > ?1 ORDER BY row LIMIT ?2", limit_row)
        }
        Table::Idempotency => (
            "SELECT row, name, fingerprint, made_ms, subject, status, content_type, sealed_body FROM idempotency \
             WHERE row > ?1 ORDER BY row LIMIT ?2",
            key,
        ),
        Table::Outbox => (
            "SELECT row, id, tenant, world, number, attempt, verification, channel, at_ms FROM outbox \
             WHERE row > ?1 ORDER BY row LIMIT ?2",
            outbox,
        ),
        // Without a row's number: few, a line a budget and period.
        Table::Spend => (
            "SELECT n, tenant, world, budget, period_start_ms, micros FROM (SELECT row_number() OVER (ORDER BY \
             tenant, world, budget, period_start_ms) AS n, * FROM spend) WHERE n > ?1 ORDER BY n LIMIT ?2",
            spend,
        ),
        Table::Journal | Table::Verifications => return Ok(Vec::new()),
    };
    let mut rows = conn.prepare_cached(text).map_err(sql)?;
    let mut rows = rows.query([after, i64::from(limit)]).map_err(sql)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        found.push((row.get(0).map_err(sql)?, read(row)?));
    }
    Ok(found)
}

fn owner(row: &Row<'_>, at: usize) -> Result<Owner, StoreError> {
    let world = codes::world_of(row.get(at + 1).map_err(sql)?)?;
    Ok(Owner { tenant: row.get(at).map_err(sql)?, world })
}

fn outcome(row: &Row<'_>) -> Result<Moved, StoreError> {
    let body: Vec<u8> = row.get(4).map_err(sql)?;
    Ok(Moved::Outcome {
        attempt: row.get(1).map_err(sql)?,
        once: row.get(2).map_err(sql)?,
        told_ms: row.get(3).map_err(sql)?,
        outcome: serde_json::from_slice(&body).map_err(|e| StoreError::Unreadable(e.to_string()))?,
    })
}

fn audit(row: &Row<'_>) -> Result<Moved, StoreError> {
    Ok(Moved::Audit(AuditEntry {
        id: row.get(1).map_err(sql)?,
        owner: owner(row, 2)?,
        at_ms: row.get(4).map_err(sql)?,
        actor: row.get(5).map_err(sql)?,
        request_id: row.get(6).map_err(sql)?,
        action: row.get(7).map_err(sql)?,
        subject: row.get(8).map_err(sql)?,
        detail: row.get(9).map_err(sql)?,
    }))
}

fn fact(row: &Row<'_>) -> Result<Moved, StoreError> {
    Ok(Moved::Fact(Fact {
        version: row.get::<_, i64>(0).map_err(sql)? as u64,
        kind: codes::fact_kind_of(row.get(1).map_err(sql)?)?,
        id: row.get(2).map_err(sql)?,
        owner: owner(row, 3)?,
        unique: row.get(5).map_err(sql)?,
        created_ms: row.get(6).map_err(sql)?,
        expires_ms: row.get(7).map_err(sql)?,
        body: row.get(8).map_err(sql)?,
        gone: row.get(9).map_err(sql)?,
    }))
}

fn reservation(row: &Row<'_>) -> Result<Moved, StoreError> {
    let bytes: Vec<u8> = row.get(5).map_err(sql)?;
    Ok(Moved::Reservation {
        owner: owner(row, 1)?,
        attempt: row.get(3).map_err(sql)?,
        at_ms: row.get(4).map_err(sql)?,
        reserved: Reserved::moved(&bytes)?,
    })
}

fn limit_row(row: &Row<'_>) -> Result<Moved, StoreError> {
    let (name, buckets): (Vec<u8>, Vec<u8>) = (row.get(1).map_err(sql)?, row.get(2).map_err(sql)?);
    Ok(Moved::Limit(limits::moved(&name, &buckets)?))
}

fn spend(row: &Row<'_>) -> Result<Moved, StoreError> {
    Ok(Moved::Spend {
        owner: owner(row, 1)?,
        money: MovedMoney {
            budget: row.get(3).map_err(sql)?,
            period_start_ms: row.get(4).map_err(sql)?,
            micros: row.get(5).map_err(sql)?,
        },
    })
}

fn key(row: &Row<'_>) -> Result<Moved, StoreError> {
    let name: Vec<u8> = row.get(1).map_err(sql)?;
    let status: Option<u16> = row.get(5).map_err(sql)?;
    let subject: Option<String> = row.get(4).map_err(sql)?;
    let answer = status.map(|status| {
        Ok(StoredAnswer {
            status,
            content_type: row.get(6).map_err(sql)?,
            sealed_body: row.get(7).map_err(sql)?,
            about: None,
        })
    });
    Ok(Moved::Key(Box::new(MovedKey {
        key: idempotency::key_of(&name).ok_or_else(|| StoreError::Unreadable("an idempotency key".into()))?,
        fingerprint: row.get(2).map_err(sql)?,
        made_ms: row.get(3).map_err(sql)?,
        subject,
        answer: answer.transpose()?,
    })))
}

fn outbox(row: &Row<'_>) -> Result<Moved, StoreError> {
    Ok(Moved::Outbox(OutboxRow {
        id: row.get(1).map_err(sql)?,
        owner: owner(row, 2)?,
        number: codes::name_of(row.get(4).map_err(sql)?),
        attempt: row.get(5).map_err(sql)?,
        verification: row.get(6).map_err(sql)?,
        channel: codes::channel_of(row.get(7).map_err(sql)?)?,
        at_ms: row.get(8).map_err(sql)?,
    }))
}

/// Whether it is new here.
fn put(tx: &mut Tx<'_>, moved: Moved) -> Result<bool, StoreError> {
    let changed = match moved {
        // Told twice it stands twice: a journal is taken in by a home that has none of it.
        Moved::Judged(entry) => {
            tx.journal(Arc::new(Line::of(&entry, Marks::default())?));
            1
        }
        Moved::Outcome { attempt, once, told_ms, outcome } => {
            let json = serde_json::to_vec(&outcome).map_err(|e| StoreError::Unreadable(e.to_string()))?;
            tx.run(
                "INSERT OR IGNORE INTO outcomes (attempt, once, at_ms, told_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![attempt, once, outcome.at_ms, told_ms, json],
            )?
        }
        Moved::Audit(entry) => {
            let known = tx.prepare("SELECT 1 FROM audit WHERE tenant = ?1 AND world = ?2 AND id = ?3")?.exists(
                params![entry.owner.tenant, codes::world(entry.owner.world), entry.id],
            );
            if known.map_err(sql)? { 0 } else { facts::audit(tx, &entry).map(|()| 1)? }
        }
        Moved::Fact(fact) => put_fact(tx, &fact)?,
        Moved::Verification { verification, reserved } => put_verification(tx, *verification, reserved)?,
        Moved::Reservation { owner, attempt, at_ms, reserved } => tx.run(
            "INSERT OR IGNORE INTO reservations (attempt, tenant, world, at_ms, reserved) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![attempt, owner.tenant, codes::world(owner.world), at_ms, Reserved::taken_in(reserved)?],
        )?,
        Moved::Limit(limit) => put_limit(tx, &limit)?,
        Moved::Spend { owner, money } => tx.run(
            "INSERT OR IGNORE INTO spend (tenant, world, budget, period_start_ms, micros) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![owner.tenant, codes::world(owner.world), money.budget, money.period_start_ms, money.micros],
        )?,
        Moved::Key(key) => usize::from(idempotency::take_in(tx, &key)?),
        Moved::Outbox(row) => tx.run(
            "INSERT OR IGNORE INTO outbox (id, tenant, world, number, attempt, verification, channel, at_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                row.id,
                row.owner.tenant,
                codes::world(row.owner.world),
                codes::name(row.number),
                row.attempt,
                row.verification,
                codes::channel(row.channel),
                row.at_ms,
            ],
        )?,
    };
    Ok(changed > 0)
}

fn put_fact(tx: &Tx<'_>, fact: &Fact) -> Result<usize, StoreError> {
    tx.run(
        "INSERT OR IGNORE INTO facts (kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            codes::fact_kind(fact.kind),
            fact.id,
            fact.owner.tenant,
            codes::world(fact.owner.world),
            fact.unique,
            fact.created_ms,
            fact.expires_ms,
            fact.body,
            fact.version as i64,
            fact.gone,
        ],
    )
}

fn put_verification(
    tx: &Tx<'_>,
    verification: Verification,
    mut reserved: Vec<(String, crate::store::row::MovedReserved)>,
) -> Result<usize, StoreError> {
    if one(tx.conn, &verification.owner, &verification.id, tx.opening)?.is_some() {
        return Ok(0);
    }
    let written = Written::of(verification)?;
    let row = written.put(tx)?;
    for attempt in &written.v.attempts {
        let standing = reserved.iter().position(|(id, _)| *id == attempt.id);
        let standing = standing.map(|at| Reserved::taken_in(reserved.swap_remove(at).1)).transpose()?;
        put_attempt(tx, row, attempt, standing.as_deref())?;
    }
    Ok(1)
}

fn put_limit(tx: &Tx<'_>, moved: &MovedLimit) -> Result<usize, StoreError> {
    let (name, buckets) = limits::taken_in(moved);
    let key = tx.late.exact.key(&name);
    for row in tx.late.exact.rows_of(tx.conn, key)? {
        let found: Option<i64> = tx
            .prepare("SELECT row FROM exact WHERE row = ?1 AND name = ?2")?
            .query_row(params![row, name], |row| row.get(0))
            .optional()
            .map_err(sql)?;
        if found.is_some() {
            return Ok(0);
        }
    }
    let until_s = limits::Buckets(limits::read_buckets(&buckets).unwrap_or_default()).until_s();
    tx.run(
        "INSERT INTO exact (row, name, until_s, buckets) VALUES (?1, ?2, ?3, ?4)",
        params![tx.late.exact.row(key), name, until_s, buckets],
    )
}

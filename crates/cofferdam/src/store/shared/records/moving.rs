//! Handing everything out to another home, and taking it in from one. Nothing is served meanwhile.
//!
//! A place in a table is the text of its key, so that each portion is found by an index.

use super::book::world;
use super::conn::{Conn, Round, Step, again};
use super::failure::Failed;
use super::rows::{AttemptColumns, VerificationColumns};
use super::verifications::{attempt_of, of_row};
use super::{Postgres, journal};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::idempotency::{key_of, name as key_name};
use crate::store::embedded::journal::line::Line;
use crate::store::embedded::ledger::Reserved;
use crate::store::embedded::limits::{self, Buckets, read_buckets};
use crate::store::embedded::verifications::Written;
use crate::store::row::{
    AuditEntry, Fact, Moved, MovedKey, MovedMoney, OutboxRow, Owner, StoredAnswer, Stretch, Table,
};
use crate::store::tallies::Marks;
use std::collections::{HashMap, HashSet};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const VERIFICATIONS: &str = "SELECT id, tenant, world, number, status, created_ms, expires_ms, checks_left, check_at_ms, \
     resend_at_ms, finished_ms, sealed_to, own_code, fixed, outstanding, paid_ms FROM verifications \
     WHERE id > $1 ORDER BY id LIMIT $2";
const ATTEMPTS: &str = "SELECT verification, id, ordinal, channel, status, at_ms, provider, reference, price_micros, \
     currency, assessment, reserved FROM attempts WHERE verification = ANY($1::text[]) ORDER BY verification, ordinal";
const KNOWN: &str = "SELECT id FROM verifications WHERE id = ANY($1::text[])";
const USED: &str = "SELECT EXISTS (SELECT 1 FROM facts) OR EXISTS (SELECT 1 FROM verifications) \
     OR EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM audit)";
/// Versions go on behind those that were taken in.
const VERSION: &str =
    "UPDATE fact_version SET version = greatest(version, (SELECT coalesce(max(version), 0) FROM facts))";

/// A place before all others, and the columns of a table behind the text of their place.
type Reading = (&'static str, &'static str, fn(&Row) -> Result<Moved, StoreError>);

fn reading(table: Table) -> Option<Reading> {
    Some(match table {
        Table::Outcomes => (
            "0",
            "SELECT row::text, attempt, once, told_ms, body FROM outcomes WHERE row > $1::text::bigint \
             ORDER BY row LIMIT $2",
            outcome,
        ),
        Table::Audit => (
            "",
            "SELECT id, id, tenant, world, at_ms, actor, request_id, action, subject, detail FROM audit \
             WHERE id > $1 ORDER BY id LIMIT $2",
            audit,
        ),
        Table::Facts => (
            "0",
            "SELECT version::text, version, kind, id, tenant, world, uniq, created_ms, expires_ms, body, gone \
             FROM facts WHERE version > $1::text::bigint ORDER BY version LIMIT $2",
            fact,
        ),
        Table::Reservations => (
            "\u{1}-1\u{1}",
            "SELECT tenant || chr(1) || world || chr(1) || attempt, tenant, world, attempt, at_ms, reserved \
             FROM reservations WHERE (tenant, world, attempt) > (split_part($1, chr(1), 1), \
             split_part($1, chr(1), 2)::smallint, split_part($1, chr(1), 3)) \
             ORDER BY tenant, world, attempt LIMIT $2",
            reservation,
        ),
        Table::Limits => (
            "",
            "SELECT encode(name, 'hex'), name, buckets FROM exact WHERE name > decode($1::text, 'hex') \
             ORDER BY name LIMIT $2",
            limit_row,
        ),
        Table::Idempotency => (
            "",
            "SELECT encode(name, 'hex'), name, fingerprint, made_ms, subject, status, content_type, sealed_body \
             FROM idempotency WHERE name > decode($1::text, 'hex') ORDER BY name LIMIT $2",
            key,
        ),
        Table::Outbox => (
            "",
            "SELECT id, id, tenant, world, number, attempt, verification, channel, at_ms FROM outbox \
             WHERE id > $1 ORDER BY id LIMIT $2",
            outbox,
        ),
        // Few: a line a budget and period.
        Table::Spend => (
            "0",
            "SELECT n::text, tenant, world, budget, period_start_ms, micros FROM (SELECT row_number() OVER \
             (ORDER BY tenant, world, budget, period_start_ms) AS n, * FROM spend) AS s \
             WHERE n > $1::text::bigint ORDER BY n LIMIT $2",
            spend,
        ),
        Table::Journal | Table::Verifications => return None,
    })
}

fn owner(row: &Row, at: usize) -> Result<Owner, StoreError> {
    Ok(Owner { tenant: row.get(at), world: codes::world_of(row.get::<_, i16>(at + 1).into())? })
}

fn outcome(row: &Row) -> Result<Moved, StoreError> {
    let outcome = serde_json::from_slice(row.get(4)).map_err(|e| StoreError::Unreadable(e.to_string()))?;
    Ok(Moved::Outcome { attempt: row.get(1), once: row.get(2), told_ms: row.get(3), outcome })
}

fn audit(row: &Row) -> Result<Moved, StoreError> {
    Ok(Moved::Audit(AuditEntry {
        id: row.get(1),
        owner: owner(row, 2)?,
        at_ms: row.get(4),
        actor: row.get(5),
        request_id: row.get(6),
        action: row.get(7),
        subject: row.get(8),
        detail: row.get(9),
    }))
}

fn fact(row: &Row) -> Result<Moved, StoreError> {
    Ok(Moved::Fact(Fact {
        version: row.get::<_, i64>(1) as u64,
        kind: codes::fact_kind_of(row.get::<_, i16>(2).into())?,
        id: row.get(3),
        owner: owner(row, 4)?,
        unique: row.get(6),
        created_ms: row.get(7),
        expires_ms: row.get(8),
        body: row.get(9),
        gone: row.get(10),
    }))
}

fn reservation(row: &Row) -> Result<Moved, StoreError> {
    Ok(Moved::Reservation {
        owner: owner(row, 1)?,
        attempt: row.get(3),
        at_ms: row.get(4),
        reserved: Reserved::moved(row.get(5))?,
    })
}

fn limit_row(row: &Row) -> Result<Moved, StoreError> {
    Ok(Moved::Limit(limits::moved(row.get(1), row.get(2))?))
}

fn key(row: &Row) -> Result<Moved, StoreError> {
    let answer = row.get::<_, Option<i32>>(5).map(|status| StoredAnswer {
        status: status as u16,
        content_type: row.get::<_, Option<String>>(6).unwrap_or_default(),
        sealed_body: row.get::<_, Option<Vec<u8>>>(7).unwrap_or_default(),
        about: None,
    });
    let torn = || StoreError::Unreadable("an idempotency key".into());
    Ok(Moved::Key(Box::new(MovedKey {
        key: key_of(row.get(1)).ok_or_else(torn)?,
        fingerprint: row.get::<_, &[u8]>(2).try_into().map_err(|_| torn())?,
        made_ms: row.get(3),
        subject: row.get(4),
        answer,
    })))
}

fn outbox(row: &Row) -> Result<Moved, StoreError> {
    let number: &[u8] = row.get(4);
    let number = number.try_into().map_err(|_| StoreError::Unreadable("a number's name".into()))?;
    Ok(Moved::Outbox(OutboxRow {
        id: row.get(1),
        owner: owner(row, 2)?,
        number: codes::name_of(number),
        attempt: row.get(5),
        verification: row.get(6),
        channel: codes::channel_of(row.get::<_, i16>(7).into())?,
        at_ms: row.get(8),
    }))
}

fn spend(row: &Row) -> Result<Moved, StoreError> {
    let money = MovedMoney { budget: row.get(3), period_start_ms: row.get(4), micros: row.get(5) };
    Ok(Moved::Spend { owner: owner(row, 1)?, money })
}

/// A row to be written with values of its own.
struct Put {
    text: &'static str,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

macro_rules! put {
    ($text:expr, $($value:expr),+ $(,)?) => {
        Put { text: $text, values: vec![$(Box::new($value)),+] }
    };
}

impl Put {
    /// None for what is written by columns.
    fn of(moved: &Moved) -> Result<Option<Self>, StoreError> {
        Ok(Some(match moved {
            Moved::Outcome { attempt, once, told_ms, outcome } => {
                let body = serde_json::to_vec(outcome).map_err(|e| StoreError::Unreadable(e.to_string()))?;
                put!(
                    "INSERT INTO outcomes (attempt, once, at_ms, told_ms, body) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT DO NOTHING RETURNING 1",
                    attempt.clone(),
                    once.clone(),
                    outcome.at_ms,
                    *told_ms,
                    body,
                )
            }
            Moved::Audit(e) => put!(
                "INSERT INTO audit (id, tenant, world, at_ms, actor, request_id, action, subject, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1",
                e.id.clone(),
                e.owner.tenant.clone(),
                world(&e.owner),
                e.at_ms,
                e.actor.clone(),
                e.request_id.clone(),
                e.action.clone(),
                e.subject.clone(),
                e.detail.clone(),
            ),
            Moved::Fact(f) => put!(
                "INSERT INTO facts (kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING 1",
                codes::fact_kind(f.kind) as i16,
                f.id.clone(),
                f.owner.tenant.clone(),
                world(&f.owner),
                f.unique.clone(),
                f.created_ms,
                f.expires_ms,
                f.body.clone(),
                f.version as i64,
                f.gone,
            ),
            Moved::Reservation { owner, attempt, at_ms, reserved } => put!(
                "INSERT INTO reservations (attempt, tenant, world, at_ms, reserved) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING RETURNING 1",
                attempt.clone(),
                owner.tenant.clone(),
                world(owner),
                *at_ms,
                Reserved::taken_in(reserved.clone())?,
            ),
            _ => return Ok(Self::of_small(moved)),
        }))
    }

    /// The other half of them.
    fn of_small(moved: &Moved) -> Option<Self> {
        Some(match moved {
            Moved::Limit(limit) => {
                let (name, buckets) = limits::taken_in(limit);
                let until_s = Buckets(read_buckets(&buckets).unwrap_or_default()).until_s();
                put!(
                    "INSERT INTO exact (name, until_s, buckets) VALUES ($1, $2, $3) \
                     ON CONFLICT DO NOTHING RETURNING 1",
                    name,
                    until_s,
                    buckets,
                )
            }
            Moved::Spend { owner, money } => put!(
                "INSERT INTO spend (tenant, world, budget, period_start_ms, micros) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING RETURNING 1",
                owner.tenant.clone(),
                world(owner),
                money.budget.clone(),
                money.period_start_ms,
                money.micros,
            ),
            Moved::Key(key) => {
                let answer = key.answer.as_ref();
                put!(
                    "INSERT INTO idempotency (name, fingerprint, made_ms, lease_until_ms, subject, status, \
                     content_type, sealed_body) VALUES ($1, $2, $3, 0, $4, $5, $6, $7) \
                     ON CONFLICT DO NOTHING RETURNING 1",
                    key_name(&key.key),
                    key.fingerprint.to_vec(),
                    key.made_ms,
                    key.subject.clone().or_else(|| answer.and_then(|a| a.about.clone())),
                    answer.map(|a| i32::from(a.status)),
                    answer.map(|a| a.content_type.clone()),
                    answer.map(|a| a.sealed_body.clone()),
                )
            }
            Moved::Outbox(row) => put!(
                "INSERT INTO outbox (id, tenant, world, number, attempt, verification, channel, at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING 1",
                row.id.clone(),
                row.owner.tenant.clone(),
                world(&row.owner),
                codes::name(row.number).to_vec(),
                row.attempt.clone(),
                row.verification.clone(),
                codes::channel(row.channel) as i16,
                row.at_ms,
            ),
            _ => return None,
        })
    }

    fn step(&self) -> Step<'_> {
        let values: Vec<&(dyn ToSql + Sync)> =
            self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        Step::new(self.text, &values)
    }
}

impl Postgres {
    pub(super) async fn give(
        &self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Stretch, StoreError> {
        if table == Table::Journal {
            let after = after.map_or(Ok(0), str::parse);
            let after = after.map_err(|_| StoreError::Unreadable("a place in a table".into()))?;
            let (found, next) = self.page_of_journal(after, limit).await?;
            let rows = found.into_iter().map(|judged| Moved::Judged(Box::new(judged.entry))).collect();
            return Ok(Stretch { rows, next: next.map(|next| next.to_string()) });
        }
        again!(self, self.give_once(table, after, limit))
    }

    async fn give_once(&self, table: Table, after: Option<&str>, limit: u32) -> Result<Stretch, Failed> {
        let conn = self.connections.get().await?;
        let most = i64::from(limit);
        let Some((first, text, read)) = reading(table) else {
            return self.give_verifications(&conn, after.unwrap_or(""), most).await;
        };
        let rows = conn.query(text, &[&after.unwrap_or(first), &most]).await?;
        let next = rows.last().filter(|_| rows.len() as i64 >= most).map(|row| row.get(0));
        Ok(Stretch { rows: rows.iter().map(read).collect::<Result<_, _>>()?, next })
    }

    async fn give_verifications(&self, conn: &Conn, after: &str, most: i64) -> Result<Stretch, Failed> {
        let rows = conn.query(VERIFICATIONS, &[&after, &most]).await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        let mut attempts: HashMap<String, (Vec<_>, Vec<_>)> = HashMap::new();
        for row in conn.query(ATTEMPTS, &[&ids]).await? {
            let attempt = attempt_of(&row)?;
            let (all, standing) = attempts.entry(attempt.verification.clone()).or_default();
            if let Some(bytes) = row.get::<_, Option<&[u8]>>(11) {
                standing.push((attempt.id.clone(), Reserved::moved(bytes)?));
            }
            all.push(attempt);
        }
        let now_ms = self.clock.now_ms();
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let (mut verification, _) = of_row(row, now_ms)?;
            let (all, reserved) = attempts.remove(&verification.id).unwrap_or_default();
            verification.attempts = all;
            found.push(Moved::Verification { verification: Box::new(verification), reserved });
        }
        let next = ids.last().filter(|_| rows.len() as i64 >= most).map(|id| (*id).to_owned());
        Ok(Stretch { rows: found, next })
    }

    pub(super) async fn put_all(&self, rows: Vec<Moved>) -> Result<u64, StoreError> {
        again!(self, Box::pin(self.put_all_once(&rows)))
    }

    async fn put_all_once(&self, rows: &[Moved]) -> Result<u64, Failed> {
        let mut puts = Vec::new();
        let (mut lines, mut verifications) = (Vec::new(), Vec::new());
        for moved in rows {
            match moved {
                Moved::Judged(entry) => lines.push(Line::of(entry, Marks::default())?),
                Moved::Verification { verification, reserved } => {
                    let mut bytes = HashMap::new();
                    for (id, standing) in reserved {
                        bytes.insert(id.as_str(), Reserved::taken_in(standing.clone())?);
                    }
                    verifications.push((Written::of((**verification).clone())?, bytes));
                }
                _ => puts.extend(Put::of(moved)?),
            }
        }
        let views: Vec<_> = lines.iter().map(Line::view).collect();
        self.days.ensure(self, views.iter().copied()).await?;
        let conn = self.connections.get().await?;
        let ids: Vec<&str> = verifications.iter().map(|(written, _)| written.v.id.as_str()).collect();
        let known = conn.query(KNOWN, &[&ids]).await?;
        let known: HashSet<&str> = known.iter().map(|row| row.get(0)).collect();
        let mut columns = VerificationColumns::default();
        let mut attempts = AttemptColumns::default();
        let mut new = lines.len() as u64;
        for (written, reserved) in verifications.iter().filter(|(w, _)| !known.contains(w.v.id.as_str())) {
            columns.add(written, None);
            for attempt in &written.v.attempts {
                attempts.add(&written.v.owner, attempt, reserved.get(attempt.id.as_str()).map(Vec::as_slice));
            }
            new += 1;
        }
        let folded = journal::rows(&views, self.clock.now_ms())?;
        let mut steps: Vec<Step<'_>> = puts.iter().map(Put::step).collect();
        columns.add_to(&mut steps);
        attempts.add_to(&mut steps);
        folded.add_to(&mut steps);
        steps.push(Step::new(VERSION, &[]));
        let done = conn.together(Round::Whole, &steps).await?;
        Ok(new + done.iter().take(puts.len()).map(|rows| rows.len() as u64).sum::<u64>())
    }

    pub(super) async fn nobody_was_here(&self) -> Result<bool, StoreError> {
        let rows = again!(self, async { self.connections.get().await?.query(USED, &[]).await })?;
        Ok(rows.first().is_some_and(|row| !row.get::<_, bool>(0)))
    }
}

//! Handing everything out to another home, and taking it in from one.
//!
//! Rows go in one by one, a portion of them in one round and one transaction; nobody serves meanwhile, so no
//! lock is taken. What stands already is left as it is.

use super::book::world;
use super::conn::{Round, Step, again};
use super::facts::fact_of;
use super::failure::Failed;
use super::rows::{AttemptColumns, VerificationColumns};
use super::verifications::{attempt_of, of_row};
use super::{Postgres, journal};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::idempotency::{key_of, name as key_name};
use crate::store::embedded::journal::line::Line;
use crate::store::embedded::ledger::Reserved;
use crate::store::embedded::limits;
use crate::store::embedded::verifications::Written;
use crate::store::row::{
    AuditEntry, Fact, JournalEntry, Moved, MovedKey, MovedMoney, MovedReserved, OutboxRow, Owner,
    StoredAnswer, Stretch, Table, Verification,
};
use crate::store::tallies::Marks;
use std::collections::{HashMap, HashSet};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

type Value = Box<dyn ToSql + Sync + Send>;
/// A statement with its values.
type Put = (&'static str, Vec<Value>);

/// How a table is handed out: after a place, so many; the first column is the place as text, under a name of its
/// own, lest rows be ordered by it where it is a number's text.
fn give_text(table: Table) -> &'static str {
    match table {
        Table::Outcomes => {
            "SELECT row::text AS place, attempt, once, told_ms, body FROM outcomes WHERE row > $1::text::bigint \
             ORDER BY row LIMIT $2"
        }
        Table::Audit => {
            "SELECT id, tenant, world, at_ms, actor, request_id, action, subject, detail FROM audit \
             WHERE id > $1 ORDER BY id LIMIT $2"
        }
        Table::Facts => {
            "SELECT version::text AS place, kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone \
             FROM facts WHERE version > $1::text::bigint ORDER BY version LIMIT $2"
        }
        Table::Reservations => {
            "SELECT attempt || ' ' || tenant || ' ' || world AS place, tenant, world, attempt, at_ms, reserved \
             FROM reservations WHERE attempt || ' ' || tenant || ' ' || world > $1 \
             ORDER BY place LIMIT $2"
        }
        Table::Limits => {
            "SELECT encode(name, 'hex') AS place, name, buckets FROM exact WHERE name > decode($1, 'hex') \
             ORDER BY name LIMIT $2"
        }
        Table::Spend => {
            "SELECT n::text AS place, tenant, world, budget, period_start_ms, micros FROM (SELECT row_number() OVER \
             (ORDER BY tenant, world, budget, period_start_ms) AS n, * FROM spend) AS s \
             WHERE n > $1::text::bigint ORDER BY n LIMIT $2"
        }
        Table::Idempotency => {
            "SELECT encode(name, 'hex') AS place, name, fingerprint, made_ms, subject, status, content_type, sealed_body \
             FROM idempotency WHERE name > decode($1, 'hex') ORDER BY name LIMIT $2"
        }
        Table::Outbox => {
            "SELECT id, tenant, world, number, attempt, verification, channel, at_ms FROM outbox WHERE id > $1 \
             ORDER BY id LIMIT $2"
        }
        Table::Verifications => {
            "SELECT id, tenant, world, number, status, created_ms, expires_ms, checks_left, check_at_ms, \
             resend_at_ms, finished_ms, sealed_to, own_code, fixed, outstanding, paid_ms FROM verifications \
             WHERE id > $1 ORDER BY id LIMIT $2"
        }
        Table::Journal => "",
    }
}

/// Before all rows.
fn beginning(table: Table) -> &'static str {
    match table {
        Table::Outcomes | Table::Facts | Table::Spend => "0",
        _ => "",
    }
}

const ATTEMPTS: &str = "SELECT verification, id, ordinal, channel, status, at_ms, provider, reference, price_micros, \
     currency, assessment, reserved FROM attempts WHERE verification = ANY($1::text[]) ORDER BY verification, ordinal";

impl Postgres {
    pub(super) async fn give(
        &self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Stretch, StoreError> {
        if table == Table::Journal {
            let after = after.map_or(Ok(0), str::parse::<u64>);
            let after = after.map_err(|_| StoreError::Unreadable("a place in a table".into()))?;
            let (found, next) = self.page_of_journal(after, limit).await?;
            let rows = found.into_iter().map(|judged| Moved::Judged(Box::new(judged.entry))).collect();
            return Ok(Stretch { rows, next: next.map(|next| next.to_string()) });
        }
        let (after, limit) = (after.unwrap_or_else(|| beginning(table)).to_owned(), i64::from(limit));
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(give_text(table), &[&after, &limit]).await
        })?;
        let full = rows.len() as i64 >= limit;
        let next = rows.last().filter(|_| full).map(|row| row.get::<_, String>(0));
        let rows = if table == Table::Verifications {
            self.with_attempts(&rows).await?
        } else {
            rows.iter().map(|row| moved_of(table, row)).collect::<Result<_, _>>()?
        };
        Ok(Stretch { rows, next })
    }

    async fn with_attempts(&self, rows: &[Row]) -> Result<Vec<Moved>, StoreError> {
        let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let found = again!(self, async { self.connections.get().await?.query(ATTEMPTS, &[&ids]).await })?;
        let mut attempts: HashMap<String, Vec<&Row>> = HashMap::new();
        for row in &found {
            attempts.entry(row.get(0)).or_default().push(row);
        }
        let now_ms = self.clock.now_ms();
        let whole = |row: &Row| {
            let (mut verification, _) = of_row(row, now_ms)?;
            let mut reserved = Vec::new();
            for row in attempts.remove(&verification.id).unwrap_or_default() {
                let attempt = attempt_of(row)?;
                if let Some(bytes) = row.get::<_, Option<&[u8]>>(11) {
                    reserved.push((attempt.id.clone(), Reserved::moved(bytes)?));
                }
                verification.attempts.push(attempt);
            }
            Ok(Moved::Verification { verification: Box::new(verification), reserved })
        };
        rows.iter().map(whole).collect()
    }

    pub(super) async fn put_all(&self, rows: &[Moved]) -> Result<u64, StoreError> {
        again!(self, self.put_once(rows))
    }

    async fn put_once(&self, rows: &[Moved]) -> Result<u64, Failed> {
        let mut lines = Vec::new();
        let mut written = Vec::new();
        let mut single: Vec<Put> = Vec::new();
        for row in rows {
            match row {
                Moved::Judged(entry) => lines.push(line_of(entry)?),
                Moved::Verification { verification, reserved } => {
                    written.push(whole_of(verification, reserved)?);
                }
                other => single.push(put_of(other)?),
            }
        }
        let views: Vec<_> = lines.iter().map(Line::view).collect();
        self.days.ensure(self, views.iter().copied()).await?;
        let conn = self.connections.get().await?;
        let known = self.known(&conn, &written).await?;
        let (mut verifications, mut attempts) = (VerificationColumns::default(), AttemptColumns::default());
        let mut new = 0;
        for (written, reserved) in written.iter().filter(|(written, _)| !known.contains(&written.v.id)) {
            new += 1;
            verifications.add(written, None);
            for attempt in &written.v.attempts {
                let standing = reserved.iter().find(|(id, _)| *id == attempt.id);
                attempts.add(&written.v.owner, attempt, standing.map(|(_, bytes)| &bytes[..]));
            }
        }
        let journal = journal::rows(&views, self.clock.now_ms())?;
        let mut steps = Vec::new();
        verifications.add_to(&mut steps);
        attempts.add_to(&mut steps);
        journal.add_to(&mut steps);
        let counted = steps.len();
        for (text, values) in &single {
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
            steps.push(Step::new(text, &values));
        }
        let answers = conn.together(Round::Whole, &steps).await?;
        let put: usize = answers.iter().skip(counted).map(Vec::len).sum();
        Ok(new + put as u64 + lines.len() as u64)
    }

    /// Those that stand already.
    async fn known(&self, conn: &super::conn::Conn, written: &[Whole]) -> Result<HashSet<String>, Failed> {
        let ids: Vec<&str> = written.iter().map(|(written, _)| &*written.v.id).collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = conn.query("SELECT id FROM verifications WHERE id = ANY($1::text[])", &[&ids]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    pub(super) async fn nobody_was_here(&self) -> Result<bool, StoreError> {
        const USED: &str = "SELECT EXISTS (SELECT 1 FROM facts) OR EXISTS (SELECT 1 FROM verifications) \
             OR EXISTS (SELECT 1 FROM journal) OR EXISTS (SELECT 1 FROM audit)";
        let rows = again!(self, async { self.connections.get().await?.query(USED, &[]).await })?;
        Ok(rows.first().is_some_and(|row| !row.get::<_, bool>(0)))
    }

    pub(super) async fn agreed(&self, name: &str, value: &str) -> Result<String, StoreError> {
        const AGREE: &str = "WITH put AS (INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING \
             RETURNING value) SELECT value FROM put UNION ALL SELECT value FROM meta WHERE name = $1";
        let (name, bytes) = (format!("agreed {name}"), value.as_bytes());
        // Whoever comes second in a race sees neither at first: the row it ran into is not of its snapshot.
        for _ in 0..3 {
            let rows =
                again!(self, async { self.connections.get().await?.change(AGREE, &[&name, &bytes]).await })?;
            if let Some(row) = rows.first() {
                let stands: Vec<u8> = row.get(0);
                return String::from_utf8(stands).map_err(|e| StoreError::Unreadable(e.to_string()));
            }
        }
        Err(super::nothing())
    }
}

fn line_of(entry: &JournalEntry) -> Result<Line, StoreError> {
    Line::of(entry, Marks::default())
}

type Whole = (Written, Vec<(String, Vec<u8>)>);

fn whole_of(v: &Verification, reserved: &[(String, MovedReserved)]) -> Result<Whole, StoreError> {
    let bytes = |(id, moved): &(String, MovedReserved)| Ok((id.clone(), Reserved::taken_in(moved.clone())?));
    Ok((Written::of(v.clone())?, reserved.iter().map(bytes).collect::<Result<_, StoreError>>()?))
}

/// The statement that puts a row, answering with a row if it was new.
fn put_of(moved: &Moved) -> Result<Put, StoreError> {
    let owned = |owner: &Owner| -> [Value; 2] { [Box::new(owner.tenant.clone()), Box::new(world(owner))] };
    Ok(match moved {
        Moved::Outcome { attempt, once, told_ms, outcome } => {
            let json = serde_json::to_vec(outcome).map_err(|e| StoreError::Unreadable(e.to_string()))?;
            (
                "INSERT INTO outcomes (attempt, once, at_ms, told_ms, body) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING RETURNING 1",
                vec![
                    Box::new(attempt.clone()),
                    Box::new(once.clone()),
                    Box::new(outcome.at_ms),
                    Box::new(*told_ms),
                    Box::new(json),
                ],
            )
        }
        Moved::Audit(entry) => put_audit(entry),
        Moved::Fact(fact) => put_fact(fact),
        Moved::Reservation { owner, attempt, at_ms, reserved } => {
            let [tenant, world] = owned(owner);
            (
                "INSERT INTO reservations (tenant, world, attempt, at_ms, reserved) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING RETURNING 1",
                vec![
                    tenant,
                    world,
                    Box::new(attempt.clone()),
                    Box::new(*at_ms),
                    Box::new(Reserved::taken_in(reserved.clone())?),
                ],
            )
        }
        Moved::Limit(limit) => {
            let (name, buckets) = limits::taken_in(limit);
            let until_s = limits::Buckets(limits::read_buckets(&buckets).unwrap_or_default()).until_s();
            (
                "INSERT INTO exact (name, until_s, buckets) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1",
                vec![Box::new(name), Box::new(until_s), Box::new(buckets)],
            )
        }
        Moved::Spend { owner, money } => {
            let [tenant, world] = owned(owner);
            (
                "INSERT INTO spend (tenant, world, budget, period_start_ms, micros) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT DO NOTHING RETURNING 1",
                vec![
                    tenant,
                    world,
                    Box::new(money.budget.clone()),
                    Box::new(money.period_start_ms),
                    Box::new(money.micros),
                ],
            )
        }
        Moved::Key(key) => put_key(key),
        Moved::Outbox(row) => put_outbox(row),
        Moved::Judged(_) | Moved::Verification { .. } => {
            return Err(StoreError::Unreadable("a row that is written otherwise".into()));
        }
    })
}

fn put_fact(fact: &Fact) -> Put {
    (
        "WITH moved AS (UPDATE fact_version SET version = greatest(version, $9)) \
         INSERT INTO facts (kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING 1",
        vec![
            Box::new(codes::fact_kind(fact.kind) as i16),
            Box::new(fact.id.clone()),
            Box::new(fact.owner.tenant.clone()),
            Box::new(world(&fact.owner)),
            Box::new(fact.unique.clone()),
            Box::new(fact.created_ms),
            Box::new(fact.expires_ms),
            Box::new(fact.body.clone()),
            Box::new(fact.version as i64),
            Box::new(fact.gone),
        ],
    )
}

fn put_audit(entry: &AuditEntry) -> Put {
    (
        "INSERT INTO audit (id, tenant, world, at_ms, actor, request_id, action, subject, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1",
        vec![
            Box::new(entry.id.clone()),
            Box::new(entry.owner.tenant.clone()),
            Box::new(world(&entry.owner)),
            Box::new(entry.at_ms),
            Box::new(entry.actor.clone()),
            Box::new(entry.request_id.clone()),
            Box::new(entry.action.clone()),
            Box::new(entry.subject.clone()),
            Box::new(entry.detail.clone()),
        ],
    )
}

fn put_key(moved: &MovedKey) -> Put {
    let answer = moved.answer.as_ref();
    (
        "INSERT INTO idempotency (name, fingerprint, made_ms, lease_until_ms, subject, status, content_type, \
         sealed_body) VALUES ($1, $2, $3, 0, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING 1",
        vec![
            Box::new(key_name(&moved.key)),
            Box::new(moved.fingerprint.to_vec()),
            Box::new(moved.made_ms),
            Box::new(moved.subject.clone()),
            Box::new(answer.map(|answer| i32::from(answer.status))),
            Box::new(answer.map(|answer| answer.content_type.clone())),
            Box::new(answer.map(|answer| answer.sealed_body.clone())),
        ],
    )
}

fn put_outbox(row: &OutboxRow) -> Put {
    (
        "INSERT INTO outbox (id, tenant, world, number, attempt, verification, channel, at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING 1",
        vec![
            Box::new(row.id.clone()),
            Box::new(row.owner.tenant.clone()),
            Box::new(world(&row.owner)),
            Box::new(codes::name(row.number).to_vec()),
            Box::new(row.attempt.clone()),
            Box::new(row.verification.clone()),
            Box::new(codes::channel(row.channel) as i16),
            Box::new(row.at_ms),
        ],
    )
}

fn owner(row: &Row, at: usize) -> Result<Owner, StoreError> {
    Ok(Owner { tenant: row.get(at), world: codes::world_of(row.get::<_, i16>(at + 1).into())? })
}

fn moved_of(table: Table, row: &Row) -> Result<Moved, StoreError> {
    let unreadable = |what: &str| StoreError::Unreadable(what.to_owned());
    Ok(match table {
        Table::Outcomes => Moved::Outcome {
            attempt: row.get(1),
            once: row.get(2),
            told_ms: row.get(3),
            outcome: serde_json::from_slice(row.get(4)).map_err(|e| unreadable(&e.to_string()))?,
        },
        Table::Audit => Moved::Audit(AuditEntry {
            id: row.get(0),
            owner: owner(row, 1)?,
            at_ms: row.get(3),
            actor: row.get(4),
            request_id: row.get(5),
            action: row.get(6),
            subject: row.get(7),
            detail: row.get(8),
        }),
        Table::Facts => Moved::Fact(fact_of(row, 1)?),
        Table::Reservations => Moved::Reservation {
            owner: owner(row, 1)?,
            attempt: row.get(3),
            at_ms: row.get(4),
            reserved: Reserved::moved(row.get(5))?,
        },
        Table::Limits => Moved::Limit(limits::moved(row.get(1), row.get(2))?),
        Table::Spend => Moved::Spend {
            owner: owner(row, 1)?,
            money: MovedMoney { budget: row.get(3), period_start_ms: row.get(4), micros: row.get(5) },
        },
        Table::Idempotency => {
            let status: Option<i32> = row.get(5);
            let answer = status.map(|status| StoredAnswer {
                status: u16::try_from(status).unwrap_or(500),
                content_type: row.get(6),
                sealed_body: row.get(7),
                about: None,
            });
            let fingerprint: &[u8] = row.get(2);
            Moved::Key(Box::new(MovedKey {
                key: key_of(row.get(1)).ok_or_else(|| unreadable("an idempotency key"))?,
                fingerprint: fingerprint.try_into().map_err(|_| unreadable("a fingerprint"))?,
                made_ms: row.get(3),
                subject: row.get(4),
                answer,
            }))
        }
        Table::Outbox => {
            let number: &[u8] = row.get(3);
            let number = number.try_into().map_err(|_| unreadable("a number's name"))?;
            Moved::Outbox(OutboxRow {
                id: row.get(0),
                owner: owner(row, 1)?,
                number: codes::name_of(number),
                attempt: row.get(4),
                verification: row.get(5),
                channel: codes::channel_of(row.get::<_, i16>(6).into())?,
                at_ms: row.get(7),
            })
        }
        Table::Journal | Table::Verifications => return Err(unreadable("a row that is read otherwise")),
    })
}

//! Retention: what is over and old is taken away, a little at a time; rows that another node is at are
//! left to it. The journal goes a whole day at a time.

use super::Postgres;
use super::conn::again;
use super::facts::Changing;
use super::failure::Failed;
use super::journal::DAY_MS;
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::ledger::seconds;
use crate::store::row::{FactKind, Owner, Retention, Swept};

/// Rows that one change takes away.
const AT_ONCE: i64 = 500;
/// A list entry that is over stays this long, so that every cache has seen it end by itself.
const ENDED_FACT_MS: i64 = 24 * 3600 * 1000;
/// Reservations that were never settled nor given back stand for longer than any limit's window.
const RESERVATION_MS: i64 = 32 * 24 * 3600 * 1000;

const NUMBERS: &str = "WITH old AS (SELECT id FROM verifications WHERE finished_ms <= $1 AND sealed_to IS NOT NULL \
     LIMIT $2 FOR UPDATE SKIP LOCKED) UPDATE verifications AS v SET sealed_to = NULL FROM old WHERE v.id = old.id \
     RETURNING 1";
const VERIFICATIONS: &str = "WITH old AS (SELECT id FROM verifications WHERE finished_ms <= $1 \
     ORDER BY finished_ms LIMIT $2 FOR UPDATE SKIP LOCKED), \
     a AS (DELETE FROM attempts USING old WHERE verification = old.id) \
     DELETE FROM verifications AS v USING old WHERE v.id = old.id RETURNING 1";
const OUTBOX_OLD: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE at_ms < $1 LIMIT $2 \
     FOR UPDATE SKIP LOCKED) RETURNING 1";
/// Of each tenant the newest messages stay.
const OUTBOX_MANY: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER \
     (PARTITION BY tenant, world ORDER BY id DESC) AS place FROM outbox) AS o WHERE place > $1 LIMIT $2) RETURNING 1";
const OUTCOMES: &str = "DELETE FROM outcomes WHERE row IN (SELECT row FROM outcomes WHERE told_ms < $1 LIMIT $2 \
     FOR UPDATE SKIP LOCKED) RETURNING 1";
const AUDIT: &str = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < $1 LIMIT $2 \
     FOR UPDATE SKIP LOCKED) RETURNING 1";
const KEYS: &str = "DELETE FROM idempotency WHERE name IN (SELECT name FROM idempotency WHERE made_ms < $1 LIMIT $2 \
     FOR UPDATE SKIP LOCKED) RETURNING 1";
const RESERVATIONS: &str = "DELETE FROM reservations WHERE (tenant, world, attempt) IN (SELECT tenant, world, attempt \
     FROM reservations WHERE at_ms < $1 LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1";
/// One that was used again meanwhile stands: it is looked at once more under its lock.
const EXACT: &str = "DELETE FROM exact WHERE name IN (SELECT name FROM exact WHERE until_s < $1 LIMIT $2 \
     FOR UPDATE SKIP LOCKED) RETURNING 1";
const ENDED: &str = "SELECT kind, id, tenant, world FROM facts WHERE NOT gone AND kind IN (3, 4) AND expires_ms < $1 LIMIT $2";
/// How far nodes that are long gone had written.
const NOTES: &str = "DELETE FROM meta WHERE name LIKE 'journal %' AND substr(value, 9) < int8send($1)";
/// Lives that ended so long ago that nothing names them any more.
const LIVES: &str = "DELETE FROM nodes WHERE renewed < clock_timestamp() - interval '3 days'";
const DAYS: &str = "SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
     WHERE i.inhparent = 'journal'::regclass";

impl Postgres {
    pub(super) async fn sweep_all(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError> {
        let before = |ms: i64| now_ms.saturating_sub(ms);
        let mut swept = Swept::default();
        swept.verifications += self.sweep_some(NUMBERS, before(keep.numbers_ms)).await?;
        swept.verifications += self.sweep_some(VERIFICATIONS, before(keep.verifications_ms)).await?;
        swept.journal += self.sweep_journal(before(keep.journal_ms)).await?;
        swept.outbox += self.sweep_some(OUTBOX_OLD, before(keep.outbox_ms)).await?;
        swept.outbox += self.sweep_some(OUTBOX_MANY, i64::from(keep.outbox_rows)).await?;
        swept.list_entries += self.sweep_facts(before(ENDED_FACT_MS)).await?;
        swept.other += self.sweep_some(OUTCOMES, before(keep.journal_ms)).await?;
        swept.other += self.sweep_some(AUDIT, before(keep.audit_ms)).await?;
        swept.other += self.sweep_some(KEYS, before(keep.idempotency_ms)).await?;
        swept.other += self.sweep_some(RESERVATIONS, before(RESERVATION_MS)).await?;
        swept.other += self.sweep_some(EXACT, i64::from(seconds(now_ms))).await?;
        let noted = before(DAY_MS);
        again!(self, async { self.connections.get().await?.change(NOTES, &[&noted]).await })?;
        again!(self, async { self.connections.get().await?.change(LIVES, &[]).await })?;
        again!(self, self.days.ahead(self))?;
        Ok(swept)
    }

    async fn sweep_some(&self, text: &'static str, before: i64) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let rows = again!(self, async {
                self.connections.get().await?.change(text, &[&before, &AT_ONCE]).await
            })?;
            all += rows.len() as u64;
            if (rows.len() as i64) < AT_ONCE {
                return Ok(all);
            }
        }
    }

    async fn sweep_facts(&self, before: i64) -> Result<u64, StoreError> {
        again!(self, self.sweep_facts_once(before))
    }

    async fn sweep_facts_once(&self, before: i64) -> Result<u64, Failed> {
        let conn = self.connections.get().await?;
        let ended = conn.query(ENDED, &[&before, &AT_ONCE]).await?;
        if ended.is_empty() {
            return Ok(0);
        }
        let mut changing = Changing::begin(&conn).await?;
        let mut gone = 0;
        for row in &ended {
            let kind: FactKind = codes::fact_kind_of(row.get::<_, i16>(0).into())?;
            let owner = Owner { tenant: row.get(2), world: codes::world_of(row.get::<_, i16>(3).into())? };
            gone += u64::from(changing.delete(&owner, kind, row.get(1)).await?);
        }
        changing.commit(self, None).await?;
        Ok(gone)
    }

    /// Drops the days that lie wholly before; answers how many rows went with them.
    async fn sweep_journal(&self, before: i64) -> Result<u64, StoreError> {
        let days = again!(self, async { self.connections.get().await?.query(DAYS, &[]).await })?;
        let mut gone = 0;
        for row in &days {
            let table: String = row.get(0);
            let Some(day) = day_of(&table) else { continue };
            // A row reaches a little into the next day.
            if (day + 1) * DAY_MS + crate::store::embedded::journal::SPAN_MS > before {
                continue;
            }
            match again!(self, self.drop_day(&table)) {
                Ok(rows) => gone += rows,
                // Somebody reads it for long just now; the rest is swept all the same.
                Err(error) => tracing::warn!(%error, table, "a day of the journal was not taken away"),
            }
            self.days.forget();
        }
        Ok(gone)
    }

    /// Drops one day. Whoever reads or writes the journal just then is waited for, but hardly: all others
    /// wait behind, and the next sweep tries again.
    async fn drop_day(&self, table: &str) -> Result<u64, Failed> {
        let conn = self.connections.get().await?;
        let schema = &self.schema;
        let count = format!("SELECT count(*) FROM {schema}.{table}");
        let rows = conn.text(&count).await?;
        let drop =
            format!("BEGIN; SET LOCAL lock_timeout = '200ms'; DROP TABLE IF EXISTS {schema}.{table}; COMMIT");
        conn.bare(&drop).await?;
        Ok(rows)
    }
}

/// The day of a table of the journal.
fn day_of(table: &str) -> Option<i64> {
    table.strip_prefix("journal_d")?.replace('m', "-").parse().ok()
}

//! Retention: what is over and old is taken away, a little at a time, so that others get their turn.

use super::writer::Tx;
use super::{Embedded, codes, facts, idempotency as idempotency_rows, ledger, sql};
use crate::store::StoreError;
use crate::store::row::{FactKind, Owner, Retention, Swept};
use rusqlite::{OptionalExtension as _, params};
use std::sync::atomic::Ordering;

/// Rows that one change takes away.
const AT_ONCE: i64 = 500;
/// Rows of the journal: each holds up to 256 entries.
const JOURNAL_AT_ONCE: i64 = 32;
/// A list entry that is over stays this long, so that every cache has seen it end by itself.
const ENDED_FACT_MS: i64 = 24 * 3600 * 1000;
/// Reservations that were never settled nor given back stand for longer than any limit's window.
const RESERVATION_MS: i64 = 32 * 24 * 3600 * 1000;

/// Where one kind of row is swept: returns how many it took away, fewer than [`AT_ONCE`] at the end.
type Step = fn(&mut Tx<'_>, i64, &Retention, u64) -> Result<u64, StoreError>;

impl Embedded {
    pub(super) async fn sweep_all(&self, now_ms: i64, keep: &Retention) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        swept.verifications += self.steps(numbers, now_ms, keep, AT_ONCE).await?;
        swept.verifications += self.steps(verifications, now_ms, keep, AT_ONCE).await?;
        swept.journal += self.sweep_journal(now_ms, keep).await?;
        swept.outbox += self.steps(outbox_old, now_ms, keep, AT_ONCE).await?;
        swept.outbox += self.steps(outbox_many, now_ms, keep, AT_ONCE).await?;
        swept.list_entries += self.steps(list_entries, now_ms, keep, AT_ONCE).await?;
        for step in [outcomes, audit, idempotency, reservations, exact] as [Step; 5] {
            swept.other += self.steps(step, now_ms, keep, AT_ONCE).await?;
        }
        Ok(swept)
    }

    async fn steps(
        &self,
        step: Step,
        now_ms: i64,
        keep: &Retention,
        at_once: i64,
    ) -> Result<u64, StoreError> {
        let (mut all, keep, saved) = (0, *keep, self.saved_position());
        loop {
            let n = self.writer.change(move |tx| step(tx, now_ms, &keep, saved)).await?;
            all += n;
            if n < at_once as u64 {
                return Ok(all);
            }
        }
    }

    /// Takes what is too old out of the journal. How large it may grow is minded whenever it grows.
    async fn sweep_journal(&self, now_ms: i64, keep: &Retention) -> Result<u64, StoreError> {
        let n = self.steps(journal, now_ms, keep, JOURNAL_AT_ONCE).await?;
        if n > 0 {
            let bytes = self.writer.change(|tx| super::journal::bytes(tx.conn)).await?;
            self.writer.journal_bytes.store(bytes, Ordering::Relaxed);
        }
        Ok(n)
    }
}

/// Finished verifications lose their number. How far this went is remembered, so that those who lost
/// theirs are not looked at again at every sweep; a day is looked at twice, for clocks that stepped.
fn numbers(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    const TWICE_MS: i64 = 24 * 3600 * 1000;
    let until = now_ms.saturating_sub(keep.numbers_ms);
    let done: Option<i64> = tx
        .prepare("SELECT value FROM meta WHERE name = 'numbers_until_ms'")?
        .query_row([], |row| row.get(0))
        .optional()
        .map_err(sql)?;
    let from = done.map_or(i64::MIN, |done| done.min(until).saturating_sub(TWICE_MS));
    let n = tx.run(
        "UPDATE verifications SET sealed_to = NULL WHERE row IN (SELECT row FROM verifications \
         WHERE finished_ms > ?1 AND finished_ms <= ?2 AND sealed_to IS NOT NULL LIMIT ?3)",
        params![from, until, AT_ONCE],
    )?;
    if n < AT_ONCE as usize {
        tx.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('numbers_until_ms', ?1)", [until])?;
    }
    Ok(n as u64)
}

fn verifications(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let until = now_ms.saturating_sub(keep.verifications_ms);
    let rows: Vec<(i64, [u8; 16])> = tx
        .prepare(
            "SELECT row, number FROM verifications WHERE finished_ms <= ?1 ORDER BY finished_ms, row LIMIT ?2",
        )?
        .query_map(params![until, AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    let late = tx.late;
    for (row, number) in &rows {
        tx.run("DELETE FROM attempts WHERE row BETWEEN ?1 AND ?2", codes::attempt_rows(*row))?;
        tx.run("DELETE FROM verifications WHERE row = ?1", [row])?;
        late.numbers.forget(tx, *row, number)?;
    }
    Ok(rows.len() as u64)
}

/// Looks at the oldest rows alone: rows lie in the order in which they came.
fn journal(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, saved: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM journal WHERE seq IN (SELECT seq FROM (SELECT seq, to_ms FROM journal ORDER BY seq LIMIT ?3) \
         WHERE to_ms < ?1 AND seq <= ?2)",
        params![now_ms.saturating_sub(keep.journal_ms), i64::try_from(saved).unwrap_or(i64::MAX), JOURNAL_AT_ONCE],
    )?;
    Ok(n as u64)
}

/// Drops rows from the oldest on, up to so many bytes. Answers how many, and their bytes.
pub(super) fn drop_oldest(tx: &Tx<'_>, over: u64, saved: u64) -> Result<(u64, u64), StoreError> {
    let rows: Vec<(i64, i64)> = tx
        .prepare("SELECT seq, bytes FROM journal WHERE seq <= ?1 ORDER BY seq LIMIT ?2")?
        .query_map(params![i64::try_from(saved).unwrap_or(i64::MAX), JOURNAL_AT_ONCE], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .and_then(Iterator::collect)
        .map_err(sql)?;
    let (mut n, mut gone) = (0, 0);
    for (seq, bytes) in rows {
        if gone >= over {
            break;
        }
        tx.run("DELETE FROM journal WHERE seq = ?1", [seq])?;
        (n, gone) = (n + 1, gone + bytes as u64);
    }
    Ok((n, gone))
}

fn outbox_old(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM outbox WHERE row IN (SELECT row FROM (SELECT row, at_ms FROM outbox ORDER BY row LIMIT ?2) \
         WHERE at_ms < ?1)",
        params![now_ms.saturating_sub(keep.outbox_ms), AT_ONCE],
    )?;
    Ok(n as u64)
}

/// Of each tenant the newest messages stay.
fn outbox_many(tx: &mut Tx<'_>, _: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM outbox WHERE row IN (SELECT row FROM (SELECT row, row_number() OVER \
         (PARTITION BY tenant, world ORDER BY row DESC) AS place FROM outbox) WHERE place > ?1 LIMIT ?2)",
        params![keep.outbox_rows, AT_ONCE],
    )?;
    Ok(n as u64)
}

fn list_entries(tx: &mut Tx<'_>, now_ms: i64, _: &Retention, _: u64) -> Result<u64, StoreError> {
    let ended: Vec<(i64, String, String, i64)> = tx
        .prepare(
            "SELECT kind, id, tenant, world FROM facts WHERE gone = 0 AND kind IN (?3, ?4) AND expires_ms < ?1 LIMIT ?2",
        )?
        .query_map(
            params![
                now_ms.saturating_sub(ENDED_FACT_MS),
                AT_ONCE,
                codes::fact_kind(FactKind::SafeEntry),
                codes::fact_kind(FactKind::DenyEntry)
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for (kind, id, tenant, world) in &ended {
        let owner = Owner { tenant: tenant.clone(), world: codes::world_of(*world)? };
        facts::delete(tx, &owner, codes::fact_kind_of(*kind)?, id)?;
    }
    Ok(ended.len() as u64)
}

fn outcomes(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM outcomes WHERE row IN (SELECT row FROM (SELECT row, told_ms FROM outcomes ORDER BY row LIMIT ?2) \
         WHERE told_ms < ?1)",
        params![now_ms.saturating_sub(keep.journal_ms), AT_ONCE],
    )?;
    Ok(n as u64)
}

fn audit(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM audit WHERE row IN (SELECT row FROM (SELECT row, at_ms FROM audit ORDER BY row LIMIT ?2) \
         WHERE at_ms < ?1)",
        params![now_ms.saturating_sub(keep.audit_ms), AT_ONCE],
    )?;
    Ok(n as u64)
}

fn idempotency(tx: &mut Tx<'_>, now_ms: i64, keep: &Retention, _: u64) -> Result<u64, StoreError> {
    let rows = tx
        .prepare(
            "SELECT row, name FROM (SELECT row, name, made_ms FROM idempotency ORDER BY row LIMIT ?2) \
             WHERE made_ms < ?1",
        )?
        .query_map(params![now_ms.saturating_sub(keep.idempotency_ms), AT_ONCE], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .and_then(Iterator::collect)
        .map_err(sql)?;
    idempotency_rows::remove_all(tx, rows)
}

fn reservations(tx: &mut Tx<'_>, now_ms: i64, _: &Retention, _: u64) -> Result<u64, StoreError> {
    let n = tx.run(
        "DELETE FROM reservations WHERE row IN (SELECT row FROM (SELECT row, at_ms FROM reservations ORDER BY row \
         LIMIT ?2) WHERE at_ms < ?1)",
        params![now_ms.saturating_sub(RESERVATION_MS), AT_ONCE],
    )?;
    Ok(n as u64)
}

fn exact(tx: &mut Tx<'_>, now_ms: i64, _: &Retention, _: u64) -> Result<u64, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = tx
        .prepare("SELECT row, name FROM exact WHERE until_s < ?1 LIMIT ?2")?
        .query_map(params![i64::from(ledger::seconds(now_ms)), AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    let late = tx.late;
    for (row, name) in &rows {
        tx.run("DELETE FROM exact WHERE row = ?1", [row])?;
        late.exact.forget(tx, *row, name)?;
    }
    Ok(rows.len() as u64)
}

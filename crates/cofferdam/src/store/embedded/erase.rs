//! Erasing a number: from every row that knows it, by its keyed name.
//!
//! Where a judged attempt must go on saying which attempts were of one number, a fresh random name
//! takes the number's place, the same in each row. No decision that was recorded changes.

use super::journal::line::Format;
use super::verifications::{as_list, read_fixed, write_fixed};
use super::writer::Tx;
use super::{Embedded, codes, facts, guesses, idempotency, journal, ledger, limits, sql};
use crate::store::StoreError;
use crate::store::row::{FactKind, Owner, Status, Swept, number_unique};
use cofferdam_engine::Pseudonym;
use cofferdam_engine::limit::LimitScope;
use rusqlite::{Connection, params};

/// Rows of the journal rewritten in one change.
const AT_ONCE: usize = 32;

impl Embedded {
    pub(super) async fn erase_numbers(
        &self,
        numbers: &[(Owner, Pseudonym)],
        fresh: Pseudonym,
    ) -> Result<Swept, StoreError> {
        // Otherwise what is deleted is overwritten only where that costs no further page (`open`), and
        // freed pages keep what they held.
        self.overwrite("PRAGMA secure_delete = ON").await?;
        let swept = self.erase_all(numbers, fresh).await;
        self.overwrite("PRAGMA secure_delete = FAST").await?;
        let swept = swept?;
        // The log still holds the rows as they were: bring it home and empty it.
        self.writer
            .apart(|conn| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(sql))
            .await?;
        Ok(swept)
    }

    async fn overwrite(&self, how: &'static str) -> Result<(), StoreError> {
        self.writer.apart(move |conn| conn.execute_batch(how).map_err(sql)).await
    }

    async fn erase_all(&self, numbers: &[(Owner, Pseudonym)], fresh: Pseudonym) -> Result<Swept, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut swept = Swept::default();
        for (owner, number) in numbers {
            let (owner, number) = (owner.clone(), *number);
            let part = self.writer.change(move |tx| erase(tx, &owner, number, fresh, now_ms)).await?;
            swept.verifications += part.verifications;
            swept.outbox += part.outbox;
            swept.list_entries += part.list_entries;
            swept.other += part.other;
        }
        // What is queued must be on the disk to be found there.
        self.queue.flush().await?;
        for (_, number) in numbers {
            swept.journal += self.erase_from_journal(*number, fresh).await?;
        }
        Ok(swept)
    }

    async fn erase_from_journal(&self, number: Pseudonym, fresh: Pseudonym) -> Result<u64, StoreError> {
        let rows: Vec<i64> = self.read(move |conn| rows_with(conn, number)).await?;
        let mut changed = 0;
        for some in rows.chunks(AT_ONCE) {
            let some = some.to_vec();
            changed += self.writer.change(move |tx| rewrite(tx, &some, number, fresh)).await?;
        }
        Ok(changed)
    }
}

/// The journal's rows that name a number.
fn rows_with(conn: &Connection, number: Pseudonym) -> Result<Vec<i64>, StoreError> {
    let mut rows = conn.prepare("SELECT seq, format, body FROM journal").map_err(sql)?;
    let mut rows = rows.query([]).map_err(sql)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let format = Format::of(row.get(1).map_err(sql)?)?;
        let body: Vec<u8> = row.get(2).map_err(sql)?;
        if names(format, &body, number)? {
            found.push(row.get(0).map_err(sql)?);
        }
    }
    Ok(found)
}

/// Whether a row's body names a number.
pub(in crate::store) fn names(format: Format, body: &[u8], number: Pseudonym) -> Result<bool, StoreError> {
    let name = named(format, number);
    Ok(format.plain(body)?.windows(name.len()).any(|window| window == name))
}

/// A number's name as it stands in a line of the journal. Packed it always has one length, so a fresh
/// one fits into its place; that sixteen other bytes are the same by chance never happens.
fn named(format: Format, number: Pseudonym) -> Vec<u8> {
    match format {
        Format::Json => format!("\"number\":{},", number.0).into_bytes(),
        Format::Packed | Format::Folded | Format::Even | Format::Parted => number.0.to_le_bytes().to_vec(),
    }
}

/// Puts the fresh name in place of the number's; answers how many entries that changed.
fn rewrite(tx: &Tx<'_>, rows: &[i64], number: Pseudonym, fresh: Pseudonym) -> Result<u64, StoreError> {
    let mut changed = 0;
    for seq in rows {
        let (format, body): (i64, Vec<u8>) = tx
            .prepare("SELECT format, body FROM journal WHERE seq = ?1")?
            .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(sql)?;
        let (n, written) = renamed(Format::of(format)?, &body, number, fresh)?;
        changed += n;
        tx.run("UPDATE journal SET body = ?2 WHERE seq = ?1", params![seq, written])?;
    }
    Ok(changed)
}

/// A row's body with the fresh name, and how many entries that changed.
pub(in crate::store) fn renamed(
    format: Format,
    body: &[u8],
    number: Pseudonym,
    fresh: Pseudonym,
) -> Result<(u64, Vec<u8>), StoreError> {
    let (old, new) = (named(format, number), named(format, fresh));
    let body = format.plain(body)?;
    let (mut changed, mut written) = (0, Vec::with_capacity(body.len()));
    for line in format.lines(&body) {
        changed += u64::from(replace(line?, &old, &new, &mut written));
    }
    Ok((changed, journal::folded(format, written)?))
}

/// Copies `from` with `new` for each `old`; says whether there was any.
fn replace(from: &[u8], old: &[u8], new: &[u8], to: &mut Vec<u8>) -> bool {
    let (mut rest, mut any) = (from, false);
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        let (before, after) = rest.split_at(at);
        to.extend_from_slice(before);
        to.extend_from_slice(new);
        rest = after.get(old.len()..).unwrap_or(&[]);
        any = true;
    }
    to.extend_from_slice(rest);
    any
}

fn erase(
    tx: &mut Tx<'_>,
    owner: &Owner,
    number: Pseudonym,
    fresh: Pseudonym,
    now_ms: i64,
) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    let of = (owner.tenant.as_str(), codes::world(owner.world), codes::name(number));
    let late = tx.late;
    let of_number = as_list(&late.numbers.rows(tx.conn, &of.2)?);
    let ids: Vec<(i64, String)> = tx
        .prepare(
            "SELECT row, id FROM verifications WHERE row IN (SELECT value FROM json_each(?4)) \
             AND number = ?3 AND tenant = ?1 AND world = ?2",
        )?
        .query_map(params![of.0, of.1, of.2, of_number], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for (row, id) in &ids {
        forget_limits(tx, *row)?;
        forget_metadata(tx, *row)?;
        forget_answers(tx, id)?;
        late.numbers.rename(tx, *row, &of.2, &codes::name(fresh))?;
    }
    // A pending one can no longer be sent nor resent: it ends with its number.
    swept.verifications = tx.run(
        "UPDATE verifications SET number = ?4, sealed_to = NULL, own_code = NULL, \
         finished_ms = CASE WHEN status IN (0, 1) THEN ?5 ELSE finished_ms END, \
         status = CASE WHEN status IN (0, 1) THEN ?6 ELSE status END \
         WHERE row IN (SELECT value FROM json_each(?7)) AND number = ?3 AND tenant = ?1 AND world = ?2",
        params![of.0, of.1, of.2, codes::name(fresh), now_ms, codes::status(Status::Canceled), of_number],
    )? as u64;
    swept.outbox = tx.run(
        "DELETE FROM outbox WHERE tenant = ?1 AND world = ?2 AND number = ?3",
        params![of.0, of.1, of.2],
    )? as u64;
    for kind in [FactKind::SafeEntry, FactKind::DenyEntry] {
        let entries: Vec<String> = tx
            .prepare("SELECT id FROM facts WHERE tenant = ?1 AND world = ?2 AND kind = ?3 AND uniq = ?4 AND gone = 0")?
            .query_map(params![of.0, of.1, codes::fact_kind(kind), number_unique(number)], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(sql)?;
        for id in &entries {
            facts::delete(tx, owner, kind, id)?;
            forget_answers(tx, id)?;
        }
        swept.list_entries += entries.len() as u64;
    }
    swept.other += u64::from(limits::remove(tx, &guesses::number_row(owner, number))?);
    Ok(swept)
}

/// Stored answers repeat the number: of the start, and of every call about it since.
fn forget_answers(tx: &mut Tx<'_>, subject: &str) -> Result<(), StoreError> {
    let rows = tx
        .prepare("SELECT row, name FROM idempotency WHERE subject = ?1")?
        .query_map([subject], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    idempotency::remove_all(tx, rows).map(|_| ())
}

/// What a caller wrote beside a verification may name the person, or repeat the number.
fn forget_metadata(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    let fixed: Vec<u8> = tx
        .prepare("SELECT fixed FROM verifications WHERE row = ?1")?
        .query_row([row], |row| row.get(0))
        .map_err(sql)?;
    let mut fixed = read_fixed(&fixed)?;
    if fixed.metadata.is_empty() {
        return Ok(());
    }
    fixed.metadata.clear();
    let fixed = write_fixed(&fixed)?;
    tx.run("UPDATE verifications SET fixed = ?2 WHERE row = ?1", params![row, fixed])?;
    Ok(())
}

/// Takes away the number's limits, and their names out of its attempts. Money that stands for them
/// stays in its budget.
fn forget_limits(tx: &mut Tx<'_>, row: i64) -> Result<(), StoreError> {
    let reserved: Vec<(i64, Vec<u8>)> = tx
        .prepare("SELECT row, reserved FROM attempts WHERE row BETWEEN ?1 AND ?2 AND reserved IS NOT NULL")?
        .query_map(codes::attempt_rows(row), |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for (attempt, bytes) in reserved {
        let (limits, rest) = ledger::without_limits(&bytes, LimitScope::Number)?;
        for name in limits {
            limits::remove(tx, &name)?;
        }
        tx.run("UPDATE attempts SET reserved = ?2 WHERE row = ?1", params![attempt, rest])?;
    }
    Ok(())
}

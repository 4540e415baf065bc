//! Idempotency keys: a lease while a call is at work, then its answer for a day.

use super::writer::Tx;
use super::{Embedded, codes, sql};
use crate::store::StoreError;
use crate::store::row::{Idempotency, IdempotencyKey, MovedKey, Owner, StoredAnswer};
use rusqlite::{OptionalExtension as _, params};

/// How long a key is remembered, in milliseconds.
pub(in crate::store) const KEPT_MS: i64 = 24 * 3600 * 1000;

/// The name of a row: each part with its length before it.
pub(in crate::store) fn name(key: &IdempotencyKey) -> Vec<u8> {
    let mut name = vec![codes::world(key.owner.world) as u8];
    for part in [&key.owner.tenant, &key.scopes, &key.key] {
        name.extend_from_slice(&(part.len() as u32).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    name
}

/// The key of a row's name.
pub(in crate::store) fn key_of(name: &[u8]) -> Option<IdempotencyKey> {
    let (world, mut rest) = name.split_first()?;
    let mut part = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (part, later) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = later;
        String::from_utf8(part.to_vec()).ok()
    };
    let (tenant, scopes, key) = (part()?, part()?, part()?);
    let world = codes::world_of(i64::from(*world)).ok()?;
    Some(IdempotencyKey { owner: Owner { tenant, world }, scopes, key })
}

/// Puts a key that another home knew, unless it stands here.
pub(super) fn take_in(tx: &Tx<'_>, moved: &MovedKey) -> Result<bool, StoreError> {
    let name = name(&moved.key);
    if row_of(tx, &name)?.is_some() {
        return Ok(false);
    }
    let answer = moved.answer.as_ref();
    tx.run(
        "INSERT INTO idempotency (row, name, fingerprint, made_ms, lease_until_ms, leased_in, subject, status, \
         content_type, sealed_body) VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?6, ?7, ?8)",
        params![
            tx.late.keys.row(tx.late.keys.key(&name)),
            name,
            moved.fingerprint,
            moved.made_ms,
            moved.subject,
            answer.map(|answer| answer.status),
            answer.map(|answer| &answer.content_type),
            answer.map(|answer| &answer.sealed_body),
        ],
    )?;
    Ok(true)
}

struct Found {
    row: i64,
    fingerprint: [u8; 32],
    made_ms: i64,
    lease_until_ms: i64,
    /// The opening of the store in which it was leased.
    leased_in: i64,
    subject: Option<String>,
    answer: Option<StoredAnswer>,
}

/// The number of the row of a name, if there is one.
fn row_of(tx: &Tx<'_>, name: &[u8]) -> Result<Option<i64>, StoreError> {
    row_with(tx, name, tx.late.keys.key(name))
}

fn row_with(tx: &Tx<'_>, name: &[u8], key: i64) -> Result<Option<i64>, StoreError> {
    for row in tx.late.keys.rows_of(tx.conn, key)? {
        let mut is_it = tx.prepare("SELECT 1 FROM idempotency WHERE row = ?1 AND name = ?2")?;
        if is_it.exists(params![row, name]).map_err(sql)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn find(tx: &Tx<'_>, name: &[u8]) -> Result<Option<Found>, StoreError> {
    let Some(row) = row_of(tx, name)? else { return Ok(None) };
    tx.prepare(
        "SELECT fingerprint, made_ms, lease_until_ms, subject, status, content_type, sealed_body, leased_in, row \
         FROM idempotency WHERE row = ?1",
    )?
    .query_row([row], |row| {
        let status: Option<u16> = row.get(4)?;
        let answer = if let Some(status) = status {
            Some(StoredAnswer {
                status,
                content_type: row.get(5)?,
                sealed_body: row.get(6)?,
                // Whoever repeats it need not know.
                about: None,
            })
        } else {
            None
        };
        Ok(Found {
            row: row.get(8)?,
            fingerprint: row.get(0)?,
            made_ms: row.get(1)?,
            lease_until_ms: row.get(2)?,
            leased_in: row.get(7)?,
            subject: row.get(3)?,
            answer,
        })
    })
    .optional()
    .map_err(sql)
}

fn begin(
    tx: &mut Tx<'_>,
    name: &[u8],
    fingerprint: [u8; 32],
    at_ms: i64,
    lease_ms: i64,
) -> Result<Idempotency, StoreError> {
    let lease_until_ms = at_ms.saturating_add(lease_ms);
    let found = find(tx, name)?;
    // A day old is as good as never seen. So is one of a clock that has been set back by a day.
    let young = |found: &Found| (at_ms - found.made_ms).abs() < KEPT_MS;
    let Some(found) = found else {
        put(tx, name, fingerprint, at_ms, lease_until_ms)?;
        return Ok(Idempotency::Fresh);
    };
    if !young(&found) {
        remove(tx, found.row, name)?;
        put(tx, name, fingerprint, at_ms, lease_until_ms)?;
        return Ok(Idempotency::Fresh);
    }
    if found.fingerprint != fingerprint {
        return Ok(Idempotency::Mismatch);
    }
    if let Some(answer) = found.answer {
        return Ok(Idempotency::Answered(answer));
    }
    // A lease of an earlier opening has nobody at it: whoever took it went with that process. One that
    // ends further ahead than any lease lasts is of a clock that was set back.
    let held = found.leased_in == tx.opening;
    if held && found.lease_until_ms > at_ms && found.lease_until_ms <= lease_until_ms {
        return Ok(Idempotency::Running);
    }
    tx.run(
        "UPDATE idempotency SET lease_until_ms = ?2, leased_in = ?3 WHERE row = ?1",
        params![found.row, lease_until_ms, tx.opening],
    )?;
    Ok(found.subject.map_or(Idempotency::Fresh, |subject| Idempotency::Orphan { subject }))
}

fn put(
    tx: &Tx<'_>,
    name: &[u8],
    fingerprint: [u8; 32],
    at_ms: i64,
    lease_until_ms: i64,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO idempotency (row, name, fingerprint, made_ms, lease_until_ms, leased_in) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            tx.late.keys.row(tx.late.keys.key(name)),
            name,
            fingerprint,
            at_ms,
            lease_until_ms,
            tx.opening
        ],
    )?;
    Ok(())
}

fn remove(tx: &mut Tx<'_>, row: i64, name: &[u8]) -> Result<(), StoreError> {
    tx.run("DELETE FROM idempotency WHERE row = ?1", [row])?;
    let late = tx.late;
    late.keys.forget(tx, row, name)
}

/// Takes away rows that a statement names by number, with their entries in the index.
pub(super) fn remove_all(tx: &mut Tx<'_>, rows: Vec<(i64, Vec<u8>)>) -> Result<u64, StoreError> {
    let n = rows.len() as u64;
    rows.into_iter().try_for_each(|(row, name)| remove(tx, row, &name))?;
    Ok(n)
}

/// A key's row, looked up once for what is asked of it in one transaction.
pub(super) struct Key {
    name: Vec<u8>,
    /// What its name is indexed by.
    indexed: i64,
    row: Option<i64>,
}

/// What was already made under this key.
pub(super) fn subject(tx: &Tx<'_>, key: &IdempotencyKey) -> Result<(Key, Option<String>), StoreError> {
    let name = name(key);
    let indexed = tx.late.keys.key(&name);
    let Some(row) = row_with(tx, &name, indexed)? else {
        return Ok((Key { name, indexed, row: None }, None));
    };
    let subject = tx
        .prepare("SELECT subject FROM idempotency WHERE row = ?1")?
        .query_row([row], |row| row.get(0))
        .map_err(sql)?;
    Ok((Key { name, indexed, row: Some(row) }, subject))
}

/// Notes what was made under this key, in the transaction that makes it.
pub(super) fn set_subject(tx: &Tx<'_>, key: &Key, subject: &str, at_ms: i64) -> Result<(), StoreError> {
    if let Some(row) = key.row {
        tx.run("UPDATE idempotency SET subject = ?2 WHERE row = ?1", params![row, subject])?;
        return Ok(());
    }
    // Swept, or never begun: the key must stand all the same, or the next call makes a second one.
    tx.run(
        "INSERT INTO idempotency (row, name, fingerprint, made_ms, lease_until_ms, leased_in, subject) \
         VALUES (?1, ?2, zeroblob(32), ?4, 0, ?5, ?3)",
        params![tx.late.keys.row(key.indexed), key.name, subject, at_ms, tx.opening],
    )?;
    Ok(())
}

impl Embedded {
    pub(super) async fn take_key(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError> {
        let name = name(key);
        self.writer.change(move |tx| begin(tx, &name, fingerprint, at_ms, lease_ms)).await
    }

    pub(super) async fn end_key(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError> {
        let name = name(key);
        self.writer
            .change(move |tx| {
                let Some(row) = row_of(tx, &name)? else { return Ok(()) };
                if let Some(answer) = answer {
                    tx.run(
                        "UPDATE idempotency SET status = ?2, content_type = ?3, sealed_body = ?4, \
                         subject = coalesce(subject, ?5) WHERE row = ?1",
                        params![row, answer.status, answer.content_type, answer.sealed_body, answer.about],
                    )?;
                    return Ok(());
                }
                // What was made stays known under the key, or the next call makes another.
                tx.run("UPDATE idempotency SET lease_until_ms = 0 WHERE row = ?1 AND status IS NULL", [row])?;
                let made_nothing = tx
                    .prepare(
                        "SELECT 1 FROM idempotency WHERE row = ?1 AND status IS NULL AND subject IS NULL",
                    )?
                    .exists([row])
                    .map_err(sql)?;
                if made_nothing { remove(tx, row, &name) } else { Ok(()) }
            })
            .await
    }
}

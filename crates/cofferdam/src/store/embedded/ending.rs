//! How verifications end, other than by a guess: canceled, superseded, failed, blocked, over in time.

use super::writer::Tx;
use super::{Embedded, codes, sql, verifications};
use crate::store::StoreError;
use crate::store::row::{Owner, Status, Verification};
use rusqlite::params;

/// Rows that one change ends: the next change has its turn in between.
const AT_ONCE: usize = 500;

/// Sets the status of the verification in `row`; an ended one has a moment and keeps no code of the caller's.
pub(super) fn become_status(tx: &Tx<'_>, row: i64, status: Status, at_ms: i64) -> Result<(), StoreError> {
    let status_code = codes::status(status);
    if codes::open(status) {
        tx.run("UPDATE verifications SET status = ?2 WHERE row = ?1", [row, status_code])?;
    } else {
        tx.run(
            "UPDATE verifications SET status = ?2, finished_ms = ?3, own_code = NULL, outstanding = 0 \
             WHERE row = ?1",
            [row, status_code, at_ms],
        )?;
    }
    Ok(())
}

/// Ends it if it can still change.
pub(super) fn end_if_open(
    tx: &Tx<'_>,
    owner: &Owner,
    id: &str,
    status: Status,
    at_ms: i64,
) -> Result<Option<Status>, StoreError> {
    let found = verifications::one(tx.conn, owner, id, tx.opening)?;
    let Some((row, v)) = found else { return Ok(None) };
    if codes::open(v.status) {
        become_status(tx, row, status, at_ms)?;
    }
    Ok(Some(v.status))
}

/// Cancels pending verifications of the same number and profile, for the one that takes their place.
pub(super) fn supersede(tx: &Tx<'_>, v: &Verification) -> Result<(), StoreError> {
    let of_number = verifications::as_list(&tx.late.numbers.rows(tx.conn, &codes::name(v.number))?);
    tx.run(
        "UPDATE verifications SET status = ?6, finished_ms = ?5, own_code = NULL, outstanding = 0 \
         WHERE row IN (SELECT value FROM json_each(?7)) AND number = ?1 AND tenant = ?2 AND world = ?3 AND profile = ?4 AND status IN (0, 1)",
        params![
            codes::name(v.number),
            v.owner.tenant,
            codes::world(v.owner.world),
            v.fixed.profile,
            v.created_ms,
            codes::status(Status::Canceled),
            of_number,
        ],
    )?;
    Ok(())
}

impl Embedded {
    pub(super) async fn end_by_caller(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, StoreError> {
        let (owner, id) = (owner.clone(), id.to_owned());
        let was = self
            .writer
            .change(move |tx| {
                let found = verifications::one(tx.conn, &owner, &id, tx.opening)?;
                let Some((_, v)) = found else { return Ok(None) };
                if codes::open(v.status) && v.expires_ms <= at_ms {
                    return Ok(Some(Status::Expired));
                }
                end_if_open(tx, &owner, &id, Status::Canceled, at_ms)
            })
            .await?;
        Ok(was.map(|was| if codes::open(was) { Ok(()) } else { Err(was) }))
    }

    pub(super) async fn block_unchallenged(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let (owner, id) = (owner.clone(), id.to_owned());
        self.writer
            .change(move |tx| {
                let found = verifications::one(tx.conn, &owner, &id, tx.opening)?;
                let unchallenged = found.filter(|(_, v)| v.status == Status::ChallengeRequired);
                let Some((row, _)) = unchallenged else { return Ok(false) };
                become_status(tx, row, Status::Blocked, at_ms)?;
                Ok(true)
            })
            .await
    }

    pub(super) async fn end_over(
        &self,
        now_ms: i64,
        queued_before_ms: i64,
    ) -> Result<(u64, bool), StoreError> {
        self.writer.change(move |tx| end_over(tx, now_ms, queued_before_ms)).await
    }
}

fn end_over(tx: &Tx<'_>, now_ms: i64, queued_before_ms: i64) -> Result<(u64, bool), StoreError> {
    let limit = AT_ONCE as i64;
    let ids: Vec<i64> = tx
        .prepare(
            "SELECT row FROM verifications WHERE status IN (0, 1) AND expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2",
        )?
        .query_map(params![now_ms, limit], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(sql)?;
    for row in &ids {
        // Who used up all guesses and never heard the end of it had too many, whatever the time.
        tx.run(
            "UPDATE verifications SET own_code = NULL, outstanding = 0, finished_ms = min(expires_ms, ?2), \
             status = CASE WHEN status = 0 AND checks_left = 0 THEN ?3 ELSE ?4 END WHERE row = ?1",
            params![row, now_ms, codes::status(Status::TooManyChecks), codes::status(Status::Expired)],
        )?;
    }
    // Handed over and never answered for: unknown, and never sent again by itself. What was reserved
    // for it stays, since it may have been sent.
    let attempts = tx.run(
        "UPDATE attempts SET status = 6 WHERE row IN \
         (SELECT row FROM attempts WHERE status = 0 AND at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        params![queued_before_ms, limit],
    )?;
    let more = ids.len() >= AT_ONCE || attempts >= AT_ONCE;
    Ok(((ids.len() + attempts) as u64, more))
}

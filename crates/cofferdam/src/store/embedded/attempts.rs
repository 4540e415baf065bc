//! Further attempts of a verification, and what the providers said of them.

use super::journal::line::Line;
use super::ledger::{self, Made};
use super::verifications::{self, put_attempt};
use super::writer::Tx;
use super::{Embedded, codes, ending, idempotency, sql};
use crate::store::StoreError;
use crate::store::row::{Again, AgainAnswer, AttemptStatus, HandOver, Owner, Status};
use rusqlite::{OptionalExtension as _, params};
use std::sync::Arc;

impl Embedded {
    pub(super) async fn once_more(&self, again: Again) -> Result<AgainAnswer, StoreError> {
        let line = Arc::new(self.bases.known(Line::of(&again.journal.entry, again.journal.marks.clone())?));
        let basis = line.basis();
        let answer = self.writer.change(move |tx| once_more(tx, again, line)).await?;
        if let (AgainAnswer::Made, Some(basis)) = (&answer, basis) {
            self.bases.put(basis);
        }
        Ok(answer)
    }

    pub(super) async fn over(
        &self,
        owner: &Owner,
        attempt: &str,
        over: HandOver,
    ) -> Result<bool, StoreError> {
        let (owner, attempt, now_ms) = (owner.clone(), attempt.to_owned(), self.clock.now_ms());
        self.writer.change(move |tx| handed_over(tx, &owner, &attempt, over, now_ms)).await
    }
}

fn once_more(tx: &mut Tx<'_>, again: Again, line: Arc<Line>) -> Result<AgainAnswer, StoreError> {
    let Again { owner, mut attempt, from_status, to_status, resend_at_ms, at_ms, reservations, .. } = again;
    let mut key = None;
    if let Some(asked) = &again.idempotency {
        let (found, made) = idempotency::subject(tx, asked)?;
        if let Some(made) = made {
            return Ok(AgainAnswer::Taken(made));
        }
        key = Some(found);
    }
    let found = verifications::one(tx.conn, &owner, &attempt.verification, tx.opening)?;
    let Some((row, v)) = found else { return Ok(AgainAnswer::Unknown) };
    if v.status != from_status {
        return Ok(AgainAnswer::Finished(v.status));
    }
    if v.expires_ms <= at_ms {
        return Ok(AgainAnswer::Finished(Status::Expired));
    }
    // The first attempt after a challenge is no resend and has no moment to wait for.
    if from_status == Status::Pending && v.resend_at_ms > at_ms {
        return Ok(AgainAnswer::TooSoon { at_ms: v.resend_at_ms });
    }
    if let Some(last) = v.attempts.last() {
        attempt.ordinal = last.ordinal + 1;
    }
    if i64::from(attempt.ordinal) >= codes::ATTEMPTS {
        // Nobody has that many in the time of a verification; its rows have no room for more.
        return Ok(AgainAnswer::TooSoon { at_ms: v.expires_ms });
    }
    let reserved = match ledger::reserve(tx, &owner, at_ms, &reservations)? {
        Made::Refused(refusal) => return Ok(AgainAnswer::Refused(refusal)),
        Made::Reserved(reserved) => reserved,
    };
    put_attempt(tx, row, &attempt, reserved.as_deref())?;
    tx.run("UPDATE verifications SET resend_at_ms = ?2 WHERE row = ?1", [row, resend_at_ms])?;
    if to_status != from_status {
        ending::become_status(tx, row, to_status, at_ms)?;
    }
    if let Some(key) = &key {
        idempotency::set_subject(tx, key, &attempt.verification, at_ms)?;
    }
    tx.journal(line);
    Ok(AgainAnswer::Made)
}

fn handed_over(
    tx: &mut Tx<'_>,
    owner: &Owner,
    attempt: &str,
    over: HandOver,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let found: Option<(i64, String, i64)> = tx
        .prepare(
            "SELECT a.row, v.id, a.status FROM attempts AS a JOIN verifications AS v ON v.row = a.row >> 10 \
             WHERE a.moment = ?4 AND a.id = ?1 AND v.tenant = ?2 AND v.world = ?3",
        )?
        .query_row(params![attempt, owner.tenant, codes::world(owner.world), codes::moment(attempt)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()
        .map_err(sql)?;
    // The tallies were changed already, whatever is found here.
    tx.marks(over.marks);
    let Some((row, verification, status)) = found else { return Ok(false) };
    let queued = codes::attempt_status_of(status)? == AttemptStatus::Queued;
    let status = if queued { codes::attempt_status(over.status) } else { status };
    // What was told first stands; what was not told yet is filled in.
    tx.run(
        "UPDATE attempts SET status = ?2, provider = coalesce(provider, ?3), reference = coalesce(reference, ?4), \
         price_micros = coalesce(price_micros, ?5), currency = coalesce(currency, ?6) WHERE row = ?1",
        params![row, status, over.provider, over.reference, over.price_micros, over.currency],
    )?;
    if !queued {
        return Ok(false);
    }
    match over.status {
        AttemptStatus::Failed => {
            ledger::release(tx, owner, attempt)?;
        }
        AttemptStatus::Sent => ledger::settle(tx, owner, attempt, over.price_micros)?,
        _ => {}
    }
    if over.verification_failed {
        ending::end_if_open(tx, owner, &verification, Status::Failed, now_ms)?;
    }
    Ok(true)
}

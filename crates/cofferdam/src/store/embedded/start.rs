//! Beginning a verification: everything of it in one transaction, or nothing.

use super::journal::line::Line;
use super::ledger::{self, Made};
use super::verifications::{Written, as_list, put_attempt};
use super::writer::Tx;
use super::{Embedded, codes, ending, idempotency, sql};
use crate::store::StoreError;
use crate::store::row::{Restart, Start, Started, Status, Verification};
use rusqlite::{OptionalExtension as _, params};
use std::sync::Arc;

impl Embedded {
    pub(super) async fn begin(&self, start: Start) -> Result<Started, StoreError> {
        let Start { verification, reservations, journal, restart, idempotency } = start;
        let line = Arc::new(self.bases.known(Line::of(&journal.entry, journal.marks)?));
        let basis = line.basis();
        let written = Written::of(verification)?;
        let made = self
            .writer
            .change_whole(move |tx| {
                let v = &written.v;
                let mut key = None;
                if let Some(asked) = &idempotency {
                    let (found, made) = idempotency::subject(tx, asked)?;
                    if let Some(made) = made {
                        return Ok(Started::Taken(made));
                    }
                    key = Some(found);
                }
                if let Some(pending) = in_its_way(tx, v, restart)? {
                    return Ok(Started::Pending(pending));
                }
                let mut reserved = match ledger::reserve(tx, &v.owner, v.created_ms, &reservations)? {
                    Made::Refused(refusal) => return Ok(Started::Refused(refusal)),
                    Made::Reserved(reserved) => reserved,
                };
                if restart == Restart::Supersede && v.status == Status::Pending {
                    ending::supersede(tx, v)?;
                }
                let row = written.put(tx)?;
                for attempt in &v.attempts {
                    put_attempt(tx, row, attempt, reserved.take().as_deref())?;
                }
                if let Some(key) = &key {
                    idempotency::set_subject(tx, key, &v.id, v.created_ms)?;
                }
                tx.journal(line);
                Ok(Started::Made)
            })
            .await?;
        if let (Started::Made, Some(basis)) = (&made, basis) {
            self.bases.put(basis);
        }
        Ok(made)
    }
}

/// A pending verification of the same number and profile, where `restart` minds it.
fn in_its_way(tx: &Tx<'_>, v: &Verification, restart: Restart) -> Result<Option<String>, StoreError> {
    if !matches!(restart, Restart::Conflict | Restart::Resend) {
        return Ok(None);
    }
    let of_number = as_list(&tx.late.numbers.rows(tx.conn, &codes::name(v.number))?);
    tx.prepare(
        "SELECT id FROM verifications WHERE row IN (SELECT value FROM json_each(?7)) AND number = ?1 AND tenant = ?2 AND world = ?3 AND profile = ?4 \
         AND status = 0 AND expires_ms > ?5 AND (checks_left > 0 OR (outstanding > 0 AND paid_in = ?6)) \
         ORDER BY id DESC LIMIT 1",
    )?
    .query_row(
        params![
            codes::name(v.number),
            v.owner.tenant,
            codes::world(v.owner.world),
            v.fixed.profile,
            v.created_ms,
            tx.opening,
            of_number,
        ],
        |row| row.get(0),
    )
    .optional()
    .map_err(sql)
}

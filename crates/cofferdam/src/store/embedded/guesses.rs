//! Guesses: paid before they are compared, settled afterwards.
//!
//! Paying is a transaction of its own, and the only one that lowers `checks_left`; nothing ever
//! raises it. So never more than the allowed guesses are compared, whatever races, resends or
//! crashes lie between paying and settling.

use super::ending::become_status;
use super::writer::Tx;
use super::{Embedded, codes, ledger, limits, sql, verifications};
use crate::store::StoreError;
use crate::store::row::{Guess, Owner, Status};
use crate::store::tallies::Marks;
use cofferdam_engine::Pseudonym;
use cofferdam_engine::limit::LimitScope;
use rusqlite::{OptionalExtension as _, params};
use std::sync::Arc;

/// The row in which wrong guesses against a number are counted.
pub(in crate::store) fn number_row(owner: &Owner, number: Pseudonym) -> Vec<u8> {
    limits::name(owner, LimitScope::NumberChecks, number.0 as u64)
}

impl Embedded {
    pub(super) async fn pay(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        windows_s: [u32; 3],
    ) -> Result<Guess, StoreError> {
        let (owner, id) = (owner.clone(), id.to_owned());
        self.writer.change(move |tx| pay(tx, &owner, &id, at_ms, windows_s)).await
    }

    pub(super) async fn settle_paid(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError> {
        let (owner, id) = (owner.clone(), id.to_owned());
        self.writer
            .change(move |tx| {
                tx.marks(marks);
                settle(tx, &owner, &id, right, at_ms)
            })
            .await
    }

    pub(super) async fn against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError> {
        let name = number_row(owner, number);
        let late = Arc::clone(&self.late);
        self.read(move |conn| {
            let buckets = limits::read(conn, &late, &name)?.buckets;
            Ok(windows_s.map(|window_s| {
                let seen = buckets.seen(window_s, at_s);
                (seen, buckets.frees_in_s(window_s, at_s, seen.max(1)))
            }))
        })
        .await
    }
}

fn pay(tx: &Tx<'_>, owner: &Owner, id: &str, at_ms: i64, windows_s: [u32; 3]) -> Result<Guess, StoreError> {
    let found = verifications::one(tx.conn, owner, id, tx.opening)?;
    let Some((row, mut v)) = found else { return Ok(Guess::Unknown) };
    match v.status {
        Status::Pending => {}
        Status::TooManyChecks => return Ok(Guess::NoneLeft(Box::new(v))),
        Status::Expired => return Ok(Guess::Expired(Box::new(v))),
        _ => return Ok(Guess::Finished(Box::new(v))),
    }
    if v.expires_ms <= at_ms {
        v.status = Status::Expired;
        return Ok(Guess::Expired(Box::new(v)));
    }
    if v.checks_left == 0 {
        v.status = Status::TooManyChecks;
        return Ok(Guess::NoneLeft(Box::new(v)));
    }
    if let Some(check_at_ms) = v.check_at_ms.filter(|check_at_ms| *check_at_ms > at_ms) {
        return Ok(Guess::TooSoon { at_ms: check_at_ms });
    }
    tx.run(
        "UPDATE verifications SET checks_left = checks_left - 1, \
         outstanding = CASE WHEN paid_in = ?2 THEN outstanding ELSE 0 END + 1, paid_in = ?2 WHERE row = ?1",
        [row, tx.opening],
    )?;
    let name = number_row(owner, v.number);
    let at_s = ledger::seconds(at_ms);
    let mut standing = limits::read(tx.conn, tx.late, &name)?;
    if !standing.buckets.add(windows_s, at_s).is_empty() {
        limits::write(tx, &name, standing, at_s)?;
    }
    v.checks_left -= 1;
    Ok(Guess::Paid(Box::new(v)))
}

/// What is looked at of a verification as a guess is settled: status, guesses left and outstanding, in which
/// opening they were paid, number, beginning, row.
type Paid = (i64, u32, i64, i64, [u8; 16], i64, i64);

fn settle(tx: &Tx<'_>, owner: &Owner, id: &str, right: bool, at_ms: i64) -> Result<bool, StoreError> {
    let found: Option<Paid> = tx
        .prepare(
            "SELECT status, checks_left, outstanding, paid_in, number, created_ms, row FROM verifications \
             WHERE space = ?4 AND moment = ?5 AND tenant = ?1 AND world = ?2 AND id = ?3",
        )?
        .query_row(
            params![owner.tenant, codes::world(owner.world), id, codes::space(owner), codes::moment(id)],
            |row| {
                let number = row.get(4)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, number, row.get(5)?, row.get(6)?))
            },
        )
        .optional()
        .map_err(sql)?;
    let Some((status, checks_left, outstanding, paid_in, number, created_ms, row)) = found else {
        return Ok(false);
    };
    let pending = codes::status_of(status)? == Status::Pending;
    let compared = if paid_in == tx.opening { outstanding } else { 0 };
    if !pending || compared == 0 {
        // It ended while the guess was compared, or nobody paid: nothing is approved by it.
        return Ok(false);
    }
    if right {
        become_status(tx, row, Status::Approved, at_ms)?;
        let name = number_row(owner, codes::name_of(number));
        let mut standing = limits::read(tx.conn, tx.late, &name)?;
        if !standing.buckets.0.is_empty() {
            standing.buckets.take_oldest(ledger::seconds(created_ms));
            limits::write(tx, &name, standing, ledger::seconds(at_ms))?;
        }
        return Ok(true);
    }
    if checks_left == 0 && compared == 1 {
        become_status(tx, row, Status::TooManyChecks, at_ms)?;
    } else {
        tx.run("UPDATE verifications SET outstanding = ?2 WHERE row = ?1", [row, compared - 1])?;
    }
    Ok(false)
}

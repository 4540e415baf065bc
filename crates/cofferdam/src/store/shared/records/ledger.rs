//! What is reserved, spent and given back by itself: for callers who send by themselves, and for prices
//! that come later. Within an intent it is [`super::start`] and [`super::attempts`] that reserve.
//!
//! An attempt's reservations stand as one value in its own row (or in a row of `reservations`). Giving
//! back takes that value away, so it happens once.

use super::book::{Book, Made, Wanted, lock_of, world};
use super::conn::{Round, Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::ledger::{Reserved, torn};
use crate::store::row::{Owner, Refusal, Reservation};

/// Kind of the lock of an attempt that reserves by itself.
const ATTEMPT: u8 = 5;

const IN_ATTEMPT: &str = "SELECT reserved FROM attempts WHERE id = $1 AND tenant = $2 AND world = $3";
const ALONE: &str = "SELECT reserved FROM reservations WHERE attempt = $1 AND tenant = $2 AND world = $3";
const PUT_ATTEMPT: &str = "UPDATE attempts SET reserved = $4 WHERE id = $1 AND tenant = $2 AND world = $3";
const PUT_ALONE: &str =
    "UPDATE reservations SET reserved = $4 WHERE attempt = $1 AND tenant = $2 AND world = $3";
const END_ALONE: &str = "DELETE FROM reservations WHERE attempt = $1 AND tenant = $2 AND world = $3";
const BEGIN_ALONE: &str =
    "INSERT INTO reservations (attempt, tenant, world, reserved, at_ms) VALUES ($1, $2, $3, $4, $5)";
const LOCK_ATTEMPT: &str =
    "SELECT reserved FROM attempts WHERE id = $1 AND tenant = $2 AND world = $3 FOR UPDATE";
const LOCK_ALONE: &str =
    "SELECT reserved FROM reservations WHERE attempt = $1 AND tenant = $2 AND world = $3 FOR UPDATE";

/// What stands for an attempt, from its row.
pub(super) fn read(bytes: &[u8]) -> Result<Reserved, StoreError> {
    Reserved::read(bytes).ok_or_else(torn)
}

/// What stood was changed by another between reading it and locking it.
pub(super) fn moved() -> Failed {
    Failed::Again(StoreError::Away("too many wanted the same at once".into()))
}

/// What becomes of what stands.
#[derive(Debug, Clone, Copy)]
enum Change {
    Release,
    Settle(Option<i64>),
}

impl Postgres {
    pub(super) async fn reserve_alone(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, StoreError> {
        again!(self, self.reserve_once(owner, attempt, at_ms, what))
    }

    async fn reserve_once(
        &self,
        owner: &Owner,
        attempt: &str,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Result<(), Refusal>, Failed> {
        let (attempt, world) = (plain(attempt), world(owner));
        let mut wanted = Wanted::default();
        wanted.reservations(owner, what);
        wanted.locks.insert(lock_of(ATTEMPT, attempt.as_bytes()));
        let values = wanted.asked();
        let mut steps = values.steps().to_vec();
        steps.push(Step::new(IN_ATTEMPT, &[&attempt, &owner.tenant, &world]));
        steps.push(Step::new(ALONE, &[&attempt, &owner.tenant, &world]));
        let conn = self.connections.get().await?;
        let rows = conn.together(Round::Begin, &steps).await?;
        let [_, limits, spend, in_attempt, alone] = &rows[..] else { return Err(super::nothing().into()) };
        let stands = in_attempt.first().is_some_and(|row| row.get::<_, Option<&[u8]>>(0).is_some());
        if stands || !alone.is_empty() {
            return conn.undo().await.map(|()| Ok(()));
        }
        let mut book = Book::read(limits, spend)?;
        let bytes = match book.reserve(owner, at_ms, what)? {
            Made::Refused(refusal) => return conn.undo().await.map(|()| Err(refusal)),
            Made::Reserved(None) => return conn.undo().await.map(|()| Ok(())),
            Made::Reserved(Some(bytes)) => bytes,
        };
        let written = book.written();
        let mut steps = vec![Step::new(BEGIN_ALONE, &[&attempt, &owner.tenant, &world, &bytes, &at_ms])];
        written.add_to(&mut steps);
        conn.together(Round::Commit, &steps).await?;
        Ok(Ok(()))
    }

    pub(super) async fn give_back(&self, owner: &Owner, attempt: &str) -> Result<(), StoreError> {
        again!(self, self.change_once(owner, attempt, Change::Release))
    }

    pub(super) async fn put_right(
        &self,
        owner: &Owner,
        attempt: &str,
        price: Option<i64>,
    ) -> Result<(), StoreError> {
        again!(self, self.change_once(owner, attempt, Change::Settle(price)))
    }

    async fn change_once(&self, owner: &Owner, attempt: &str, change: Change) -> Result<(), Failed> {
        let (attempt, world) = (plain(attempt), world(owner));
        let conn = self.connections.get().await?;
        let steps = [
            Step::new(IN_ATTEMPT, &[&attempt, &owner.tenant, &world]),
            Step::new(ALONE, &[&attempt, &owner.tenant, &world]),
        ];
        let seen = conn.together(Round::Plain, &steps).await?;
        let at = |n: usize| {
            seen.get(n).and_then(|rows| rows.first()).and_then(|row| row.get::<_, Option<Vec<u8>>>(0))
        };
        let (seen, lock, in_attempt) = match (at(0), at(1)) {
            (Some(bytes), _) => (bytes, LOCK_ATTEMPT, true),
            (None, Some(bytes)) => (bytes, LOCK_ALONE, false),
            (None, None) => return Ok(()),
        };
        let mut reserved = read(&seen)?;
        if reserved.spent && matches!(change, Change::Release) {
            return Ok(());
        }
        let mut wanted = Wanted::default();
        wanted.reserved(owner, &reserved);
        let values = wanted.asked();
        let mut steps = values.steps().to_vec();
        steps.push(Step::new(lock, &[&attempt, &owner.tenant, &world]));
        let rows = conn.together(Round::Begin, &steps).await?;
        let [_, limits, spend, found] = &rows[..] else { return Err(super::nothing().into()) };
        let stands = found.first().and_then(|row| row.get::<_, Option<Vec<u8>>>(0));
        if stands.as_ref() != Some(&seen) {
            conn.undo().await?;
            return Err(moved());
        }
        let mut book = Book::read(limits, spend)?;
        let left = match change {
            Change::Release => {
                book.release(owner, &reserved)?;
                None
            }
            Change::Settle(price) => {
                book.settle(owner, &mut reserved, price);
                Some(reserved.bytes()?)
            }
        };
        let written = book.written();
        let mut steps = Vec::with_capacity(3);
        written.add_to(&mut steps);
        steps.push(match (&left, in_attempt) {
            (_, true) => Step::new(PUT_ATTEMPT, &[&attempt, &owner.tenant, &world, &left]),
            (Some(_), false) => Step::new(PUT_ALONE, &[&attempt, &owner.tenant, &world, &left]),
            (None, false) => Step::new(END_ALONE, &[&attempt, &owner.tenant, &world]),
        });
        conn.together(Round::Commit, &steps).await?;
        Ok(())
    }
}

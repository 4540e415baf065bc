//! Guesses: paid before they are compared, settled afterwards.
//!
//! Paying holds the verification's row and is the only change that lowers `checks_left`; nothing ever
//! raises it. So never more than the allowed guesses are compared, over all nodes and whatever crashes
//! lie between paying and settling.

use super::book::{Book, Wanted, world};
use super::conn::{Conn, Round, Step, again};
use super::ending::Become;
use super::failure::Failed;
use super::verifications::{self, compared};
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::guesses::number_row;
use crate::store::embedded::ledger::seconds;
use crate::store::embedded::limits::{Buckets, read_buckets};
use crate::store::row::{Guess, Owner, Status, Verification};
use crate::store::tallies::Marks;
use cofferdam_engine::Pseudonym;

const PAY: &str = "UPDATE verifications SET checks_left = checks_left - 1, outstanding = $2, paid_ms = greatest(paid_ms, $3) \
     WHERE id = $1";
const PAID: &str = "SELECT status, checks_left, outstanding, paid_ms, number, created_ms FROM verifications \
     WHERE id = $1 AND tenant = $2 AND world = $3 FOR UPDATE";
const WRONG: &str = "UPDATE verifications SET outstanding = $2 WHERE id = $1";
const AGAINST: &str = "SELECT buckets FROM exact WHERE name = $1";

impl Postgres {
    pub(super) async fn pay(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        windows_s: [u32; 3],
    ) -> Result<Guess, StoreError> {
        again!(self, self.pay_once(owner, id, at_ms, windows_s))
    }

    async fn pay_once(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
        windows_s: [u32; 3],
    ) -> Result<Guess, Failed> {
        let conn = self.connections.get().await?;
        let (_, found) = verifications::locked(&conn, &[], owner, id, at_ms).await?;
        let (mut v, outstanding) = match payable(found, at_ms) {
            Ok(paid) => paid,
            Err(told) => {
                conn.undo().await?;
                return Ok(*told);
            }
        };
        let outstanding = outstanding + 1;
        let pay = Step::new(PAY, &[&v.id, &outstanding, &at_ms]);
        let name = number_row(owner, v.number);
        let mut book = read_number(&conn, &name).await?;
        let at_s = seconds(at_ms);
        if windows_s.iter().any(|window_s| *window_s > 0) {
            book.change_limit(&name, at_s, |buckets| drop(buckets.add(windows_s, at_s)));
        }
        let written = book.written();
        let mut steps = vec![pay];
        written.add_to(&mut steps);
        conn.together(Round::Commit, &steps).await?;
        v.checks_left -= 1;
        Ok(Guess::Paid(Box::new(v)))
    }

    pub(super) async fn settle_paid(
        &self,
        owner: &Owner,
        id: &str,
        right: bool,
        at_ms: i64,
        marks: Marks,
    ) -> Result<bool, StoreError> {
        let done = again!(self, self.settle_once(owner, id, right, at_ms))?;
        self.note_marks(marks);
        Ok(done)
    }

    async fn settle_once(&self, owner: &Owner, id: &str, right: bool, at_ms: i64) -> Result<bool, Failed> {
        let (id, world) = (plain(id), world(owner));
        let conn = self.connections.get().await?;
        let steps = [Step::new(PAID, &[&id, &owner.tenant, &world])];
        let found = conn.together(Round::Begin, &steps).await?.pop().unwrap_or_default();
        let Some(row) = found.first() else { return conn.undo().await.map(|()| false) };
        let pending = codes::status_of(row.get::<_, i16>(0).into())? == Status::Pending;
        let (checks_left, compared): (i32, i32) = (row.get(1), compared(row.get(2), row.get(3), at_ms));
        if !pending || compared == 0 {
            // It ended while the guess was compared, or nobody paid: nothing is approved by it.
            return conn.undo().await.map(|()| false);
        }
        if !right {
            let left = compared - 1;
            let end = Become::of(&id, Status::TooManyChecks, at_ms);
            let step =
                if checks_left == 0 && left == 0 { end.step() } else { Step::new(WRONG, &[&id, &left]) };
            conn.together(Round::Commit, &[step]).await?;
            return Ok(false);
        }
        let number: &[u8] = row.get(4);
        let number = number.try_into().map_err(|_| StoreError::Unreadable("a number's name".into()))?;
        let created_ms: i64 = row.get(5);
        let name = number_row(owner, codes::name_of(number));
        let mut book = read_number(&conn, &name).await?;
        if book.stands(&name) {
            book.change_limit(&name, seconds(at_ms), |buckets| buckets.take_oldest(seconds(created_ms)));
        }
        let written = book.written();
        let end = Become::of(&id, Status::Approved, at_ms);
        let mut steps = vec![end.step()];
        written.add_to(&mut steps);
        conn.together(Round::Commit, &steps).await?;
        Ok(true)
    }

    pub(super) async fn against(
        &self,
        owner: &Owner,
        number: Pseudonym,
        windows_s: [u32; 3],
        at_s: u32,
    ) -> Result<[(u32, u32); 3], StoreError> {
        let name = number_row(owner, number);
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(AGAINST, &[&name]).await
        })?;
        let torn = || StoreError::Unreadable("the buckets of an exact limit".into());
        let buckets = match rows.first() {
            Some(row) => Buckets(read_buckets(row.get(0)).ok_or_else(torn)?),
            None => Buckets::default(),
        };
        Ok(windows_s.map(|window_s| {
            let seen = buckets.seen(window_s, at_s);
            (seen, buckets.frees_in_s(window_s, at_s, seen.max(1)))
        }))
    }
}

/// The verification whose guess may be paid, and how many are being compared; or what is told instead.
fn payable(found: Option<(Verification, i32)>, at_ms: i64) -> Result<(Verification, i32), Box<Guess>> {
    let Some((mut v, outstanding)) = found else { return Err(Box::new(Guess::Unknown)) };
    let told = |guess: fn(Box<Verification>) -> Guess, v| Err(Box::new(guess(Box::new(v))));
    match v.status {
        Status::Pending => {}
        Status::TooManyChecks => return told(Guess::NoneLeft, v),
        Status::Expired => return told(Guess::Expired, v),
        _ => return told(Guess::Finished, v),
    }
    if v.expires_ms <= at_ms {
        v.status = Status::Expired;
        return told(Guess::Expired, v);
    }
    if v.checks_left == 0 {
        v.status = Status::TooManyChecks;
        return told(Guess::NoneLeft, v);
    }
    if let Some(check_at_ms) = v.check_at_ms.filter(|check_at_ms| *check_at_ms > at_ms) {
        return Err(Box::new(Guess::TooSoon { at_ms: check_at_ms }));
    }
    Ok((v, outstanding))
}

/// The row of wrong guesses against a number, under its lock.
async fn read_number(conn: &Conn, name: &[u8]) -> Result<Book, Failed> {
    let mut wanted = Wanted::default();
    wanted.limit(name.to_vec());
    let values = wanted.asked();
    let [lock, limits, _] = values.steps();
    let rows = conn.together(Round::Plain, &[lock, limits]).await?;
    Ok(Book::read(rows.get(1).map_or(&[], Vec::as_slice), &[])?)
}

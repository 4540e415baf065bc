//! Further attempts of a verification, and what the providers said of them.

use super::book::{Book, KEY, Made, Wanted, lock_of, world};
use super::conn::{Round, Step, again};
use super::failure::Failed;
use super::rows::{AttemptColumns, KeyColumns};
use super::start::KEYS;
use super::{Postgres, ending, journal, ledger, plain, verifications};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::idempotency::name as key_name;
use crate::store::embedded::journal::line::Line;
use crate::store::embedded::ledger::Reserved;
use crate::store::row::{Again, AgainAnswer, AttemptStatus, HandOver, Owner, Status};
use std::sync::Arc;

const MOVE: &str = "UPDATE verifications SET resend_at_ms = $2 WHERE id = $1";

/// What was told first stands; what was not told yet is filled in. Once it was told of it is in nobody's hands.
const OVER: &str = "UPDATE attempts SET status = $2::smallint, provider = coalesce(provider, $3), \
     reference = coalesce(reference, $4), price_micros = coalesce(price_micros, $5), \
     currency = coalesce(currency, $6), reserved = $7, life = CASE WHEN $2::smallint = 0 THEN life END WHERE id = $1";
const ATTEMPT: &str =
    "SELECT verification, status, reserved FROM attempts WHERE id = $1 AND tenant = $2 AND world = $3";
const ATTEMPT_LOCKED: &str = "SELECT verification, status, reserved, life FROM attempts \
     WHERE id = $1 AND tenant = $2 AND world = $3 FOR UPDATE";

impl Postgres {
    pub(super) async fn once_more(&self, again: Again) -> Result<AgainAnswer, StoreError> {
        let line = self.bases.known(Line::of(&again.journal.entry, again.journal.marks.clone())?);
        again!(self, self.once_more_once(&again, &line))
    }

    async fn once_more_once(&self, asked: &Again, line: &Line) -> Result<AgainAnswer, Failed> {
        self.days.ensure(self, std::iter::once(line.view())).await?;
        let owner = &asked.owner;
        let mut wanted = Wanted::default();
        wanted.reservations(owner, &asked.reservations);
        let key = asked.idempotency.as_ref().map(key_name);
        wanted.locks.extend(key.iter().map(|key| lock_of(KEY, key)));
        let (values, keys) = (wanted.asked(), Vec::from_iter(&key));
        let [lock, limits, spend] = values.steps();
        let steps = [lock, limits, spend, Step::new(KEYS, &[&keys])];
        let conn = self.connections.get().await?;
        let id = &asked.attempt.verification;
        let (rows, found) = verifications::locked(&conn, &steps, owner, id, asked.at_ms).await?;
        let [_, limits, spend, made] = &rows[..] else { return Err(super::nothing().into()) };
        let refused = match &found {
            _ if !made.is_empty() => made.first().map(|row| AgainAnswer::Taken(row.get(1))),
            None => Some(AgainAnswer::Unknown),
            Some((v, _)) if v.status != asked.from_status => Some(AgainAnswer::Finished(v.status)),
            Some((v, _)) if v.expires_ms <= asked.at_ms => Some(AgainAnswer::Finished(Status::Expired)),
            // The first attempt after a challenge is no resend and has no moment to wait for.
            Some((v, _)) if asked.from_status == Status::Pending && v.resend_at_ms > asked.at_ms => {
                Some(AgainAnswer::TooSoon { at_ms: v.resend_at_ms })
            }
            Some((v, _)) if v.attempts.len() as i64 >= codes::ATTEMPTS - 1 => {
                Some(AgainAnswer::TooSoon { at_ms: v.expires_ms })
            }
            Some(_) => None,
        };
        if let Some(answer) = refused {
            conn.undo().await?;
            return Ok(answer);
        }
        let mut book = Book::read(limits, spend)?;
        let reserved = match book.reserve(owner, asked.at_ms, &asked.reservations)? {
            Made::Refused(refusal) => {
                conn.undo().await?;
                return Ok(AgainAnswer::Refused(refusal));
            }
            Made::Reserved(reserved) => reserved,
        };
        let mut attempt = asked.attempt.clone();
        if let Some(last) = found.and_then(|(v, _)| v.attempts.last().map(|last| last.ordinal)) {
            attempt.ordinal = last + 1;
        }
        let mut attempts = AttemptColumns::of(self.life.current());
        attempts.add(owner, &attempt, reserved.as_deref());
        let lines = [line.view()];
        let rows = journal::rows(&lines, self.clock.now_ms())?;
        let written = book.written();
        let mut steps = vec![Step::new(MOVE, &[&attempt.verification, &asked.resend_at_ms])];
        written.add_to(&mut steps);
        attempts.add_to(&mut steps);
        let mut made = KeyColumns::default();
        if let Some(key) = &key {
            made.add(key, &attempt.verification, asked.at_ms);
        }
        made.add_to(&mut steps);
        rows.add_to(&mut steps);
        let end = ending::Become::of(&attempt.verification, asked.to_status, asked.at_ms);
        if asked.to_status != asked.from_status {
            steps.push(end.step());
        }
        conn.together(Round::Commit, &steps).await?;
        if let Some(basis) = &line.basis {
            self.bases.put(Arc::clone(basis));
        }
        Ok(AgainAnswer::Made)
    }

    pub(super) async fn over(
        &self,
        owner: &Owner,
        attempt: &str,
        over: HandOver,
    ) -> Result<bool, StoreError> {
        let done = again!(self, self.over_once(owner, attempt, &over))?;
        // The tallies were changed already, whatever was found here.
        self.note_marks(over.marks);
        Ok(done)
    }

    async fn over_once(&self, owner: &Owner, attempt: &str, over: &HandOver) -> Result<bool, Failed> {
        let (attempt, world) = (plain(attempt), world(owner));
        let conn = self.connections.get().await?;
        // What stands reserved says which locks to take, and they are taken before the row is.
        let seen = conn.query(ATTEMPT, &[&attempt, &owner.tenant, &world]).await?;
        let Some(row) = seen.first() else { return Ok(false) };
        let seen: Option<Vec<u8>> = row.get(2);
        let mut reserved = seen.as_deref().map(ledger::read).transpose()?;
        let ends = matches!(over.status, AttemptStatus::Failed | AttemptStatus::Sent);
        let mut wanted = Wanted::default();
        if let Some(reserved) = reserved.as_ref().filter(|_| ends) {
            wanted.reserved(owner, reserved);
        }
        let values = wanted.asked();
        let mut steps = values.steps().to_vec();
        steps.push(Step::new(ATTEMPT_LOCKED, &[&attempt, &owner.tenant, &world]));
        let rows = conn.together(Round::Begin, &steps).await?;
        let [_, limits, spend, found] = &rows[..] else { return Err(super::nothing().into()) };
        let Some(row) = found.first() else { return conn.undo().await.map(|()| false) };
        let (verification, status, stands): (String, i16, Option<Vec<u8>>) =
            (row.get(0), row.get(1), row.get(2));
        if stands != seen {
            conn.undo().await?;
            return Err(ledger::moved());
        }
        let was = codes::attempt_status_of(status.into())?;
        let queued = was == AttemptStatus::Queued;
        // Settled without its node, which comes back and knows better.
        let settled = was == AttemptStatus::Unknown && row.get::<_, Option<i64>>(3).is_some();
        let tells = queued || settled;
        let status = if tells { codes::attempt_status(over.status) as i16 } else { status };
        let mut book = Book::read(limits, spend)?;
        let left = match (over.status, &mut reserved) {
            (AttemptStatus::Failed, Some(standing)) if tells && !standing.spent => {
                book.release(owner, standing)?;
                None
            }
            (AttemptStatus::Sent, Some(standing)) if tells => {
                book.settle(owner, standing, over.price_micros);
                Some(Reserved::bytes(standing)?)
            }
            _ => seen,
        };
        let (provider, reference) =
            (over.provider.as_deref().map(plain), over.reference.as_deref().map(plain));
        let written = book.written();
        let mut steps = vec![Step::new(
            OVER,
            &[&attempt, &status, &provider, &reference, &over.price_micros, &over.currency, &left],
        )];
        written.add_to(&mut steps);
        let end = ending::EndOpen::of(owner, &verification, Status::Failed, self.clock.now_ms());
        if queued && over.verification_failed {
            steps.push(end.step());
        }
        conn.together(Round::Commit, &steps).await?;
        Ok(tells)
    }
}

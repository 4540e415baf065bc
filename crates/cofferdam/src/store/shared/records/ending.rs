//! How verifications end, other than by a guess: canceled, failed, blocked, over in time.

use super::book::world;
use super::conn::{Round, Step, again};
use super::failure::Failed;
use super::{Postgres, life, plain, verifications};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::row::{Owner, Status};

/// Rows that one change ends: the next change has its turn in between.
const AT_ONCE: i64 = 500;
/// An attempt that is queued for less may be on its way on another node, whatever is asked.
const QUEUED_MS: i64 = 5 * 60 * 1000;

const OPEN: &str = "UPDATE verifications SET status = $2 WHERE id = $1 AND $3::bigint IS NOT NULL";
/// An ended one has a moment and keeps no code of the caller's.
const END: &str =
    "UPDATE verifications SET status = $2, finished_ms = $3, own_code = NULL, outstanding = 0 WHERE id = $1";
const END_OPEN: &str = "UPDATE verifications SET status = $2, finished_ms = $3, own_code = NULL, outstanding = 0 \
     WHERE id = $1 AND tenant = $4 AND world = $5 AND status IN (0, 1)";
const BLOCK: &str = "UPDATE verifications SET status = $2, finished_ms = $3, own_code = NULL, outstanding = 0 \
     WHERE id = $1 AND tenant = $4 AND world = $5 AND status = 1 RETURNING 1";
/// Who used up all guesses and never heard the end of it had too many, whatever the time.
const OVER: &str = "WITH over AS (SELECT id FROM verifications WHERE status IN (0, 1) AND expires_ms <= $1 \
     ORDER BY expires_ms LIMIT $2 FOR UPDATE SKIP LOCKED) \
     UPDATE verifications AS v SET own_code = NULL, outstanding = 0, finished_ms = least(expires_ms, $1), \
     status = CASE WHEN status = 0 AND checks_left = 0 THEN 7 ELSE 4 END \
     FROM over WHERE v.id = over.id RETURNING 1";
/// Handed over and never answered for: unknown, and never sent again by itself. What was reserved for it
/// stays, since it may have been sent. Whoever had it has had his time, and is not heard any more.
const UNANSWERED: &str = "WITH over AS (SELECT id FROM attempts WHERE status = 0 AND at_ms < $1 \
     ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED) \
     UPDATE attempts AS a SET status = 6, life = NULL FROM over WHERE a.id = over.id RETURNING 1";

/// A verification that comes to another status.
pub(super) struct Become<'a> {
    id: &'a str,
    status: i16,
    at_ms: i64,
    open: bool,
}

impl<'a> Become<'a> {
    pub(super) fn of(id: &'a str, status: Status, at_ms: i64) -> Self {
        Self { id, status: codes::status(status) as i16, at_ms, open: codes::open(status) }
    }

    pub(super) fn step(&self) -> Step<'_> {
        Step::new(if self.open { OPEN } else { END }, &[&self.id, &self.status, &self.at_ms])
    }
}

/// A verification that ends if it can still change.
pub(super) struct EndOpen<'a> {
    id: &'a str,
    owner: &'a Owner,
    world: i16,
    status: i16,
    at_ms: i64,
}

impl<'a> EndOpen<'a> {
    pub(super) fn of(owner: &'a Owner, id: &'a str, status: Status, at_ms: i64) -> Self {
        Self { id, owner, world: world(owner), status: codes::status(status) as i16, at_ms }
    }

    pub(super) fn step(&self) -> Step<'_> {
        Step::new(END_OPEN, &[&self.id, &self.status, &self.at_ms, &self.owner.tenant, &self.world])
    }
}

impl Postgres {
    pub(super) async fn end_by_caller(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, StoreError> {
        again!(self, self.end_once(owner, id, at_ms))
    }

    async fn end_once(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<Option<Result<(), Status>>, Failed> {
        let conn = self.connections.get().await?;
        let (_, found) = verifications::locked(&conn, &[], owner, id, at_ms).await?;
        let answer = match &found {
            None => None,
            Some((v, _)) if !codes::open(v.status) => Some(Err(v.status)),
            Some((v, _)) if v.expires_ms <= at_ms => Some(Err(Status::Expired)),
            Some(_) => Some(Ok(())),
        };
        if answer == Some(Ok(())) {
            let id = plain(id);
            let end = Become::of(&id, Status::Canceled, at_ms);
            conn.together(Round::Commit, &[end.step()]).await?;
        } else {
            conn.undo().await?;
        }
        Ok(answer)
    }

    pub(super) async fn block_unchallenged(
        &self,
        owner: &Owner,
        id: &str,
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let (id, world, status) = (plain(id), world(owner), codes::status(Status::Blocked) as i16);
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.change(BLOCK, &[&id, &status, &at_ms, &owner.tenant, &world]).await
        })?;
        Ok(!rows.is_empty())
    }

    pub(super) async fn end_over(
        &self,
        now_ms: i64,
        queued_before_ms: i64,
    ) -> Result<(u64, bool), StoreError> {
        let queued_before_ms = queued_before_ms.min(now_ms.saturating_sub(QUEUED_MS));
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            let steps = [
                Step::new(OVER, &[&now_ms, &AT_ONCE]),
                Step::new(UNANSWERED, &[&queued_before_ms, &AT_ONCE]),
                Step::new(life::UNANSWERED, &[&AT_ONCE]),
            ];
            conn.together(Round::Whole, &steps).await
        })?;
        let most = rows.iter().map(Vec::len).max().unwrap_or(0);
        Ok((rows.iter().map(|rows| rows.len() as u64).sum(), most as i64 >= AT_ONCE))
    }
}

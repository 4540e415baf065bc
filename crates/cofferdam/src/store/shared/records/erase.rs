//! Erasing a number: from every row that knows it, by its keyed name.
//!
//! Where a judged attempt must go on saying which attempts were of one number, a fresh random name takes
//! the number's place, the same in each row. What the server keeps of rows that were changed goes with
//! its own vacuum and log: `docs/decisions/0012-records-in-postgresql.md`.

use super::Postgres;
use super::book::world;
use super::conn::{Round, Step, again};
use super::facts::Changing;
use super::failure::Failed;
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::erase::{names, renamed};
use crate::store::embedded::guesses::number_row;
use crate::store::embedded::journal::line::Format;
use crate::store::embedded::ledger::without_limits;
use crate::store::embedded::verifications::{read_fixed, write_fixed};
use crate::store::row::{FactKind, Owner, Status, Swept, number_unique};
use cofferdam_engine::Pseudonym;
use cofferdam_engine::limit::LimitScope;

/// Rows of the journal looked at in one change.
const AT_ONCE: i64 = 64;

const OF_NUMBER: &str = "SELECT id, fixed FROM verifications WHERE number = $1 AND tenant = $2 AND world = $3 \
     ORDER BY id FOR UPDATE";
/// A pending one can no longer be sent nor resent: it ends with its number.
const ERASE: &str = "UPDATE verifications AS v SET number = $3, sealed_to = NULL, own_code = NULL, fixed = w.fixed, \
     outstanding = CASE WHEN status IN (0, 1) THEN 0 ELSE outstanding END, \
     finished_ms = CASE WHEN status IN (0, 1) THEN $4 ELSE finished_ms END, \
     status = CASE WHEN status IN (0, 1) THEN $5 ELSE status END \
     FROM unnest($1::text[], $2::bytea[]) AS w (id, fixed) WHERE v.id = w.id";
const RESERVED: &str = "SELECT id, reserved FROM attempts WHERE verification = ANY($1::text[]) AND reserved IS NOT NULL \
     FOR UPDATE";
const UNRESERVE: &str = "UPDATE attempts AS a SET reserved = w.reserved FROM unnest($1::text[], $2::bytea[]) \
     AS w (id, reserved) WHERE a.id = w.id";
const NO_LIMITS: &str = "DELETE FROM exact WHERE name = ANY($1::bytea[])";
const NO_LIMIT: &str = "DELETE FROM exact WHERE name = $1 RETURNING 1";
const NO_ANSWERS: &str = "DELETE FROM idempotency WHERE subject = ANY($1::text[])";
const NO_MESSAGES: &str = "DELETE FROM outbox WHERE tenant = $1 AND world = $2 AND number = $3 RETURNING 1";
const ENTRIES: &str = "SELECT kind, id FROM facts WHERE tenant = $1 AND world = $2 AND kind IN (3, 4) AND uniq = $3 AND NOT gone";
const JOURNAL: &str = "SELECT seq, format, body FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2";
const REWRITE: &str = "UPDATE journal SET body = $2 WHERE seq = $1";

impl Postgres {
    pub(super) async fn erase_numbers(
        &self,
        numbers: &[(Owner, Pseudonym)],
        fresh: Pseudonym,
    ) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        for (owner, number) in numbers {
            let part = again!(self, self.erase_once(owner, *number, fresh))?;
            swept.verifications += part.verifications;
            swept.outbox += part.outbox;
            swept.list_entries += part.list_entries;
            swept.other += part.other;
        }
        // What is queued must be in the database to be found there.
        self.queue.flush().await?;
        for (_, number) in numbers {
            let mut after = 0;
            while let Some((n, last)) = again!(self, self.rewrite_once(after, *number, fresh))? {
                swept.journal += n;
                after = last;
            }
        }
        Ok(swept)
    }

    async fn erase_once(&self, owner: &Owner, number: Pseudonym, fresh: Pseudonym) -> Result<Swept, Failed> {
        let (name, world, now_ms) = (codes::name(number).to_vec(), world(owner), self.clock.now_ms());
        let conn = self.connections.get().await?;
        // Facts first: whoever changes them waits for nobody else's rows.
        let mut changing = Changing::begin(&conn).await?;
        let mut swept = Swept::default();
        let mut subjects: Vec<String> = Vec::new();
        for row in conn.query(ENTRIES, &[&owner.tenant, &world, &number_unique(number)]).await? {
            let kind: FactKind = codes::fact_kind_of(row.get::<_, i16>(0).into())?;
            swept.list_entries += u64::from(changing.delete(owner, kind, row.get(1)).await?);
            subjects.push(row.get(1));
        }
        let rows = conn.query(OF_NUMBER, &[&name, &owner.tenant, &world]).await?;
        let (mut ids, mut fixed) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in &rows {
            // What a caller wrote beside a verification may name the person, or repeat the number.
            let mut kept = read_fixed(row.get(1))?;
            kept.metadata.clear();
            ids.push(row.get::<_, String>(0));
            fixed.push(write_fixed(&kept)?);
        }
        swept.verifications = ids.len() as u64;
        subjects.extend(ids.iter().cloned());
        // The number's limits go, and their names out of its attempts. Money that stands for them stays.
        let (mut attempts, mut left, mut limits) = (Vec::new(), Vec::new(), Vec::new());
        for row in conn.query(RESERVED, &[&ids]).await? {
            let (gone, rest) = without_limits(row.get(1), LimitScope::Number)?;
            attempts.push(row.get::<_, String>(0));
            left.push(rest);
            limits.extend(gone);
        }
        let (fresh, canceled) = (codes::name(fresh).to_vec(), codes::status(Status::Canceled) as i16);
        let checks = number_row(owner, number);
        let steps = [
            Step::new(ERASE, &[&ids, &fixed, &fresh, &now_ms, &canceled]),
            Step::new(UNRESERVE, &[&attempts, &left]),
            Step::new(NO_LIMITS, &[&limits]),
            Step::new(NO_ANSWERS, &[&subjects]),
            Step::new(NO_MESSAGES, &[&owner.tenant, &world, &name]),
            Step::new(NO_LIMIT, &[&checks]),
        ];
        let done = conn.together(Round::Plain, &steps).await?;
        swept.outbox = done.get(4).map_or(0, Vec::len) as u64;
        swept.other = done.get(5).map_or(0, Vec::len) as u64;
        changing.commit(self, None).await?;
        Ok(swept)
    }

    /// Puts the fresh name in place of the number's in some rows of the journal; none: it is at its end.
    async fn rewrite_once(
        &self,
        after: i64,
        number: Pseudonym,
        fresh: Pseudonym,
    ) -> Result<Option<(u64, i64)>, Failed> {
        let conn = self.connections.get().await?;
        let rows = conn.query(JOURNAL, &[&after, &AT_ONCE]).await?;
        let (mut changed, mut written) = (0, Vec::new());
        for row in &rows {
            let format = Format::of(row.get::<_, i16>(1).into())?;
            let body: &[u8] = row.get(2);
            if names(format, body, number)? {
                let (n, body) = renamed(format, body, number, fresh)?;
                changed += n;
                written.push((row.get::<_, i64>(0), body));
            }
        }
        let steps: Vec<Step<'_>> =
            written.iter().map(|(seq, body)| Step::new(REWRITE, &[seq, body])).collect();
        if !steps.is_empty() {
            conn.together(Round::Whole, &steps).await?;
        }
        Ok(rows.last().map(|row| (changed, row.get(0))))
    }
}

//! Verifications and their attempts as rows, and reading them.

use super::book::world;
use super::conn::{Conn, Round, Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::verifications::{LOOKED_AT, Ordered, read_fixed};
use crate::store::row::{AttemptRow, Owner, Page, PageAsk, Status, Verification, VerificationFilter};
use cofferdam_engine::Pseudonym;
use std::collections::HashMap;
use tokio_postgres::Row;

/// A paid guess that nobody settled for so long was its node's last: it is compared no more.
pub(super) const COMPARED_MS: i64 = 120_000;

/// The columns of a verification, in the order in which [`of_row`] reads them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant, world, number, status, created_ms, expires_ms, checks_left, check_at_ms, \
             resend_at_ms, finished_ms, sealed_to, own_code, fixed, outstanding, paid_ms FROM verifications ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE id = $1 AND tenant = $2 AND world = $3");
const ONE_LOCKED: &str = select!("WHERE id = $1 AND tenant = $2 AND world = $3 FOR UPDATE");
const ATTEMPTS: &str = "SELECT verification, id, ordinal, channel, status, at_ms, provider, reference, price_micros, \
     currency, assessment FROM attempts WHERE verification = ANY($1::text[]) ORDER BY verification, ordinal";
const ATTEMPTS_OF: &str = "SELECT verification, id, ordinal, channel, status, at_ms, provider, reference, \
     price_micros, currency, assessment FROM attempts WHERE verification = $1 ORDER BY ordinal";

/// A number's name from a row.
fn name_of(bytes: &[u8]) -> Result<Pseudonym, StoreError> {
    let bytes = bytes.try_into().map_err(|_| StoreError::Unreadable("a number's name".into()))?;
    Ok(codes::name_of(bytes))
}

/// How many guesses are being compared.
pub(super) fn compared(outstanding: i32, paid_ms: i64, now_ms: i64) -> i32 {
    if now_ms.saturating_sub(paid_ms) < COMPARED_MS { outstanding } else { 0 }
}

/// A verification as it stands, without its attempts, and how many guesses of it are being compared. All
/// guesses used and none being compared any more is `too_many_checks`, also where a node died in between.
pub(super) fn of_row(row: &Row, now_ms: i64) -> Result<(Verification, i32), StoreError> {
    let mut fixed = read_fixed(row.get(13))?;
    let number = name_of(row.get(3))?;
    fixed.sealed_to = row.get(11);
    fixed.own_code = row.get(12);
    fixed.attempt.place.number = number;
    let mut verification = Verification {
        id: row.get(0),
        owner: Owner { tenant: row.get(1), world: codes::world_of(row.get::<_, i16>(2).into())? },
        number,
        status: codes::status_of(row.get::<_, i16>(4).into())?,
        created_ms: row.get(5),
        expires_ms: row.get(6),
        checks_left: row.get::<_, i32>(7) as u32,
        check_at_ms: row.get(8),
        resend_at_ms: row.get(9),
        finished_ms: row.get(10),
        fixed,
        attempts: Vec::new(),
    };
    let compared = compared(row.get(14), row.get(15), now_ms);
    if verification.status == Status::Pending && verification.checks_left == 0 && compared == 0 {
        verification.status = Status::TooManyChecks;
        verification.fixed.own_code = None;
    }
    Ok((verification, compared))
}

pub(super) fn attempt_of(row: &Row) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        verification: row.get(0),
        id: row.get(1),
        ordinal: row.get::<_, i32>(2) as u32,
        channel: codes::channel_of(row.get::<_, i16>(3).into())?,
        status: codes::attempt_status_of(row.get::<_, i16>(4).into())?,
        at_ms: row.get(5),
        provider: row.get(6),
        reference: row.get(7),
        price_micros: row.get(8),
        currency: row.get(9),
        assessment: row.get(10),
    })
}

/// One verification, locked until the transaction ends, with its attempts and how many guesses of it are
/// being compared. A transaction begins with it, behind these steps.
pub(super) async fn locked(
    conn: &Conn,
    before: &[Step<'_>],
    owner: &Owner,
    id: &str,
    now_ms: i64,
) -> Result<(Vec<Vec<Row>>, Option<(Verification, i32)>), Failed> {
    let (id, world) = (plain(id), world(owner));
    let mut steps: Vec<Step<'_>> = before.to_vec();
    steps.push(Step::new(ONE_LOCKED, &[&id, &owner.tenant, &world]));
    steps.push(Step::new(ATTEMPTS_OF, &[&id]));
    let mut rows = conn.together(Round::Begin, &steps).await?;
    let attempts = rows.pop().unwrap_or_default();
    let found = rows.pop().unwrap_or_default();
    let Some(row) = found.first() else { return Ok((rows, None)) };
    let (mut v, compared) = of_row(row, now_ms)?;
    v.attempts = attempts.iter().map(attempt_of).collect::<Result<_, _>>()?;
    Ok((rows, Some((v, compared))))
}

impl Postgres {
    pub(super) async fn get(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError> {
        again!(self, self.get_once(owner, id))
    }

    async fn get_once(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, Failed> {
        let conn = self.connections.get().await?;
        let (id, world) = (plain(id), world(owner));
        let steps = [Step::new(ONE, &[&id, &owner.tenant, &world]), Step::new(ATTEMPTS_OF, &[&id])];
        let rows = conn.together(Round::Plain, &steps).await?;
        let [found, attempts] = &rows[..] else { return Ok(None) };
        let Some(row) = found.first() else { return Ok(None) };
        let (mut v, _) = of_row(row, self.clock.now_ms())?;
        v.attempts = attempts.iter().map(attempt_of).collect::<Result<_, _>>()?;
        Ok(Some(v))
    }

    pub(super) async fn list(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError> {
        again!(self, self.list_once(owner, filter, &Ordered::of(page)))
    }

    async fn list_once(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        order: &Ordered,
    ) -> Result<Page<Verification>, Failed> {
        // A status may be derived in reading, so it is compared after reading; then one page looks at so
        // many rows and says where to go on.
        let most = if filter.status.is_some() { LOOKED_AT } else { order.limit + 1 } as i64;
        let (after, world) = (plain(&order.after), world(owner));
        let since = filter.since_ms.unwrap_or(i64::MIN);
        let number = filter.number.map(codes::name);
        let number = number.as_ref().map(|name| &name[..]);
        let conn = self.connections.get().await?;
        let rows = match (number, order.descending) {
            (None, false) => conn.query(UP, &[&owner.tenant, &world, &after, &since, &most]).await?,
            (None, true) => conn.query(DOWN, &[&owner.tenant, &world, &after, &since, &most]).await?,
            (Some(n), false) => {
                conn.query(UP_OF, &[&owner.tenant, &world, &after, &since, &most, &n]).await?
            }
            (Some(n), true) => {
                conn.query(DOWN_OF, &[&owner.tenant, &world, &after, &since, &most, &n]).await?
            }
        };
        let now_ms = self.clock.now_ms();
        let (mut found, mut last) = (Vec::new(), None);
        for row in &rows {
            let (verification, _) = of_row(row, now_ms)?;
            last = Some(verification.id.clone());
            if filter.status.is_none_or(|status| status == verification.status) {
                found.push(verification);
            }
            if found.len() > order.limit {
                break;
            }
        }
        let short = filter.status.is_some() && rows.len() >= LOOKED_AT && found.len() <= order.limit;
        let mut page = order.page(found, |v: &Verification| v.id.as_str());
        if short {
            page.next = last;
        }
        let ids: Vec<&str> = page.rows.iter().map(|v| v.id.as_str()).collect();
        let mut attempts: HashMap<String, Vec<AttemptRow>> = HashMap::new();
        for row in conn.query(ATTEMPTS, &[&ids]).await? {
            let attempt = attempt_of(&row)?;
            attempts.entry(attempt.verification.clone()).or_default().push(attempt);
        }
        for v in &mut page.rows {
            v.attempts = attempts.remove(&v.id).unwrap_or_default();
        }
        Ok(page)
    }
}

const UP: &str =
    select!("WHERE tenant = $1 AND world = $2 AND id > $3 AND created_ms >= $4 ORDER BY id LIMIT $5");
const DOWN: &str =
    select!("WHERE tenant = $1 AND world = $2 AND id < $3 AND created_ms >= $4 ORDER BY id DESC LIMIT $5");
const UP_OF: &str = select!(
    "WHERE number = $6 AND tenant = $1 AND world = $2 AND id > $3 AND created_ms >= $4 ORDER BY id LIMIT $5"
);
const DOWN_OF: &str = select!(
    "WHERE number = $6 AND tenant = $1 AND world = $2 AND id < $3 AND created_ms >= $4 ORDER BY id DESC LIMIT $5"
);

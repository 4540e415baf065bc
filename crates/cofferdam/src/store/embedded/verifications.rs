//! Verifications and their attempts as rows, and reading them. Changing them: [`super::start`],
//! [`super::attempts`], [`super::guesses`], [`super::ending`].

use super::codes;
use super::journal::pack::{Reals, pack};
use super::journal::unpack::unpack;
use super::late::Late;
use super::writer::Tx;
use super::{Embedded, sql};
use crate::store::StoreError;
use crate::store::row::{
    AttemptRow, Owner, Page, PageAsk, Status, Verification, VerificationFilter, VerificationFixed,
};
use cofferdam_engine::Pseudonym;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::sync::Arc;

/// The columns of a verification, in the order in which [`of_row`] reads them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant, world, number, status, created_ms, expires_ms, checks_left, check_at_ms, \
             resend_at_ms, finished_ms, sealed_to, own_code, fixed, outstanding, paid_in, row FROM verifications ",
            $rest
        )
    };
}

/// A row as it was read, before what must be looked at more closely.
struct Raw {
    verification: Verification,
    outstanding: i64,
    paid_in: i64,
    row: i64,
}

/// What is written for a verification, made before its turn at the writer.
pub(in crate::store) struct Written {
    pub(in crate::store) v: Verification,
    pub(in crate::store) fixed: Vec<u8>,
    space: i64,
    moment: i64,
}

impl Written {
    /// Takes out of the fixed part what has a column of its own since it can go, and packs the rest.
    pub(in crate::store) fn of(mut v: Verification) -> Result<Self, StoreError> {
        let number = v.fixed.attempt.place.number;
        let (sealed_to, own_code) = (v.fixed.sealed_to.take(), v.fixed.own_code.take());
        v.fixed.attempt.place.number = Pseudonym(0);
        let fixed = write_fixed(&v.fixed)?;
        (v.fixed.sealed_to, v.fixed.own_code, v.fixed.attempt.place.number) = (sealed_to, own_code, number);
        if !codes::open(v.status) {
            v.fixed.own_code = None;
            v.finished_ms = v.finished_ms.or(Some(v.created_ms));
        }
        Ok(Self { space: codes::space(&v.owner), moment: codes::moment(&v.id), v, fixed })
    }

    /// Writes the verification, and says where; its attempts are written by [`put_attempt`].
    pub(super) fn put(&self, tx: &Tx<'_>) -> Result<i64, StoreError> {
        let v = &self.v;
        let row = tx.late.numbers.row(tx.late.numbers.key(&codes::name(v.number)));
        tx.run(
            "INSERT INTO verifications (tenant, world, id, number, profile, status, created_ms, expires_ms, \
             checks_left, outstanding, paid_in, check_at_ms, resend_at_ms, finished_ms, sealed_to, own_code, fixed, \
             row, space, moment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
             ?17, ?18)",
            params![
                v.owner.tenant,
                codes::world(v.owner.world),
                v.id,
                codes::name(v.number),
                v.fixed.profile,
                codes::status(v.status),
                v.created_ms,
                v.expires_ms,
                v.checks_left,
                v.check_at_ms,
                v.resend_at_ms,
                v.finished_ms,
                v.fixed.sealed_to,
                v.fixed.own_code,
                self.fixed,
                row,
                self.space,
                self.moment,
            ],
        )?;
        Ok(row)
    }
}

/// Writes an attempt of the verification in `row`, with what stands reserved for it.
pub(super) fn put_attempt(
    tx: &Tx<'_>,
    row: i64,
    attempt: &AttemptRow,
    reserved: Option<&[u8]>,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO attempts (row, moment, id, channel, status, at_ms, assessment, provider, reference, \
         price_micros, currency, reserved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            codes::attempt_row(row, attempt.ordinal),
            codes::moment(&attempt.id),
            attempt.id,
            codes::channel(attempt.channel),
            codes::attempt_status(attempt.status),
            attempt.at_ms,
            attempt.assessment,
            attempt.provider,
            attempt.reference,
            attempt.price_micros,
            attempt.currency,
            reserved,
        ],
    )?;
    Ok(())
}

/// What stands before packed bytes; in older rows there is JSON instead, which begins otherwise.
const PACKED: u8 = 2;

/// The fixed part as bytes. The journal's packing: a third of its JSON, see there what may change.
pub(in crate::store) fn write_fixed(fixed: &VerificationFixed) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(512);
    bytes.push(PACKED);
    pack(fixed, Reals::Short, &mut bytes)
        .map_err(|e| StoreError::Unreadable(format!("a verification: {e}")))?;
    Ok(bytes)
}

/// The fixed part from bytes.
pub(in crate::store) fn read_fixed(bytes: &[u8]) -> Result<VerificationFixed, StoreError> {
    let fixed = match bytes.split_first() {
        Some((&PACKED, packed)) => unpack(packed, Reals::Short).map_err(|e| e.to_string()),
        _ => serde_json::from_slice(bytes).map_err(|e| e.to_string()),
    };
    fixed.map_err(|e| StoreError::Unreadable(format!("a verification: {e}")))
}

fn raw(row: &Row<'_>) -> Result<Raw, StoreError> {
    let fixed: Vec<u8> = row.get(13).map_err(sql)?;
    let mut fixed = read_fixed(&fixed)?;
    let number = codes::name_of(row.get(3).map_err(sql)?);
    fixed.sealed_to = row.get(11).map_err(sql)?;
    fixed.own_code = row.get(12).map_err(sql)?;
    fixed.attempt.place.number = number;
    let verification = Verification {
        id: row.get(0).map_err(sql)?,
        owner: Owner { tenant: row.get(1).map_err(sql)?, world: codes::world_of(row.get(2).map_err(sql)?)? },
        number,
        status: codes::status_of(row.get(4).map_err(sql)?)?,
        created_ms: row.get(5).map_err(sql)?,
        expires_ms: row.get(6).map_err(sql)?,
        checks_left: row.get(7).map_err(sql)?,
        check_at_ms: row.get(8).map_err(sql)?,
        resend_at_ms: row.get(9).map_err(sql)?,
        finished_ms: row.get(10).map_err(sql)?,
        fixed,
        attempts: Vec::new(),
    };
    let at = |n| row.get(n).map_err(sql);
    Ok(Raw { verification, outstanding: at(14)?, paid_in: at(15)?, row: at(16)? })
}

/// A verification as it stands, and in which row. All guesses used and none being compared any more is
/// `too_many_checks`, also where a crash came between paying and settling the last.
fn of_row(row: &Row<'_>, opening: i64) -> Result<(i64, Verification), StoreError> {
    let Raw { mut verification, outstanding, paid_in, row } = raw(row)?;
    let compared = outstanding > 0 && paid_in == opening;
    if verification.status == Status::Pending && verification.checks_left == 0 && !compared {
        verification.status = Status::TooManyChecks;
        verification.fixed.own_code = None;
    }
    Ok((row, verification))
}

/// Reads the attempts of the verification in `row` into it.
fn add_attempts(conn: &Connection, row: i64, v: &mut Verification) -> Result<(), StoreError> {
    let mut rows = conn
        .prepare_cached(
            "SELECT id, row & 1023, channel, status, at_ms, provider, reference, price_micros, currency, assessment \
             FROM attempts WHERE row BETWEEN ?1 AND ?2 ORDER BY row",
        )
        .map_err(sql)?;
    let mut rows = rows.query(codes::attempt_rows(row)).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        v.attempts.push(AttemptRow {
            id: row.get(0).map_err(sql)?,
            verification: v.id.clone(),
            ordinal: row.get(1).map_err(sql)?,
            channel: codes::channel_of(row.get(2).map_err(sql)?)?,
            status: codes::attempt_status_of(row.get(3).map_err(sql)?)?,
            at_ms: row.get(4).map_err(sql)?,
            provider: row.get(5).map_err(sql)?,
            reference: row.get(6).map_err(sql)?,
            price_micros: row.get(7).map_err(sql)?,
            currency: row.get(8).map_err(sql)?,
            assessment: row.get(9).map_err(sql)?,
        });
    }
    Ok(())
}

/// One verification with its attempts, and in which row it is.
pub(super) fn one(
    conn: &Connection,
    owner: &Owner,
    id: &str,
    opening: i64,
) -> Result<Option<(i64, Verification)>, StoreError> {
    let found = conn
        .prepare_cached(select!(
            "WHERE space = ?4 AND moment = ?5 AND tenant = ?1 AND world = ?2 AND id = ?3"
        ))
        .map_err(sql)?
        .query_row(
            params![owner.tenant, codes::world(owner.world), id, codes::space(owner), codes::moment(id)],
            |row| Ok(of_row(row, opening)),
        )
        .optional()
        .map_err(sql)?;
    let Some((row, mut verification)) = found.transpose()? else { return Ok(None) };
    add_attempts(conn, row, &mut verification)?;
    Ok(Some((row, verification)))
}

/// Some verifications after a row, with their rows, in order.
pub(super) fn after_row(
    conn: &Connection,
    after: i64,
    limit: u32,
    opening: i64,
) -> Result<Vec<(i64, Verification)>, StoreError> {
    let mut rows = conn.prepare_cached(select!("WHERE row > ?1 ORDER BY row LIMIT ?2")).map_err(sql)?;
    let mut rows = rows.query([after, i64::from(limit)]).map_err(sql)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        found.push(of_row(row, opening)?);
    }
    for (row, verification) in &mut found {
        add_attempts(conn, *row, verification)?;
    }
    Ok(found)
}

/// A page of rows that are ordered by identifier: where it begins, which way, and how many.
pub(in crate::store) struct Ordered {
    pub(in crate::store) after: String,
    pub(in crate::store) limit: usize,
    pub(in crate::store) descending: bool,
}

impl Ordered {
    pub(in crate::store) fn of(page: &PageAsk) -> Self {
        // Identifiers are ASCII, so this stands behind all of them.
        let start = if page.descending { "\u{10ffff}" } else { "" };
        Self {
            after: page.after.clone().unwrap_or_else(|| start.to_owned()),
            limit: page.limit.clamp(1, 200) as usize,
            descending: page.descending,
        }
    }

    /// The number of the identifier that it begins after; before or behind all, where it is none.
    fn moment(&self) -> i64 {
        match self.after.get(..4) {
            Some("ver_") => codes::moment(&self.after),
            _ if self.after.as_str() < "ver_" => i64::MIN,
            _ => i64::MAX,
        }
    }

    /// The page of `rows`, of which one more than the limit was read if there is a next.
    pub(in crate::store) fn page<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> &str) -> Page<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|row| id(row).to_owned());
        Page { rows, next }
    }
}

/// Rows that one page looks at, where hardly any is in the status asked for: the page is then short, and
/// says where to go on. Nobody's question holds up everybody's readers.
pub(in crate::store) const LOOKED_AT: usize = 2_000;

fn list(
    conn: &Connection,
    late: &Late,
    owner: &Owner,
    filter: &VerificationFilter,
    order: &Ordered,
    opening: i64,
) -> Result<Page<Verification>, StoreError> {
    // A status may be derived in reading, so it is compared after reading; the row's own only narrows.
    let text = match (order.descending, filter.number.is_some()) {
        (false, false) => {
            select!(
                "WHERE space = ?5 AND moment >= ?6 AND tenant = ?1 AND world = ?2 AND id > ?3 \
                 AND created_ms >= ?4 ORDER BY moment, id"
            )
        }
        (true, false) => {
            select!(
                "WHERE space = ?5 AND moment <= ?6 AND tenant = ?1 AND world = ?2 AND id < ?3 \
                 AND created_ms >= ?4 ORDER BY moment DESC, id DESC"
            )
        }
        (false, true) => select!(
            "WHERE row IN (SELECT value FROM json_each(?6)) AND tenant = ?1 AND world = ?2 AND +id > ?3 \
             AND created_ms >= ?4 AND number = ?5 ORDER BY +id"
        ),
        (true, true) => select!(
            "WHERE row IN (SELECT value FROM json_each(?6)) AND tenant = ?1 AND world = ?2 AND +id < ?3 \
             AND created_ms >= ?4 AND number = ?5 ORDER BY +id DESC"
        ),
    };
    let mut rows = conn.prepare_cached(text).map_err(sql)?;
    let (tenant, world) = (&owner.tenant, codes::world(owner.world));
    let since = filter.since_ms.unwrap_or(i64::MIN);
    let mut rows = match filter.number {
        Some(number) => {
            let number = codes::name(number);
            let of_number = as_list(&late.numbers.rows(conn, &number)?);
            rows.query(params![tenant, world, order.after, since, number, of_number])
        }
        None => rows.query(params![tenant, world, order.after, since, codes::space(owner), order.moment()]),
    }
    .map_err(sql)?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(sql)? {
        let (row, mut verification) = of_row(row, opening)?;
        looked_at += 1;
        if looked_at == LOOKED_AT && found.len() < order.limit {
            let next = Some(verification.id.clone());
            if filter.status.is_none_or(|status| status == verification.status) {
                add_attempts(conn, row, &mut verification)?;
                found.push(verification);
            }
            return Ok(Page { rows: found, next });
        }
        if filter.status.is_none_or(|status| status == verification.status) {
            add_attempts(conn, row, &mut verification)?;
            found.push(verification);
        }
        if found.len() > order.limit {
            break;
        }
    }
    Ok(order.page(found, |v| v.id.as_str()))
}

/// Numbers of rows, as a statement takes them.
pub(super) fn as_list(rows: &[i64]) -> String {
    let texts: Vec<String> = rows.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

impl Embedded {
    pub(super) async fn get(&self, owner: &Owner, id: &str) -> Result<Option<Verification>, StoreError> {
        let (owner, id, opening) = (owner.clone(), id.to_owned(), self.opening);
        self.read(move |conn| Ok(one(conn, &owner, &id, opening)?.map(|(_, v)| v))).await
    }

    pub(super) async fn list(
        &self,
        owner: &Owner,
        filter: &VerificationFilter,
        page: &PageAsk,
    ) -> Result<Page<Verification>, StoreError> {
        let (owner, filter, order, opening) =
            (owner.clone(), filter.clone(), Ordered::of(page), self.opening);
        let late = Arc::clone(&self.late);
        self.read(move |conn| list(conn, &late, &owner, &filter, &order, opening)).await
    }
}

//! What is reserved, spent and given back: exact limits and money, in the transaction of an intent.
//!
//! An attempt's reservations stand as one value in its own row (or, for callers who send by
//! themselves, in a row of `reservations`). Giving back takes that value away, so it happens once.

use super::writer::Tx;
use super::{codes, limits, sql};
use crate::store::StoreError;
use crate::store::row::{MovedMoney, MovedReserved, Owner, Refusal, Reservation};
use cofferdam_engine::limit::LimitScope;
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

/// What stands for an attempt.
#[derive(Debug, Default, PartialEq)]
pub(in crate::store) struct Reserved {
    /// Rows of exact limits, with the buckets that it stands in.
    pub(in crate::store) limits: Vec<(Vec<u8>, Vec<u8>)>,
    /// Budgets, with what stands in them for it.
    pub(in crate::store) money: Vec<Charge>,
    /// It was spent: nothing is given back any more, but a price may still be put right.
    pub(in crate::store) spent: bool,
}

/// What stands in a budget for an attempt.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::store) struct Charge {
    pub(in crate::store) budget: String,
    pub(in crate::store) period_start_ms: i64,
    pub(in crate::store) micros: i64,
}

impl Reserved {
    /// As bytes: lengths before bytes for the limits, which every start has; JSON for the money.
    pub(in crate::store) fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![u8::from(self.spent), self.limits.len() as u8];
        for part in self.limits.iter().flat_map(|(name, buckets)| [name, buckets]) {
            bytes.extend_from_slice(&(part.len() as u16).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        if !self.money.is_empty() {
            serde_json::to_writer(&mut bytes, &self.money)
                .map_err(|e| StoreError::Unreadable(e.to_string()))?;
        }
        Ok(bytes)
    }

    /// As another home is told of it.
    pub(in crate::store) fn moved(bytes: &[u8]) -> Result<MovedReserved, StoreError> {
        let reserved = Self::read(bytes).ok_or_else(torn)?;
        let limit = |(name, buckets): &(Vec<u8>, Vec<u8>)| limits::moved(name, buckets);
        Ok(MovedReserved {
            limits: reserved.limits.iter().map(limit).collect::<Result<_, _>>()?,
            money: reserved.money.into_iter().map(Charge::moved).collect(),
            spent: reserved.spent,
        })
    }

    /// What another home says of it.
    pub(in crate::store) fn taken_in(moved: MovedReserved) -> Result<Vec<u8>, StoreError> {
        let limits = moved.limits.iter().map(limits::taken_in).collect();
        let money = moved.money.into_iter().map(Charge::taken_in).collect();
        Self { limits, money, spent: moved.spent }.bytes()
    }

    /// From bytes.
    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[spent, n], mut rest) = bytes.split_first_chunk::<2>()?;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (part, later) = after.split_at_checked(u16::from_le_bytes(*length) as usize)?;
            rest = later;
            Some(part.to_vec())
        };
        let limits = (0..n).map(|_| Some((part()?, part()?))).collect::<Option<_>>()?;
        let money = if rest.is_empty() { Vec::new() } else { serde_json::from_slice(rest).ok()? };
        Some(Self { limits, money, spent: spent != 0 })
    }
}

/// Names of rows, and the reservations that are left.
pub(in crate::store) type Parted = (Vec<Vec<u8>>, Option<Vec<u8>>);

/// Parts reservations from the rows of a scope: those rows' names, and what is left.
pub(in crate::store) fn without_limits(bytes: &[u8], of: LimitScope) -> Result<Parted, StoreError> {
    let mut reserved = Reserved::read(bytes).ok_or_else(torn)?;
    let (gone, left): (Vec<_>, Vec<_>) =
        std::mem::take(&mut reserved.limits).into_iter().partition(|(name, _)| limits::is_of(name, of));
    reserved.limits = left;
    let rest =
        (!reserved.money.is_empty() || !reserved.limits.is_empty()).then(|| reserved.bytes()).transpose()?;
    Ok((gone.into_iter().map(|(name, _)| name).collect(), rest))
}

/// An attempt's reservations can't be read.
pub(in crate::store) fn torn() -> StoreError {
    StoreError::Unreadable("the reservations of an attempt are torn".into())
}

/// What became of a reservation.
pub(super) enum Made {
    /// Reserved: keep these bytes with the attempt; `None` if there was nothing to reserve.
    Reserved(Option<Vec<u8>>),
    /// Refused, and nothing was written.
    Refused(Refusal),
}

/// Reserves all or nothing: what refuses is found before anything is written.
pub(super) fn reserve(
    tx: &Tx<'_>,
    owner: &Owner,
    at_ms: i64,
    what: &[Reservation],
) -> Result<Made, StoreError> {
    if what.is_empty() {
        return Ok(Made::Reserved(None));
    }
    let at_s = seconds(at_ms);
    let mut rows: Vec<(Vec<u8>, limits::Standing)> = Vec::new();
    let mut reserved = Reserved::default();
    for reservation in what {
        match reservation {
            Reservation::Limit { scope, key, limits, windows_s } => {
                let name = limits::name(owner, *scope, *key);
                let at = if let Some(at) = rows.iter().position(|(known, _)| *known == name) {
                    at
                } else {
                    rows.push((name.clone(), limits::read(tx.conn, tx.late, &name)?));
                    rows.len() - 1
                };
                let Some((_, limits::Standing { buckets, .. })) = rows.get_mut(at) else { continue };
                if let Some((limit, seen, frees_in_s)) = limits::refusal(buckets, limits, at_s) {
                    return Ok(Made::Refused(Refusal::Limit { scope: *scope, limit, seen, frees_in_s }));
                }
                let windows = windows_s.iter().copied().chain(limits.iter().map(|l| l.window_s));
                let added = buckets.add(windows, at_s);
                reserved.limits.push((name, limits::write_buckets(&added)));
            }
            Reservation::Money { budget, period_start_ms, limit_micros, micros } => {
                let charge =
                    Charge { budget: budget.clone(), period_start_ms: *period_start_ms, micros: *micros };
                let already: i64 = reserved.money.iter().filter(|c| c.same(&charge)).map(|c| c.micros).sum();
                let stands = spent(tx, owner, &charge)?.saturating_add(already);
                if *micros < 0 || stands.saturating_add(*micros) > *limit_micros {
                    return Ok(Made::Refused(Refusal::Money { budget: budget.clone() }));
                }
                reserved.money.push(charge);
            }
        }
    }
    for (name, standing) in rows {
        limits::write(tx, &name, standing, at_s)?;
    }
    for charge in &reserved.money {
        add_spend(tx, owner, charge, charge.micros)?;
    }
    reserved.bytes().map(|bytes| Made::Reserved(Some(bytes)))
}

/// Unix seconds of Unix milliseconds.
pub(in crate::store) fn seconds(at_ms: i64) -> u32 {
    u32::try_from(at_ms.max(0) / 1000).unwrap_or(u32::MAX)
}

impl Charge {
    fn moved(self) -> MovedMoney {
        MovedMoney { budget: self.budget, period_start_ms: self.period_start_ms, micros: self.micros }
    }

    fn taken_in(moved: MovedMoney) -> Self {
        Self { budget: moved.budget, period_start_ms: moved.period_start_ms, micros: moved.micros }
    }

    pub(in crate::store) fn same(&self, other: &Self) -> bool {
        self.budget == other.budget && self.period_start_ms == other.period_start_ms
    }
}

fn spent(tx: &Tx<'_>, owner: &Owner, charge: &Charge) -> Result<i64, StoreError> {
    let spent: Option<i64> = tx
        .prepare("SELECT micros FROM spend WHERE tenant = ?1 AND world = ?2 AND budget = ?3 AND period_start_ms = ?4")?
        .query_row(params![owner.tenant, codes::world(owner.world), charge.budget, charge.period_start_ms], |row| {
            row.get(0)
        })
        .optional()
        .map_err(sql)?;
    Ok(spent.unwrap_or(0))
}

fn add_spend(tx: &Tx<'_>, owner: &Owner, charge: &Charge, micros: i64) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO spend (tenant, world, budget, period_start_ms, micros) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO UPDATE SET micros = micros + excluded.micros",
        params![owner.tenant, codes::world(owner.world), charge.budget, charge.period_start_ms, micros],
    )?;
    Ok(())
}

/// Where an attempt's reservations stand: in which row of which table.
enum Place {
    Attempt(i64),
    Alone(i64),
}

fn find(tx: &Tx<'_>, owner: &Owner, attempt: &str) -> Result<Option<(Place, Reserved)>, StoreError> {
    type Look = (&'static str, fn(i64) -> Place);
    const PLACES: [Look; 2] = [
        (
            "SELECT a.reserved, a.row FROM attempts AS a JOIN verifications AS v ON v.row = a.row >> 10 \
             WHERE a.moment = ?4 AND a.id = ?1 AND v.tenant = ?2 AND v.world = ?3",
            Place::Attempt,
        ),
        (
            "SELECT reserved, row FROM reservations \
             WHERE attempt = ?1 AND tenant = ?2 AND world = ?3 AND ?4 IS NOT NULL",
            Place::Alone,
        ),
    ];
    let moment = codes::moment(attempt);
    for (text, place) in PLACES {
        let found: Option<(Option<Vec<u8>>, i64)> = tx
            .prepare(text)?
            .query_row(params![attempt, owner.tenant, codes::world(owner.world), moment], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(sql)?;
        if let Some((Some(bytes), row)) = found {
            return Ok(Some((place(row), Reserved::read(&bytes).ok_or_else(torn)?)));
        }
    }
    Ok(None)
}

fn put(tx: &Tx<'_>, place: &Place, reserved: Option<&Reserved>) -> Result<(), StoreError> {
    let bytes = reserved.map(Reserved::bytes).transpose()?;
    match (place, bytes) {
        (Place::Attempt(row), bytes) => {
            tx.run("UPDATE attempts SET reserved = ?2 WHERE row = ?1", params![row, bytes])?;
        }
        (Place::Alone(row), Some(bytes)) => {
            tx.run("UPDATE reservations SET reserved = ?2 WHERE row = ?1", params![row, bytes])?;
        }
        (Place::Alone(row), None) => {
            tx.run("DELETE FROM reservations WHERE row = ?1", [row])?;
        }
    }
    Ok(())
}

/// Gives back what stands for an attempt, unless it was spent. At most once: it stands no more.
pub(super) fn release(tx: &Tx<'_>, owner: &Owner, attempt: &str) -> Result<bool, StoreError> {
    let Some((place, reserved)) = find(tx, owner, attempt)? else { return Ok(false) };
    if reserved.spent {
        return Ok(false);
    }
    for (name, added) in &reserved.limits {
        let mut standing = limits::read(tx.conn, tx.late, name)?;
        let added = limits::read_buckets(added).ok_or_else(torn)?;
        standing.buckets.take_back(&added);
        // At the time of the buckets themselves nothing else is over yet.
        limits::write(tx, name, standing, 0)?;
    }
    for charge in &reserved.money {
        add_spend(tx, owner, charge, -charge.micros)?;
    }
    put(tx, &place, None)?;
    Ok(true)
}

/// What stands for an attempt was spent, at this price for each budget (as reserved, if `None`). A
/// later price puts an earlier one right; what was spent may then exceed the limit, as it did in truth.
pub(super) fn settle(
    tx: &Tx<'_>,
    owner: &Owner,
    attempt: &str,
    price: Option<i64>,
) -> Result<(), StoreError> {
    let Some((place, mut reserved)) = find(tx, owner, attempt)? else { return Ok(()) };
    for charge in &mut reserved.money {
        let price = price.unwrap_or(charge.micros);
        if price != charge.micros {
            add_spend(tx, owner, charge, price - charge.micros)?;
            charge.micros = price;
        }
    }
    // The names of the limits stay, so that erasing the number finds them.
    reserved.spent = true;
    put(tx, &place, Some(&reserved))
}

/// Reserves for an attempt that has no row of its own. The same attempt reserves once.
pub(super) fn reserve_alone(
    tx: &Tx<'_>,
    owner: &Owner,
    attempt: &str,
    at_ms: i64,
    what: &[Reservation],
) -> Result<Result<(), Refusal>, StoreError> {
    if find(tx, owner, attempt)?.is_some() {
        return Ok(Ok(()));
    }
    match reserve(tx, owner, at_ms, what)? {
        Made::Refused(refusal) => Ok(Err(refusal)),
        Made::Reserved(bytes) => {
            if let Some(bytes) = bytes {
                tx.run(
                    "INSERT INTO reservations (attempt, tenant, world, at_ms, reserved) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![attempt, owner.tenant, codes::world(owner.world), at_ms, bytes],
                )?;
            }
            Ok(Ok(()))
        }
    }
}

//! Exact limits and budgets as they stand within one transaction: read under locks, changed by the same
//! arithmetic as in the embedded store, written back at once.
//!
//! A lock is a number made from a row's name, held until the transaction ends, whether or not there is
//! such a row yet. All locks of a transaction are taken in the order of their numbers and in one
//! statement, so that nobody waits in a circle.

use super::conn::Step;
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::ledger::{Charge, Reserved, seconds, torn};
use crate::store::embedded::limits::{self, Buckets};
use crate::store::row::{Owner, Refusal, Reservation};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Takes locks in their order; who holds one keeps it until the end of the transaction.
pub(super) const LOCK: &str = "SELECT count(pg_advisory_xact_lock(k)) FROM unnest($1::bigint[]) AS k";
/// Reads limits.
pub(super) const READ_LIMITS: &str = "SELECT name, buckets FROM exact WHERE name = ANY($1::bytea[])";
/// Reads budgets.
pub(super) const READ_SPEND: &str = "SELECT s.tenant, s.world, s.budget, s.period_start_ms, s.micros FROM spend AS s \
     JOIN unnest($1::text[], $2::smallint[], $3::text[], $4::bigint[]) AS w (tenant, world, budget, start) \
     ON s.tenant = w.tenant AND s.world = w.world AND s.budget = w.budget AND s.period_start_ms = w.start";
/// Writes limits.
pub(super) const WRITE_LIMITS: &str = "INSERT INTO exact (name, until_s, buckets) \
     SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[]) \
     ON CONFLICT (name) DO UPDATE SET until_s = excluded.until_s, buckets = excluded.buckets";
/// Adds to budgets.
pub(super) const WRITE_SPEND: &str = "INSERT INTO spend (tenant, world, budget, period_start_ms, micros) \
     SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[]) \
     ON CONFLICT (tenant, world, budget, period_start_ms) DO UPDATE SET micros = spend.micros + excluded.micros";

/// A number for a lock: FNV-1a of what is locked, the same on every node and in every version.
pub(super) fn lock_of(kind: u8, name: &[u8]) -> i64 {
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325_u64 ^ u64::from(kind), |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ hash >> 29) as i64
}

/// What kinds of names are locked.
pub(super) const LIMIT: u8 = 1;
const SPEND: u8 = 2;
pub(super) const KEY: u8 = 3;
pub(super) const PENDING: u8 = 4;

/// The world of an owner as it stands in rows.
pub(super) fn world(owner: &Owner) -> i16 {
    codes::world(owner.world) as i16
}

/// A budget of somebody's, in one period: tenant, world, budget, start.
type Budget = (String, i16, String, i64);

/// What a transaction will look at.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) locks: BTreeSet<i64>,
    names: BTreeSet<Vec<u8>>,
    budgets: BTreeSet<Budget>,
}

impl Wanted {
    /// A row of a limit.
    pub(super) fn limit(&mut self, name: Vec<u8>) {
        self.locks.insert(lock_of(LIMIT, &name));
        self.names.insert(name);
    }

    fn budget(&mut self, budget: Budget) {
        let name = format!("{}\0{}\0{}\0{}", budget.0, budget.1, budget.2, budget.3);
        self.locks.insert(lock_of(SPEND, name.as_bytes()));
        self.budgets.insert(budget);
    }

    /// What reservations will be made of.
    pub(super) fn reservations(&mut self, owner: &Owner, what: &[Reservation]) {
        for reservation in what {
            match reservation {
                Reservation::Limit { scope, key, .. } => self.limit(limits::name(owner, *scope, *key)),
                Reservation::Money { budget, period_start_ms, .. } => {
                    self.budget((owner.tenant.clone(), world(owner), budget.clone(), *period_start_ms));
                }
            }
        }
    }

    /// What stands reserved.
    pub(super) fn reserved(&mut self, owner: &Owner, reserved: &Reserved) {
        for (name, _) in &reserved.limits {
            self.limit(name.clone());
        }
        for charge in &reserved.money {
            self.budget((owner.tenant.clone(), world(owner), charge.budget.clone(), charge.period_start_ms));
        }
    }

    /// As values of statements.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            locks: self.locks.iter().copied().collect(),
            names: self.names.iter().map(Vec::as_slice).collect(),
            tenants: self.budgets.iter().map(|b| b.0.as_str()).collect(),
            worlds: self.budgets.iter().map(|b| b.1).collect(),
            budgets: self.budgets.iter().map(|b| b.2.as_str()).collect(),
            starts: self.budgets.iter().map(|b| b.3).collect(),
        }
    }
}

/// What a transaction looks at, as values.
pub(super) struct Asked<'a> {
    pub(super) locks: Vec<i64>,
    names: Vec<&'a [u8]>,
    tenants: Vec<&'a str>,
    worlds: Vec<i16>,
    budgets: Vec<&'a str>,
    starts: Vec<i64>,
}

impl Asked<'_> {
    /// Locks, limits and budgets: three statements, whose answers [`Book::read`] takes (the last two).
    pub(super) fn steps(&self) -> [Step<'_>; 3] {
        [
            Step::new(LOCK, &[&self.locks]),
            Step::new(READ_LIMITS, &[&self.names]),
            Step::new(READ_SPEND, &[&self.tenants, &self.worlds, &self.budgets, &self.starts]),
        ]
    }
}

/// What became of a reservation.
pub(super) enum Made {
    /// Reserved: keep these bytes with the attempt; `None` if there was nothing to reserve.
    Reserved(Option<Vec<u8>>),
    /// Refused, and nothing was changed.
    Refused(Refusal),
}

#[derive(Clone, Default)]
struct Standing {
    buckets: Buckets,
    /// By when it is over; none while it was only read.
    until_s: Option<i64>,
}

/// Limits and budgets under locks.
#[derive(Default)]
pub(super) struct Book {
    limits: BTreeMap<Vec<u8>, Standing>,
    /// What stood, and what comes to it.
    spend: BTreeMap<Budget, (i64, i64)>,
}

impl Book {
    /// What was read.
    pub(super) fn read(limit_rows: &[Row], spend_rows: &[Row]) -> Result<Self, StoreError> {
        let mut book = Self::default();
        for row in limit_rows {
            let bytes: &[u8] = row.get(1);
            let read = limits::read_buckets(bytes)
                .ok_or_else(|| StoreError::Unreadable("the buckets of an exact limit".into()))?;
            book.limits.insert(row.get(0), Standing { buckets: Buckets(read), until_s: None });
        }
        for row in spend_rows {
            book.spend.insert((row.get(0), row.get(1), row.get(2), row.get(3)), (row.get(4), 0));
        }
        Ok(book)
    }

    /// Reserves all or nothing.
    pub(super) fn reserve(
        &mut self,
        owner: &Owner,
        at_ms: i64,
        what: &[Reservation],
    ) -> Result<Made, StoreError> {
        if what.is_empty() {
            return Ok(Made::Reserved(None));
        }
        let at_s = seconds(at_ms);
        let mut touched: BTreeMap<Vec<u8>, Standing> = BTreeMap::new();
        let mut reserved = Reserved::default();
        for reservation in what {
            match reservation {
                Reservation::Limit { scope, key, limits: most, windows_s } => {
                    let name = limits::name(owner, *scope, *key);
                    let standing = touched
                        .entry(name.clone())
                        .or_insert_with(|| self.limits.get(&name).cloned().unwrap_or_default());
                    if let Some((limit, seen, frees_in_s)) = limits::refusal(&standing.buckets, most, at_s) {
                        return Ok(Made::Refused(Refusal::Limit { scope: *scope, limit, seen, frees_in_s }));
                    }
                    let windows = windows_s.iter().copied().chain(most.iter().map(|l| l.window_s));
                    let added = standing.buckets.add(windows, at_s);
                    reserved.limits.push((name, limits::write_buckets(&added)));
                }
                Reservation::Money { budget, period_start_ms, limit_micros, micros } => {
                    let charge =
                        Charge { budget: budget.clone(), period_start_ms: *period_start_ms, micros: *micros };
                    let already: i64 =
                        reserved.money.iter().filter(|c| c.same(&charge)).map(|c| c.micros).sum();
                    let stands = self.spent(owner, &charge).saturating_add(already);
                    if *micros < 0 || stands.saturating_add(*micros) > *limit_micros {
                        return Ok(Made::Refused(Refusal::Money { budget: budget.clone() }));
                    }
                    reserved.money.push(charge);
                }
            }
        }
        for (name, mut standing) in touched {
            standing.until_s = Some(standing.buckets.tidy(at_s));
            self.limits.insert(name, standing);
        }
        for charge in &reserved.money {
            self.spend(owner, charge, charge.micros);
        }
        reserved.bytes().map(|bytes| Made::Reserved(Some(bytes)))
    }

    fn spent(&self, owner: &Owner, charge: &Charge) -> i64 {
        let budget = (owner.tenant.clone(), world(owner), charge.budget.clone(), charge.period_start_ms);
        self.spend.get(&budget).map_or(0, |(stood, more)| stood.saturating_add(*more))
    }

    fn spend(&mut self, owner: &Owner, charge: &Charge, micros: i64) {
        let budget = (owner.tenant.clone(), world(owner), charge.budget.clone(), charge.period_start_ms);
        let standing = self.spend.entry(budget).or_default();
        standing.1 = standing.1.saturating_add(micros);
    }

    /// Gives back what stands.
    pub(super) fn release(&mut self, owner: &Owner, reserved: &Reserved) -> Result<(), StoreError> {
        for (name, added) in &reserved.limits {
            let added = limits::read_buckets(added).ok_or_else(torn)?;
            // At the time of the buckets themselves nothing else is over yet.
            self.change_limit(name, 0, |buckets| buckets.take_back(&added));
        }
        for charge in &reserved.money {
            self.spend(owner, charge, -charge.micros);
        }
        Ok(())
    }

    /// Puts what was reserved right to what was spent.
    pub(super) fn settle(&mut self, owner: &Owner, reserved: &mut Reserved, price: Option<i64>) {
        let mut money = std::mem::take(&mut reserved.money);
        for charge in &mut money {
            let price = price.unwrap_or(charge.micros);
            self.spend(owner, charge, price - charge.micros);
            charge.micros = price;
        }
        reserved.money = money;
        // The names of the limits stay, so that erasing the number finds them.
        reserved.spent = true;
    }

    /// Whether anything stands in a row.
    pub(super) fn stands(&self, name: &[u8]) -> bool {
        self.limits.get(name).is_some_and(|standing| !standing.buckets.0.is_empty())
    }

    /// Changes the buckets of a row, whatever its limits.
    pub(super) fn change_limit(&mut self, name: &[u8], at_s: u32, change: impl FnOnce(&mut Buckets)) {
        let standing = self.limits.entry(name.to_vec()).or_default();
        change(&mut standing.buckets);
        standing.until_s = Some(standing.buckets.tidy(at_s));
    }

    /// What changed, as values of statements.
    pub(super) fn written(&self) -> Written<'_> {
        let mut written = Written::default();
        for (name, standing) in &self.limits {
            if let Some(until_s) = standing.until_s {
                written.names.push(name);
                written.until.push(until_s);
                written.buckets.push(standing.buckets.bytes());
            }
        }
        for ((tenant, world, budget, start), (_, more)) in self.spend.iter().filter(|(_, s)| s.1 != 0) {
            written.tenants.push(tenant);
            written.worlds.push(*world);
            written.budgets.push(budget);
            written.starts.push(*start);
            written.micros.push(*more);
        }
        written
    }
}

/// What changed in a book, as values.
#[derive(Default)]
pub(super) struct Written<'a> {
    names: Vec<&'a [u8]>,
    until: Vec<i64>,
    buckets: Vec<Vec<u8>>,
    tenants: Vec<&'a str>,
    worlds: Vec<i16>,
    budgets: Vec<&'a str>,
    starts: Vec<i64>,
    micros: Vec<i64>,
}

impl Written<'_> {
    /// The statements that write it: none where nothing changed.
    pub(super) fn add_to<'a>(&'a self, steps: &mut Vec<Step<'a>>) {
        if !self.names.is_empty() {
            steps.push(Step::new(WRITE_LIMITS, &[&self.names, &self.until, &self.buckets]));
        }
        if !self.micros.is_empty() {
            let values: [&'a (dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&self.tenants, &self.worlds, &self.budgets, &self.starts, &self.micros];
            steps.push(Step::new(WRITE_SPEND, &values));
        }
    }
}

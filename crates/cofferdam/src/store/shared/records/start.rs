//! Beginning verifications: several callers' in one transaction of two rounds.
//!
//! The first round takes the locks of all and reads what they depend on; what becomes of each is then
//! decided here, one after the other, as if each had been alone; the second round writes it all and
//! commits. Nobody is answered before that. A caller whose values the database refuses takes nobody
//! along: then each goes alone.

use super::book::{Book, KEY, Made, PENDING, Wanted, lock_of, world};
use super::conn::{Round, Step};
use super::failure::Failed;
use super::journal;
use super::rows::{AttemptColumns, KeyColumns, VerificationColumns};
use super::verifications::COMPARED_MS;
use super::{Postgres, conn::again};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::idempotency::name as key_name;
use crate::store::embedded::journal::line::Line;
use crate::store::embedded::verifications::Written;
use crate::store::row::{Reservation, Restart, Start, Started, Status};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::Row;

/// A start with all that needs no database done.
pub(super) struct Prepared {
    written: Written,
    reservations: Vec<Reservation>,
    restart: Restart,
    key: Option<Vec<u8>>,
    line: Line,
}

/// What was already made under idempotency keys.
pub(super) const KEYS: &str =
    "SELECT name, subject FROM idempotency WHERE name = ANY($1::bytea[]) AND subject IS NOT NULL";

/// For each number and profile asked about, the newest verification that is pending.
const PENDING_OF: &str = "SELECT w.n, v.id FROM unnest($1::int[], $2::bytea[], $3::text[], $4::smallint[], $5::text[], \
     $6::bigint[]) AS w (n, number, tenant, world, profile, at_ms), \
     LATERAL (SELECT id FROM verifications AS v WHERE v.number = w.number AND v.tenant = w.tenant \
     AND v.world = w.world AND v.profile = w.profile AND v.status = 0 AND v.expires_ms > w.at_ms \
     AND (v.checks_left > 0 OR (v.outstanding > 0 AND v.paid_ms > w.at_ms - $7)) \
     ORDER BY id DESC LIMIT 1) AS v";

/// Cancels what is pending of numbers and profiles.
const SUPERSEDE: &str = "UPDATE verifications AS v SET status = 5, finished_ms = w.at_ms, own_code = NULL, \
     outstanding = 0 FROM unnest($1::bytea[], $2::text[], $3::smallint[], $4::text[], $5::bigint[]) \
     AS w (number, tenant, world, profile, at_ms) WHERE v.number = w.number AND v.tenant = w.tenant \
     AND v.world = w.world AND v.profile = w.profile AND v.status IN (0, 1)";

/// Whom a restart minds: tenant, world, profile, number.
type Same = (String, i16, String, [u8; 16]);

impl Prepared {
    /// Packs what is to be written.
    pub(super) fn of(start: Start, bases: &super::Bases) -> Result<Self, StoreError> {
        let Start { verification, reservations, journal, restart, idempotency } = start;
        let line = bases.known(Line::of(&journal.entry, journal.marks)?);
        let key = idempotency.as_ref().map(key_name);
        Ok(Self { written: Written::of(verification)?, reservations, restart, key, line })
    }

    fn same(&self) -> Same {
        let v = &self.written.v;
        (v.owner.tenant.clone(), world(&v.owner), v.fixed.profile.clone(), codes::name(v.number))
    }

    fn lock_of_same(&self) -> i64 {
        let (tenant, world, profile, number) = self.same();
        let mut name = format!("{tenant}\0{world}\0{profile}\0").into_bytes();
        name.extend_from_slice(&number);
        lock_of(PENDING, &name)
    }
}

/// What the first round found.
struct Found {
    book: Book,
    keys: HashMap<Vec<u8>, String>,
    /// By the place among the starts.
    pending: HashMap<usize, String>,
}

/// What was decided of all of them.
struct Decided {
    answers: Vec<Started>,
    /// Where this one superseded another of the same transaction.
    ended: Vec<Option<i64>>,
    reserved: Vec<Option<Vec<u8>>>,
    supersede: Vec<usize>,
}

impl Postgres {
    /// Begins some, together; each is answered in its place.
    pub(super) async fn begin_all(&self, starts: &[Prepared]) -> Vec<Result<Started, StoreError>> {
        match again!(raw self, self.begin_once(starts)) {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(Failed::Values(_)) => {
                // A day of the journal may have been taken away meanwhile.
                self.days.forget();
                let mut answers = Vec::with_capacity(starts.len());
                for one in starts.chunks(1) {
                    let done = again!(self, self.begin_once(one));
                    answers.push(done.and_then(|mut some| some.pop().ok_or_else(nothing)));
                }
                answers
            }
            Err(failed) => {
                let error = failed.told();
                starts.iter().map(|_| Err(super::repeated(&error))).collect()
            }
        }
    }

    async fn begin_once(&self, starts: &[Prepared]) -> Result<Vec<Started>, Failed> {
        self.days.ensure(self, starts.iter().map(|start| start.line.view())).await?;
        let conn = self.connections.get().await?;
        let found = self.look(&conn, starts).await?;
        let Found { mut book, keys, pending } = found;
        let decided = decide(starts, &mut book, keys, &pending)?;
        let made = || starts.iter().zip(&decided.answers).filter(|(_, a)| **a == Started::Made);
        if made().next().is_none() {
            conn.undo().await?;
            return Ok(decided.answers);
        }
        let mut verifications = VerificationColumns::default();
        let mut attempts = AttemptColumns::of(self.life.current());
        let mut made_keys = KeyColumns::default();
        for (n, (start, answer)) in starts.iter().zip(&decided.answers).enumerate() {
            if *answer != Started::Made {
                continue;
            }
            let v = &start.written.v;
            verifications.add(&start.written, decided.ended.get(n).copied().flatten());
            let mut reserved = decided.reserved.get(n).and_then(Option::as_deref);
            for attempt in &v.attempts {
                attempts.add(&v.owner, attempt, reserved.take());
            }
            if let Some(key) = &start.key {
                made_keys.add(key, &v.id, v.created_ms);
            }
        }
        let lines: Vec<_> = made().map(|(start, _)| start.line.view()).collect();
        let rows = journal::rows(&lines, self.clock.now_ms())?;
        let written = book.written();
        let superseded = Superseded::of(starts, &decided.supersede);
        let mut steps = Vec::with_capacity(9);
        superseded.add_to(&mut steps);
        written.add_to(&mut steps);
        verifications.add_to(&mut steps);
        attempts.add_to(&mut steps);
        made_keys.add_to(&mut steps);
        rows.add_to(&mut steps);
        conn.together(Round::Commit, &steps).await?;
        for basis in lines.iter().filter_map(|line| line.basis) {
            self.bases.put(Arc::clone(basis));
        }
        Ok(decided.answers)
    }

    async fn look(&self, conn: &super::conn::Conn, starts: &[Prepared]) -> Result<Found, Failed> {
        let mut wanted = Wanted::default();
        let mut asked = Pending::default();
        let mut keys: Vec<&[u8]> = Vec::new();
        for (n, start) in starts.iter().enumerate() {
            wanted.reservations(&start.written.v.owner, &start.reservations);
            if let Some(key) = &start.key {
                wanted.locks.insert(lock_of(KEY, key));
                keys.push(key);
            }
            if start.restart != Restart::New {
                wanted.locks.insert(start.lock_of_same());
                asked.add(n, start);
            }
        }
        let values = wanted.asked();
        let [lock, limits, spend] = values.steps();
        let mut steps = vec![lock, limits, spend];
        if !keys.is_empty() {
            steps.push(Step::new(KEYS, &[&keys]));
        }
        if !asked.n.is_empty() {
            asked.add_to(&mut steps);
        }
        let mut rows = conn.together(Round::Begin, &steps).await?.into_iter().skip(1);
        let mut next = || rows.next().unwrap_or_default();
        let (limits, spend) = (next(), next());
        let keys = if keys.is_empty() { Vec::new() } else { next() };
        let pending = next();
        Ok(Found {
            book: Book::read(&limits, &spend)?,
            keys: keys.iter().map(|row: &Row| (row.get(0), row.get(1))).collect(),
            pending: pending.iter().map(|row| (row.get::<_, i32>(0) as usize, row.get(1))).collect(),
        })
    }
}

fn nothing() -> StoreError {
    StoreError::Away("the database answered nothing".into())
}

/// Each in its turn, as if it were alone.
fn decide(
    starts: &[Prepared],
    book: &mut Book,
    mut keys: HashMap<Vec<u8>, String>,
    pending: &HashMap<usize, String>,
) -> Result<Decided, Failed> {
    let mut decided = Decided {
        answers: Vec::with_capacity(starts.len()),
        ended: vec![None; starts.len()],
        reserved: vec![None; starts.len()],
        supersede: Vec::new(),
    };
    // Those of this transaction that are pending, by whom a restart minds.
    let mut beside: HashMap<Same, Vec<usize>> = HashMap::new();
    for (n, start) in starts.iter().enumerate() {
        let v = &start.written.v;
        if let Some(made) = start.key.as_ref().and_then(|key| keys.get(key)) {
            decided.answers.push(Started::Taken(made.clone()));
            continue;
        }
        let minds = matches!(start.restart, Restart::Conflict | Restart::Resend);
        let newest = beside.get(&start.same()).and_then(|some| some.last());
        let newest = newest.and_then(|at| starts.get(*at)).map(|start| start.written.v.id.clone());
        if let Some(in_its_way) = newest.or_else(|| pending.get(&n).cloned()).filter(|_| minds) {
            decided.answers.push(Started::Pending(in_its_way));
            continue;
        }
        match book.reserve(&v.owner, v.created_ms, &start.reservations)? {
            Made::Refused(refusal) => {
                decided.answers.push(Started::Refused(refusal));
                continue;
            }
            Made::Reserved(bytes) => {
                if let Some(reserved) = decided.reserved.get_mut(n) {
                    *reserved = bytes;
                }
            }
        }
        if start.restart == Restart::Supersede && v.status == Status::Pending {
            decided.supersede.push(n);
            for at in beside.remove(&start.same()).unwrap_or_default() {
                if let Some(ended) = decided.ended.get_mut(at) {
                    *ended = Some(v.created_ms);
                }
            }
        }
        if v.status == Status::Pending {
            beside.entry(start.same()).or_default().push(n);
        }
        if let Some(key) = &start.key {
            keys.insert(key.clone(), v.id.clone());
        }
        decided.answers.push(Started::Made);
    }
    Ok(decided)
}

/// What is asked about pending ones, as values.
#[derive(Default)]
struct Pending<'a> {
    n: Vec<i32>,
    numbers: Vec<Vec<u8>>,
    tenants: Vec<&'a str>,
    worlds: Vec<i16>,
    profiles: Vec<&'a str>,
    at: Vec<i64>,
}

impl<'a> Pending<'a> {
    fn add(&mut self, n: usize, start: &'a Prepared) {
        let v = &start.written.v;
        self.n.push(n as i32);
        self.numbers.push(codes::name(v.number).to_vec());
        self.tenants.push(&v.owner.tenant);
        self.worlds.push(world(&v.owner));
        self.profiles.push(&v.fixed.profile);
        self.at.push(v.created_ms);
    }

    fn add_to<'b>(&'b self, steps: &mut Vec<Step<'b>>) {
        steps.push(Step::new(
            PENDING_OF,
            &[&self.n, &self.numbers, &self.tenants, &self.worlds, &self.profiles, &self.at, &COMPARED_MS],
        ));
    }
}

/// What is superseded, as values.
struct Superseded<'a>(Pending<'a>);

impl<'a> Superseded<'a> {
    fn of(starts: &'a [Prepared], which: &[usize]) -> Self {
        let mut pending = Pending::default();
        for n in which {
            if let Some(start) = starts.get(*n) {
                pending.add(*n, start);
            }
        }
        Self(pending)
    }

    fn add_to<'b>(&'b self, steps: &mut Vec<Step<'b>>) {
        let Pending { n, numbers, tenants, worlds, profiles, at } = &self.0;
        if !n.is_empty() {
            steps.push(Step::new(SUPERSEDE, &[numbers, tenants, worlds, profiles, at]));
        }
    }
}

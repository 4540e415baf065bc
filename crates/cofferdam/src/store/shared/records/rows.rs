//! Rows to be written, by columns: however many there are, each table takes one statement.

use super::book::world;
use super::conn::Step;
use crate::store::embedded::codes;
use crate::store::embedded::verifications::Written;
use crate::store::row::{AttemptRow, Owner, Status};
use tokio_postgres::types::ToSql;

type Values<'a> = Vec<&'a (dyn ToSql + Sync)>;

const PUT_VERIFICATIONS: &str = "INSERT INTO verifications (id, tenant, world, number, profile, status, created_ms, \
     expires_ms, checks_left, check_at_ms, resend_at_ms, finished_ms, sealed_to, own_code, fixed) \
     SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bytea[], $5::text[], $6::smallint[], \
     $7::bigint[], $8::bigint[], $9::int[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bytea[], \
     $14::bytea[], $15::bytea[])";

/// Verifications to be written.
#[derive(Default)]
pub(super) struct VerificationColumns<'a> {
    ids: Vec<&'a str>,
    tenants: Vec<&'a str>,
    worlds: Vec<i16>,
    numbers: Vec<Vec<u8>>,
    profiles: Vec<&'a str>,
    statuses: Vec<i16>,
    created: Vec<i64>,
    expires: Vec<i64>,
    checks: Vec<i32>,
    check_at: Vec<Option<i64>>,
    resend_at: Vec<i64>,
    finished: Vec<Option<i64>>,
    sealed: Vec<Option<&'a [u8]>>,
    own: Vec<Option<&'a [u8]>>,
    fixed: Vec<&'a [u8]>,
}

impl<'a> VerificationColumns<'a> {
    /// Adds one; where it was superseded meanwhile, when.
    pub(super) fn add(&mut self, written: &'a Written, ended_ms: Option<i64>) {
        let v = &written.v;
        let status = if ended_ms.is_some() { Status::Canceled } else { v.status };
        self.ids.push(&v.id);
        self.tenants.push(&v.owner.tenant);
        self.worlds.push(world(&v.owner));
        self.numbers.push(codes::name(v.number).to_vec());
        self.profiles.push(&v.fixed.profile);
        self.statuses.push(codes::status(status) as i16);
        self.created.push(v.created_ms);
        self.expires.push(v.expires_ms);
        self.checks.push(v.checks_left as i32);
        self.check_at.push(v.check_at_ms);
        self.resend_at.push(v.resend_at_ms);
        self.finished.push(ended_ms.or(v.finished_ms));
        self.sealed.push(v.fixed.sealed_to.as_deref());
        self.own.push(v.fixed.own_code.as_deref().filter(|_| ended_ms.is_none()));
        self.fixed.push(&written.fixed);
    }

    pub(super) fn add_to<'b>(&'b self, steps: &mut Vec<Step<'b>>) {
        if self.ids.is_empty() {
            return;
        }
        let values: Values<'b> = vec![
            &self.ids,
            &self.tenants,
            &self.worlds,
            &self.numbers,
            &self.profiles,
            &self.statuses,
            &self.created,
            &self.expires,
            &self.checks,
            &self.check_at,
            &self.resend_at,
            &self.finished,
            &self.sealed,
            &self.own,
            &self.fixed,
        ];
        steps.push(Step::new(PUT_VERIFICATIONS, &values));
    }
}

const PUT_ATTEMPTS: &str = "INSERT INTO attempts (id, verification, ordinal, tenant, world, channel, status, at_ms, \
     assessment, provider, reference, price_micros, currency, reserved, life) \
     SELECT *, $15::bigint FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::smallint[], $6::smallint[], \
     $7::smallint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::bytea[])";

/// Attempts to be written.
#[derive(Default)]
pub(super) struct AttemptColumns<'a> {
    ids: Vec<&'a str>,
    of: Vec<&'a str>,
    ordinals: Vec<i32>,
    tenants: Vec<&'a str>,
    worlds: Vec<i16>,
    channels: Vec<i16>,
    statuses: Vec<i16>,
    at: Vec<i64>,
    assessments: Vec<&'a str>,
    providers: Vec<Option<&'a str>>,
    references: Vec<Option<&'a str>>,
    prices: Vec<Option<i64>>,
    currencies: Vec<Option<&'a str>>,
    reserved: Vec<Option<&'a [u8]>>,
    life: Option<i64>,
}

impl<'a> AttemptColumns<'a> {
    /// None yet, in the hands of this life.
    pub(super) fn of(life: Option<i64>) -> Self {
        Self { life, ..Self::default() }
    }

    /// Adds one, with what stands reserved for it.
    pub(super) fn add(&mut self, owner: &'a Owner, attempt: &'a AttemptRow, reserved: Option<&'a [u8]>) {
        self.ids.push(&attempt.id);
        self.of.push(&attempt.verification);
        self.ordinals.push(attempt.ordinal as i32);
        self.tenants.push(&owner.tenant);
        self.worlds.push(world(owner));
        self.channels.push(codes::channel(attempt.channel) as i16);
        self.statuses.push(codes::attempt_status(attempt.status) as i16);
        self.at.push(attempt.at_ms);
        self.assessments.push(&attempt.assessment);
        self.providers.push(attempt.provider.as_deref());
        self.references.push(attempt.reference.as_deref());
        self.prices.push(attempt.price_micros);
        self.currencies.push(attempt.currency.as_deref());
        self.reserved.push(reserved);
    }

    pub(super) fn add_to<'b>(&'b self, steps: &mut Vec<Step<'b>>) {
        if self.ids.is_empty() {
            return;
        }
        let values: Values<'b> = vec![
            &self.ids,
            &self.of,
            &self.ordinals,
            &self.tenants,
            &self.worlds,
            &self.channels,
            &self.statuses,
            &self.at,
            &self.assessments,
            &self.providers,
            &self.references,
            &self.prices,
            &self.currencies,
            &self.reserved,
            &self.life,
        ];
        steps.push(Step::new(PUT_ATTEMPTS, &values));
    }
}

/// Where a key was swept or never begun it must stand all the same, or the next call makes a second one.
const PUT_SUBJECTS: &str = "INSERT INTO idempotency (name, subject, made_ms, fingerprint, lease_until_ms) \
     SELECT n, s, m, decode(repeat('00', 32), 'hex'), 0 FROM unnest($1::bytea[], $2::text[], $3::bigint[]) AS w (n, s, m) \
     ON CONFLICT (name) DO UPDATE SET subject = excluded.subject";

/// What was made under idempotency keys.
#[derive(Default)]
pub(super) struct KeyColumns<'a> {
    names: Vec<&'a [u8]>,
    subjects: Vec<&'a str>,
    made: Vec<i64>,
}

impl<'a> KeyColumns<'a> {
    pub(super) fn add(&mut self, name: &'a [u8], subject: &'a str, made_ms: i64) {
        self.names.push(name);
        self.subjects.push(subject);
        self.made.push(made_ms);
    }

    pub(super) fn add_to<'b>(&'b self, steps: &mut Vec<Step<'b>>) {
        if !self.names.is_empty() {
            steps.push(Step::new(PUT_SUBJECTS, &[&self.names, &self.subjects, &self.made]));
        }
    }
}

//! Values for tests of the store: a verification with its judgement, as the use cases make them.

use crate::clock::{Dice as _, SetDice};
use crate::id::{self, Noun};
use crate::store::row::*;
use crate::store::tallies::Marks;
use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Mode, Policy, Terms, WindowPlan};
use cofferdam_engine::{Attempt, Channel, Known, Pseudonym};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Where tests begin: a Wednesday in 2026.
pub const NOW_MS: i64 = 1_790_000_000_000;
pub const NOW_S: u32 = 1_790_000_000;

static DICE: LazyLock<Arc<SetDice>> = LazyLock::new(|| SetDice::seeded(u64::from(std::process::id())));

pub fn new_id(noun: Noun, at_ms: i64) -> String {
    id::new(noun, at_ms, &**DICE)
}

pub fn number() -> Pseudonym {
    Pseudonym(u128::from(DICE.roll()) << 64 | u128::from(DICE.roll()))
}

pub fn key() -> u64 {
    DICE.roll()
}

pub fn owner() -> Owner {
    Owner { tenant: "ten_a".into(), world: World::Live }
}

pub fn others() -> [Owner; 2] {
    [
        Owner { tenant: "ten_a".into(), world: World::Test },
        Owner { tenant: "ten_b".into(), world: World::Live },
    ]
}

pub fn attempt_facts(number: Pseudonym, at_ms: i64) -> Attempt {
    let place = cofferdam_engine::attempt::Place {
        number,
        country: None,
        network: Some(7),
        kind: cofferdam_atlas::Kind::Mobile,
        tariff: cofferdam_atlas::Tariff::Standard,
        fictional: true,
        shown: prefix(),
        prefixes: [1, 2, u64::MAX],
        last4: 0,
    };
    Attempt {
        at_ms,
        dice: u64::MAX - 3,
        commons: cofferdam_engine::Realm(6),
        realm: cofferdam_engine::Realm(5),
        profile: 9,
        channel: Channel::Sms,
        price_micros: Some(7_420),
        place,
        source: cofferdam_engine::attempt::Source { device: Some(u64::MAX), ..Default::default() },
        challenge_passed: false,
        edition: cofferdam_engine::attempt::Edition::from("2026-11-20").unwrap(),
    }
}

fn prefix() -> cofferdam_atlas::Prefix {
    cofferdam_atlas::parse_e164("+447400123456").map_or_else(|_| unreachable!(), |to| to.number.prefix(4))
}

pub fn basis() -> Arc<Basis> {
    static BASIS: LazyLock<Arc<Basis>> = LazyLock::new(|| {
        let terms = Terms {
            mode: Mode::default(),
            limits: Limits::builtin(Level::Standard),
            windows: WindowPlan::default(),
            destinations: Destinations::All,
            locked_country: None,
            can_challenge: false,
            magic: None,
            evidence: true,
        };
        Arc::new(Basis { id: "b1".into(), policy: Policy::builtin(Level::Standard), terms })
    });
    Arc::clone(&BASIS)
}

pub fn entry(owner: &Owner, number: Pseudonym, at_ms: i64) -> JournalEntry {
    let attempt = attempt_facts(number, at_ms);
    let known = Box::<Known>::default();
    let basis = basis();
    let assessment = cofferdam_engine::assess(&attempt, &known, &basis.policy, &basis.terms);
    JournalEntry {
        assessment_id: new_id(Noun::Assessment, at_ms),
        attempt_id: new_id(Noun::Attempt, at_ms),
        verification: None,
        owner: owner.clone(),
        attempt,
        known,
        basis,
        assessment,
        assess_only: true,
        reservations: Vec::new(),
    }
}

pub fn journalled(owner: &Owner, number: Pseudonym, at_ms: i64) -> Journalled {
    Journalled { entry: entry(owner, number, at_ms), marks: Marks::default() }
}

/// A start that is sent, of one queued attempt with five guesses.
pub fn start(owner: &Owner, number: Pseudonym, at_ms: i64) -> Start {
    let id = new_id(Noun::Verification, at_ms);
    let mut entry = entry(owner, number, at_ms);
    entry.verification = Some(id.clone());
    entry.assess_only = false;
    let fixed = VerificationFixed {
        sealed_to: Some(vec![1, 2, 3]),
        country: None,
        channel: Channel::Sms,
        profile: "prf_a".into(),
        profile_name: "default".into(),
        resend_after_s: 30,
        send_wait_s: 3,
        code_version: 1,
        code_length: 6,
        own_code: Some(vec![4, 5]),
        template: None,
        locale: Some("en".into()),
        brand: None,
        sender_id: None,
        app_hash: None,
        metadata: BTreeMap::from([("order".into(), "ü 17".into())]),
        attempt: entry.attempt.clone(),
        magic: None,
        assessment: entry.assessment_id.clone(),
        magic_ending: Some(42),
    };
    let attempt = AttemptRow {
        id: entry.attempt_id.clone(),
        verification: id.clone(),
        ordinal: 1,
        channel: Channel::Sms,
        status: AttemptStatus::Queued,
        at_ms,
        provider: None,
        reference: None,
        price_micros: None,
        currency: None,
        assessment: entry.assessment_id.clone(),
    };
    let verification = Verification {
        id,
        owner: owner.clone(),
        number,
        status: Status::Pending,
        created_ms: at_ms,
        expires_ms: at_ms + 600_000,
        checks_left: 5,
        check_at_ms: None,
        resend_at_ms: at_ms + 30_000,
        finished_ms: None,
        fixed,
        attempts: vec![attempt],
    };
    Start {
        verification,
        reservations: Vec::new(),
        journal: Journalled { entry, marks: Marks::default() },
        restart: Restart::New,
        idempotency: None,
    }
}

/// A resend of a verification.
pub fn again(of: &Verification, at_ms: i64) -> Again {
    let mut entry = entry(&of.owner, of.number, at_ms);
    entry.verification = Some(of.id.clone());
    entry.assess_only = false;
    Again {
        owner: of.owner.clone(),
        attempt: AttemptRow {
            id: entry.attempt_id.clone(),
            ordinal: 2,
            at_ms,
            assessment: entry.assessment_id.clone(),
            ..of.attempts[0].clone()
        },
        from_status: Status::Pending,
        to_status: Status::Pending,
        resend_at_ms: at_ms + 30_000,
        at_ms,
        reservations: Vec::new(),
        journal: Journalled { entry, marks: Marks::default() },
        idempotency: None,
    }
}

pub fn limit(scope: LimitScope, key: u64, max: u32, window_s: u32) -> Reservation {
    Reservation::Limit { scope, key, limits: vec![Limit { max, window_s }], windows_s: [window_s, 0, 0] }
}

pub fn money(limit_micros: i64, micros: i64) -> Reservation {
    Reservation::Money { budget: "bud_a".into(), period_start_ms: 0, limit_micros, micros }
}

pub fn over(status: AttemptStatus) -> HandOver {
    HandOver {
        status,
        provider: Some("main".into()),
        reference: None,
        price_micros: None,
        currency: None,
        verification_failed: false,
        marks: Marks::default(),
    }
}

pub fn audit(owner: &Owner, at_ms: i64) -> AuditEntry {
    AuditEntry {
        id: new_id(Noun::Audit, at_ms),
        owner: owner.clone(),
        at_ms,
        actor: "key_a".into(),
        request_id: Some("req_a".into()),
        action: "list.safe.add".into(),
        subject: "lst_a".into(),
        detail: "{}".into(),
    }
}

pub fn fact(owner: &Owner, unique: &str) -> Fact {
    Fact {
        kind: FactKind::SafeEntry,
        id: new_id(Noun::ListEntry, NOW_MS),
        owner: owner.clone(),
        unique: unique.into(),
        created_ms: NOW_MS,
        expires_ms: None,
        body: "{\"a\":1}".into(),
        version: 0,
        gone: false,
    }
}

pub fn page(limit: u32) -> PageAsk {
    PageAsk { limit, after: None, descending: false }
}

pub fn keep() -> Retention {
    const DAY_MS: i64 = 86_400_000;
    Retention {
        numbers_ms: 7 * DAY_MS,
        verifications_ms: 30 * DAY_MS,
        journal_ms: 30 * DAY_MS,
        audit_ms: 365 * DAY_MS,
        idempotency_ms: DAY_MS,
        outbox_ms: DAY_MS,
        outbox_rows: 3,
    }
}

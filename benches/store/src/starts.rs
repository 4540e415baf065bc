//! The subject: verifications begun as the use case begins them – the verification, its attempt, its
//! judgement in the journal, the reservation of the number's limit and the idempotency key. `benches/shared` takes
//! this file in, too.

use crate::{CALLERS, Rate};
use cofferdam::clock::{Dice as _, SetDice, SystemClock};
use cofferdam::id::{self, Noun};
use cofferdam::store::row::*;
use cofferdam::store::tallies::Marks;
use cofferdam::store::{Records, Store, StoreOptions};
use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Mode, Policy, Terms, WindowPlan};
use cofferdam_engine::{Attempt, Channel, Known, Pseudonym};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Starts {
    records: Arc<dyn Records>,
    basis: Arc<Basis>,
    dice: Arc<SetDice>,
    marks: usize,
}

/// As many tally changes as the default limits make, where the journal remembers them.
const MARKS: usize = 8 * 37;

impl Starts {
    /// In a file.
    #[allow(dead_code, reason = "the benchmark of several machines has no file")]
    pub fn open(file: &Path) -> Self {
        let dice = SetDice::seeded(1);
        let store = Store::embedded(&StoreOptions::at(file), Arc::new(SystemClock), &*dice).unwrap();
        Self::over(store.records, dice, MARKS)
    }

    /// In records that stand somewhere; so many bytes of tally changes go into the journal with each.
    pub fn over(records: Arc<dyn Records>, dice: Arc<SetDice>, marks: usize) -> Self {
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
        let basis = Basis { id: "bench".into(), policy: Policy::builtin(Level::Standard), terms };
        Self { records, basis: Arc::new(basis), dice, marks }
    }

    /// Begins verifications for a while. A start is made before its time is taken, but all that the
    /// store does with it, encoding included, is within.
    pub async fn run(&self, length: Duration) -> Rate {
        let ready = 200_usize;
        let began = Instant::now();
        let mut busy = Duration::ZERO;
        let mut done = 0;
        // Made in portions, or they would fill the memory.
        while busy < length {
            // Dealt out one by one: a caller's identifiers are made as it comes, so they come in order, and
            // not as sixty-four runs of which each was made long before the next.
            let mut portions: Vec<Vec<Start>> = (0..CALLERS).map(|_| Vec::with_capacity(ready)).collect();
            for _ in 0..ready {
                portions.iter_mut().for_each(|portion| portion.push(self.start(began)));
            }
            let from = Instant::now();
            let callers: Vec<_> = portions
                .into_iter()
                .map(|portion| {
                    let records = Arc::clone(&self.records);
                    tokio::spawn(async move {
                        for start in portion {
                            assert_eq!(records.start(start).await.unwrap(), Started::Made);
                        }
                    })
                })
                .collect();
            for caller in callers {
                caller.await.unwrap();
            }
            busy += from.elapsed();
            done += (CALLERS * ready) as u64;
        }
        Rate { done, took: busy }
    }

    fn start(&self, began: Instant) -> Start {
        let at_ms = 1_790_000_000_000 + began.elapsed().as_millis() as i64;
        let owner = Owner { tenant: id::new(Noun::Tenant, 1, &*SetDice::seeded(5)), world: World::Live };
        let number = Pseudonym(u128::from(self.dice.roll()) << 64 | u128::from(self.dice.roll()));
        let new = |noun| id::new(noun, at_ms, &*self.dice);
        let (id, attempt_id, assessment_id) =
            (new(Noun::Verification), new(Noun::Attempt), new(Noun::Assessment));
        let attempt = attempt(number, at_ms);
        let known = Known::default();
        let assessment = cofferdam_engine::assess(&attempt, &known, &self.basis.policy, &self.basis.terms);
        let row = AttemptRow {
            id: attempt_id.clone(),
            verification: id.clone(),
            ordinal: 1,
            channel: Channel::Sms,
            status: AttemptStatus::Queued,
            at_ms,
            provider: None,
            reference: None,
            price_micros: None,
            currency: None,
            assessment: assessment_id.clone(),
        };
        let verification = Verification {
            id: id.clone(),
            owner: owner.clone(),
            number,
            status: Status::Pending,
            created_ms: at_ms,
            expires_ms: at_ms + 600_000,
            checks_left: 5,
            check_at_ms: None,
            resend_at_ms: at_ms + 30_000,
            finished_ms: None,
            fixed: fixed(&attempt, &assessment_id),
            attempts: vec![row],
        };
        let entry = JournalEntry {
            assessment_id,
            attempt_id,
            verification: Some(id),
            owner: owner.clone(),
            attempt,
            known: Box::new(known),
            basis: Arc::clone(&self.basis),
            assessment,
            assess_only: false,
            reservations: Vec::new(),
        };
        let limits = [(5, 600), (10, 3600), (20, 86_400)].map(|(max, window_s)| Limit { max, window_s });
        Start {
            verification,
            reservations: vec![Reservation::Limit {
                scope: LimitScope::Number,
                key: self.dice.roll(),
                limits: limits.to_vec(),
                windows_s: [600, 3600, 86_400],
            }],
            journal: Journalled { entry, marks: Marks(vec![1; self.marks]) },
            restart: Restart::New,
            idempotency: Some(IdempotencyKey { owner, scopes: "verify".into(), key: new(Noun::Request) }),
        }
    }
}

fn attempt(number: Pseudonym, at_ms: i64) -> Attempt {
    let to = cofferdam_atlas::parse_e164("+447400123456").unwrap();
    Attempt {
        at_ms,
        dice: 7,
        realm: cofferdam_engine::Realm(5),
        profile: 9,
        channel: Channel::Sms,
        price_micros: Some(7_420),
        place: cofferdam_engine::attempt::Place {
            number,
            country: to.country,
            network: Some(7),
            kind: to.kind,
            tariff: to.tariff,
            fictional: false,
            shown: to.number.prefix(4),
            prefixes: [1, 2, u64::MAX],
            last4: 3456,
        },
        source: cofferdam_engine::attempt::Source {
            address: Some(u64::MAX - 1),
            neighbourhood: Some(u64::MAX - 2),
            device: Some(u64::MAX),
            user_agent: Some(u64::MAX),
            ..Default::default()
        },
        commons: Default::default(),
        challenge_passed: false,
        edition: cofferdam_engine::attempt::Edition::from("2026-11-20").unwrap(),
    }
}

fn fixed(attempt: &Attempt, assessment: &str) -> VerificationFixed {
    VerificationFixed {
        sealed_to: Some(vec![7; 56]),
        country: attempt.place.country,
        channel: Channel::Sms,
        profile: id::new(Noun::Profile, 1, &*SetDice::seeded(6)),
        profile_name: "default".into(),
        resend_after_s: 30,
        send_wait_s: 3,
        code_version: 1,
        code_length: 6,
        own_code: None,
        template: None,
        locale: Some("en".into()),
        brand: Some("Example".into()),
        sender_id: None,
        app_hash: None,
        metadata: BTreeMap::from([("order".into(), "17".into())]),
        attempt: attempt.clone(),
        magic: None,
        assessment: assessment.to_owned(),
        magic_ending: None,
    }
}

//! What stays right when a half of the store is away.

use super::faulty::{Fails, Faulty};
use super::*;
use crate::store::row::{AttemptStatus, Status};
use crate::store::tallies::{Counted, Followed, Identified, Learned, Lesson, Marks, Proofs, TallySize};
use crate::store::{StoreError, Tallies};
use cofferdam_engine::evidence::{Ask, Faces};
use cofferdam_engine::need::Inquiry;
use cofferdam_engine::signal::Code;
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Known, Needs};
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Tallies that are away.
struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::Away("as told".to_owned()))
}

#[async_trait]
impl Tallies for Away {
    async fn proofs(&self, _inquiry: &Inquiry) -> Result<Proofs, StoreError> {
        away()
    }
    async fn count(&self, _needs: &Needs, _at_s: u32) -> Result<Counted, StoreError> {
        away()
    }
    async fn identify(&self, _: &Inquiry, _: &Faces, _: u32) -> Result<Identified, StoreError> {
        away()
    }
    async fn count_with(&self, _: &Needs, _: &Ask, _: &mut Known) -> Result<Marks, StoreError> {
        away()
    }
    async fn follow(&self, _: &Followed<'_>) -> Result<Marks, StoreError> {
        away()
    }
    async fn forget(&self, _: &[Faces]) -> Result<(), StoreError> {
        away()
    }
    async fn learn(&self, _: &[(u64, Lesson)]) -> Result<Learned, StoreError> {
        away()
    }
    async fn advance(&self, _: u32) -> Result<(), StoreError> {
        away()
    }
    async fn raise(&self, _changes: &[Change]) -> Result<Marks, StoreError> {
        away()
    }
    async fn recover(&self, _marks: &Marks) -> Result<(), StoreError> {
        away()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        away()
    }
    fn size(&self) -> TallySize {
        TallySize::default()
    }
}

#[tokio::test]
async fn without_tallies_it_is_judged_blind_and_exact_limits_hold() {
    let house = house_of(Vec::new(), |store| Store { tallies: Arc::new(Away), ..store }).await;
    let started = house.start("+12125550123").await.unwrap();
    let reasons = &started.judged.as_ref().unwrap().assessment.reasons;
    assert!(reasons.iter().any(|reason| reason.code == Code::Blind));
    let code = house.latest("+12125550123").await.code;
    assert_eq!(house.check(&started.verification.id, &code).await.unwrap(), Status::Approved);
    for _ in 0..4 {
        house.start("+12125550123").await.unwrap();
    }
    assert!(matches!(house.start("+12125550123").await, Err(VerifyError::Limited { .. })));
}

/// Far more calls than a journey makes.
const NEVER: i64 = 1 << 40;

/// A start, a right check twice, a resend, with the store's call number `at` failing; whether any did.
async fn journey(fails: Fails, at: i64) -> bool {
    let provider = Told::to("a", []);
    let mut faulty = None;
    let house = house_of(vec![provider.clone()], |store| {
        let records = Arc::new(Faulty { inner: store.records, fails, at: AtomicI64::new(NEVER) });
        faulty = Some(records.clone());
        Store { records, ..store }
    })
    .await;
    let faulty = faulty.unwrap();
    faulty.at.store(at, Ordering::SeqCst);
    let started = start::start(&house.app, &house.live, to("+12125551234")).await;
    house.app.sends.drain(Duration::from_secs(10)).await;
    if let Err(error) = &started {
        assert!(matches!(error, VerifyError::Store(_)), "{error:?}");
        assert_eq!(provider.reached(), [], "an unacknowledged start was sent");
    }
    let page = crate::store::row::PageAsk { limit: 10, after: None, descending: false };
    let which = crate::verify::get::Which::default();
    let found = crate::verify::get::list(&house.app, &house.live, &which, &page).await;
    let found = found.map(|page| page.rows).unwrap_or_default();
    let mut approved = 0;
    for verified in &found {
        let row = &verified.verification;
        let code = crate::verify::code::of(&house.app.secrets, row).unwrap();
        for _ in 0..4 {
            let checked = crate::verify::check::check(&house.app, &house.live, &row.id, code.expose()).await;
            approved += usize::from(matches!(checked, Ok(checked) if checked.status == Status::Approved));
        }
        house.clock.step(31_000);
        let _ = crate::verify::resend::resend(&house.app, &house.live, &row.id, None, None).await;
    }
    house.app.sends.drain(Duration::from_secs(10)).await;
    assert!(approved <= 1, "approved {approved} times");
    let undisturbed = faulty.at.load(Ordering::SeqCst) >= 0;
    assert!(!undisturbed || approved == 1);
    let reached = provider.reached();
    let attempts: HashSet<&String> = reached.iter().map(|(attempt, _)| attempt).collect();
    assert_eq!(attempts.len(), reached.len(), "an attempt was handed over twice");
    let failed = faulty.at.swap(NEVER, Ordering::SeqCst) < 0;
    // The store is back: what was acknowledged is there, and nothing stays queued for ever.
    if let Ok(started) = started {
        let kept = crate::verify::get::get(&house.app, &house.live, &started.verification.id).await;
        assert!(kept.is_ok());
    }
    crate::jobs::recover(&house.app).await.unwrap();
    let found = crate::verify::get::list(&house.app, &house.live, &which, &page).await.unwrap().rows;
    for row in found.iter().flat_map(|verified| &verified.verification.attempts) {
        assert_ne!(row.status, AttemptStatus::Queued);
    }
    house.clock.step(3_600_000);
    let again = start::start(&house.app, &house.live, to("+12125551234")).await.unwrap();
    assert_eq!(again.verification.status, Status::Pending);
    failed
}

#[tokio::test]
async fn without_money_it_is_blocked_and_nothing_is_sent_or_counted() {
    let provider = Told::to("a", []);
    let house = house_of(vec![provider.clone()], |store| {
        let records =
            Arc::new(Faulty { inner: store.records, fails: Fails::Broke, at: AtomicI64::new(NEVER) });
        Store { records, ..store }
    })
    .await;
    for _ in 0..20 {
        let blocked = start::start(&house.app, &house.live, to("+12125551234")).await.unwrap();
        assert_eq!(blocked.verification.status, Status::Blocked);
        let reasons = blocked.judged.unwrap().assessment.reasons;
        assert_eq!(reasons[0].code, Code::BudgetExhausted);
        let kept = crate::verify::get::get(&house.app, &house.live, &blocked.verification.id).await.unwrap();
        assert_eq!(kept.verification.attempts[0].status, AttemptStatus::Blocked);
        assert_eq!(kept.judged.unwrap().assessment.reasons[0].code, Code::BudgetExhausted);
    }
    assert_eq!(provider.reached(), []);
}

#[tokio::test]
async fn whichever_call_of_the_store_fails_nothing_is_sent_or_approved_twice() {
    for fails in [Fails::Before, Fails::After] {
        let mut at = 0;
        while Box::pin(journey(fails, at)).await {
            at += 1;
        }
        assert!(at >= 8, "only {at} calls were made to fail");
    }
}

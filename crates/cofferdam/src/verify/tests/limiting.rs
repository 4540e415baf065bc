//! Limits: exact ones exactly, others to a bucket, and nobody is locked out by what others ask in vain.

use super::*;
use crate::store::row::Status;
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::signal::Code;

fn limit(scope: LimitScope, max: u32, window_s: u32) -> ProfileEdit {
    ProfileEdit { limits: BTreeMap::from([(scope, vec![Limit { max, window_s }])]), ..ProfileEdit::default() }
}

async fn parallel(house: &House, input: impl Fn(usize) -> StartInput) -> (usize, usize) {
    let mut going = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (app, caller, input) = (house.app.clone(), house.test.clone(), input(n));
        going.spawn(async move { start::start(&app, &caller, input).await });
    }
    let (mut sent, mut limited) = (0, 0);
    while let Some(done) = going.join_next().await {
        match done.unwrap() {
            Ok(verified) if verified.verification.status == Status::Pending => sent += 1,
            Err(VerifyError::Limited { retry_after_ms, .. }) => {
                assert!(retry_after_ms > 0);
                limited += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    (sent, limited)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_starts_at_once_pass_an_exact_limit_exactly() {
    let house = house().await;
    assert_eq!(parallel(&house, |_| to("+12125550123")).await, (5, 195));
    assert_eq!(house.messages("+12125550123").await, 5);
    // And one that belongs to the tenant, over many numbers.
    house.profile(limit(LimitScope::Tenant, 17, 600)).await;
    let spread = |n: usize| to(&format!("+1{}55501{:02}", 213 + n / 10, 60 + n % 10));
    assert_eq!(parallel(&house, spread).await, (17, 183));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_starts_at_once_pass_a_tally_limit_exactly_too() {
    let house = house().await;
    house.profile(limit(LimitScope::Device, 7, 600)).await;
    let spread = |n: usize| {
        let mut input = to(&format!("+1{}55501{:02}", 213 + n / 10, 60 + n % 10));
        input.client.device_id = Some("one".to_owned());
        input
    };
    // Each of those that were counted at once may refuse another, so fewer may pass, never more.
    let (sent, limited) = parallel(&house, spread).await;
    assert!((1..=7).contains(&sent), "{sent} passed");
    assert_eq!(sent + limited, 200);
}

#[tokio::test]
async fn what_is_refused_counts_nowhere_and_a_window_ends() {
    let house = house().await;
    house.profile(limit(LimitScope::Device, 2, 600)).await;
    let with_device = |number: &str| {
        let mut input = to(number);
        input.client.device_id = Some("one".to_owned());
        input
    };
    for _ in 0..2 {
        start::start(&house.app, &house.test, with_device("+12125550123")).await.unwrap();
    }
    for _ in 0..50 {
        let refused = start::start(&house.app, &house.test, with_device("+12125550124")).await;
        let Err(VerifyError::Limited { scope: LimitScope::Device, max: 2, window_s: 600, .. }) = refused
        else {
            panic!("not limited")
        };
    }
    // Fifty in vain: the number itself has no message counted against it.
    for _ in 0..5 {
        house.start("+12125550124").await.unwrap();
    }
    house.clock.step(701_000);
    start::start(&house.app, &house.test, with_device("+12125550125")).await.unwrap();
}

#[tokio::test]
async fn wrong_guesses_at_a_number_stop_strangers_but_not_who_proved_it() {
    let house = house().await;
    house.profile(limit(LimitScope::NumberChecks, 3, 3600)).await;
    let mut hers = to("+12125550123");
    hers.client.device_id = Some("hers".to_owned());
    let id = start::start(&house.app, &house.test, hers.clone()).await.unwrap().verification.id;
    let code = house.latest("+12125550123").await.code;
    house.check(&id, &code).await.unwrap();
    house.clock.step(1_000);
    let id = house.started("+12125550123").await;
    let code = house.latest("+12125550123").await.code;
    for _ in 0..3 {
        house.check(&id, &wrong(&code)).await.unwrap();
    }
    let stranger = house.start("+12125550123").await;
    assert!(matches!(stranger, Err(VerifyError::Limited { scope: LimitScope::NumberChecks, .. })));
    start::start(&house.app, &house.test, hers).await.unwrap();
    // A pending one keeps its own checks.
    assert_eq!(house.check(&id, &code).await.unwrap(), Status::Approved);
}

#[tokio::test]
async fn what_is_no_number_counts_against_its_address() {
    let house = house().await;
    house.profile(limit(LimitScope::Ip, 3, 600)).await;
    let from = |number: &str| {
        let mut input = to(number);
        input.client.ip = Some("192.0.2.7".parse().unwrap());
        input
    };
    for _ in 0..3 {
        let invalid = start::start(&house.app, &house.test, from("+1212")).await;
        assert!(matches!(invalid, Err(VerifyError::InvalidNumber { .. })));
    }
    let limited = start::start(&house.app, &house.test, from("+1212")).await;
    assert!(matches!(limited, Err(VerifyError::Limited { scope: LimitScope::Ip, .. })));
    let limited = start::start(&house.app, &house.test, from("+12125550123")).await;
    assert!(matches!(limited, Err(VerifyError::Limited { scope: LimitScope::Ip, .. })));
    house.start("+12125550123").await.unwrap();
}

#[tokio::test]
async fn a_limited_attempt_is_explained_in_the_journal() {
    let house = house().await;
    house.profile(limit(LimitScope::Number, 1, 600)).await;
    house.started("+12125550123").await;
    let Err(VerifyError::Limited { attempt, assessment, .. }) = house.start("+12125550123").await else {
        panic!("not limited")
    };
    house.app.store.records.flush().await.unwrap();
    for id in [attempt, assessment] {
        let entry = crate::verify::assess::find(&house.app, &house.test, &id).await.unwrap();
        let first = entry.assessment.reasons.first().unwrap();
        assert_eq!(first.code, Code::Limit(LimitScope::Number));
    }
}

#[tokio::test]
async fn no_spelling_of_a_number_passes_its_limit() {
    let house = house().await;
    house.profile(limit(LimitScope::Number, 4, 600)).await;
    for spelling in ["+12125550123", "+1 (212) 555-0123", "0012125550123", "+1 212.555.0123"] {
        house.start(spelling).await.unwrap();
    }
    for spelling in ["+１２１２５５５０１２３", "+1-212-555-0123", " +1 212 555 01 23 "] {
        match house.start(spelling).await {
            Err(
                VerifyError::Limited { scope: LimitScope::Number, .. } | VerifyError::InvalidNumber { .. },
            ) => {}
            other => panic!("{spelling}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_idempotency_key_a_hundred_times_at_once_makes_one_verification() {
    use crate::store::row::{Idempotency, IdempotencyKey};
    let house = house().await;
    let key = IdempotencyKey { owner: house.test.owner.clone(), scopes: "verify".into(), key: "k".into() };
    let mut going = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, caller, key) = (house.app.clone(), house.test.clone(), key.clone());
        going.spawn(async move {
            let begun = app.store.records.idempotency_begin(&key, [1; 32], NOON, 60_000).await.unwrap();
            if begun != Idempotency::Fresh {
                return None;
            }
            let mut input = to("+12125550123");
            input.idempotency = Some(key);
            Some(start::start(&app, &caller, input).await.unwrap().verification.id)
        });
    }
    let made: Vec<String> = going.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(house.messages("+12125550123").await, 1);
    // Whoever takes the key over after a lost lease is given the same one, and nothing is sent.
    let mut input = to("+12125550123");
    input.idempotency = Some(key);
    let again = start::start(&house.app, &house.test, input).await.unwrap();
    assert_eq!(again.verification.id, made[0]);
    assert_eq!(house.messages("+12125550123").await, 1);
}

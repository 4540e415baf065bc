//! At most once an attempt and route.

use super::*;
use crate::store::row::{AttemptStatus, Status};
use crate::verify::get;
use crate::verify::report::{self, DeliveredError, ReportAnswer};
use std::time::Duration;

const NUMBER: &str = "+12125551234";

async fn live(house: &House) -> Verified {
    start::start(&house.app, &house.live, to(NUMBER)).await.unwrap()
}

async fn outcome(first: Does) -> (Verified, usize, usize) {
    let (a, b) = (Told::to("a", [first]), Told::to("b", []));
    let house = house_with(vec![a.clone(), b.clone()]).await;
    let verified = live(&house).await;
    let kept = get::get(&house.app, &house.live, &verified.verification.id).await.unwrap();
    assert_eq!(kept.verification.attempts, verified.verification.attempts, "the answer is what is kept");
    assert_eq!(kept.verification.status, verified.verification.status);
    (verified, a.reached().len(), b.reached().len())
}

#[tokio::test]
async fn the_next_route_is_tried_only_when_nothing_was_sent_for_certain() {
    let (verified, a, b) = outcome(Does::Takes).await;
    assert_eq!((verified.verification.attempts[0].status, a, b), (AttemptStatus::Sent, 1, 0));
    let (verified, a, b) = outcome(Does::NotNow).await;
    assert_eq!((verified.verification.attempts[0].status, a, b), (AttemptStatus::Sent, 1, 1));
    assert_eq!(verified.verification.attempts[0].provider.as_deref(), Some("b"));
    let (verified, a, b) = outcome(Does::Resets).await;
    assert_eq!((verified.verification.attempts[0].status, a, b), (AttemptStatus::Unknown, 1, 0));
    assert_eq!(verified.verification.status, Status::Pending, "the code may have arrived");
    let (verified, a, b) = outcome(Does::Refuses).await;
    assert_eq!((verified.verification.attempts[0].status, a, b), (AttemptStatus::Failed, 1, 0));
    assert_eq!(verified.verification.status, Status::Failed);
}

#[tokio::test]
async fn no_route_at_all_is_a_failure_for_certain() {
    let house = house().await;
    let verified = live(&house).await;
    assert_eq!(verified.verification.status, Status::Failed);
    assert_eq!(verified.verification.attempts[0].status, AttemptStatus::Failed);
}

#[tokio::test]
async fn what_failed_for_certain_is_not_charged_and_what_is_unknown_is() {
    let refusing = Told::to("a", vec![Does::Refuses; 20]);
    let house = house_with(vec![refusing.clone()]).await;
    for _ in 0..20 {
        assert_eq!(live(&house).await.verification.status, Status::Failed);
    }
    let resetting = Told::to("a", vec![Does::Resets; 20]);
    let house = house_with(vec![resetting.clone()]).await;
    for _ in 0..5 {
        assert_eq!(live(&house).await.verification.status, Status::Pending);
    }
    let sixth = start::start(&house.app, &house.live, to(NUMBER)).await;
    assert!(matches!(sixth, Err(VerifyError::Limited { .. })));
    assert_eq!(resetting.reached().len(), 5);
}

#[tokio::test]
async fn a_slow_provider_lets_the_caller_go_and_is_asked_once() {
    let until = Arc::new(Notify::new());
    let provider = Told::to("a", [Does::Hangs(until.clone())]);
    let house = house_with(vec![provider.clone()]).await;
    let mut manager = house.manage.clone();
    manager.owner = house.live.owner.clone();
    let edit = ProfileEdit { send_wait_s: Some(0), ..ProfileEdit::default() };
    profiles::update(&house.app, &manager, "default", &edit).await.unwrap();
    let verified = live(&house).await;
    assert_eq!(verified.verification.attempts[0].status, AttemptStatus::Queued);
    assert!(!house.app.sends.drain(Duration::from_millis(1)).await, "it is under way");
    until.notify_one();
    assert!(house.app.sends.drain(Duration::from_secs(10)).await);
    let kept = get::get(&house.app, &house.live, &verified.verification.id).await.unwrap();
    assert_eq!(kept.verification.attempts[0].status, AttemptStatus::Sent);
    assert_eq!(provider.reached().len(), 1);
}

#[tokio::test]
async fn a_start_goes_on_when_its_caller_goes_away() {
    let until = Arc::new(Notify::new());
    let provider = Told::to("a", [Does::Hangs(until.clone())]);
    let house = house_with(vec![provider.clone()]).await;
    let (app, caller) = (house.app.clone(), house.live.clone());
    let going = tokio::spawn(async move { start::start(&app, &caller, to(NUMBER)).await });
    while provider.reached().is_empty() {
        tokio::task::yield_now().await;
    }
    going.abort();
    assert!(going.await.unwrap_err().is_cancelled());
    until.notify_one();
    assert!(house.app.sends.drain(Duration::from_secs(10)).await);
    let page = crate::store::row::PageAsk { limit: 10, after: None, descending: false };
    let all = get::list(&house.app, &house.live, &get::Which::default(), &page).await.unwrap();
    assert_eq!(all.rows[0].verification.attempts[0].status, AttemptStatus::Sent);
}

#[tokio::test]
async fn what_a_crash_left_queued_becomes_unknown_and_is_not_sent_again() {
    let provider = Told::to("a", [Does::Hangs(Arc::new(Notify::new()))]);
    let house = house_with(vec![provider.clone()]).await;
    let (app, caller) = (house.app.clone(), house.live.clone());
    let going = tokio::spawn(async move { start::start(&app, &caller, to(NUMBER)).await });
    while provider.reached().is_empty() {
        tokio::task::yield_now().await;
    }
    // Also where the clock stands behind when the program comes up again.
    house.clock.step(-86_400_000);
    crate::jobs::recover(&house.app).await.unwrap();
    let page = crate::store::row::PageAsk { limit: 10, after: None, descending: false };
    let all = get::list(&house.app, &house.live, &get::Which::default(), &page).await.unwrap();
    assert_eq!(all.rows[0].verification.attempts[0].status, AttemptStatus::Unknown);
    assert_eq!(provider.reached().len(), 1);
    going.abort();
}

#[tokio::test]
async fn a_failed_resend_does_not_end_a_verification_whose_code_may_have_arrived() {
    let provider = Told::to("a", [Does::Takes, Does::Refuses]);
    let house = house_with(vec![provider.clone()]).await;
    let id = live(&house).await.verification.id;
    house.clock.step(30_000);
    let resent = crate::verify::resend::resend(&house.app, &house.live, &id, None, None).await.unwrap();
    assert_eq!(resent.verification.attempts[1].status, AttemptStatus::Failed);
    assert_eq!(resent.verification.status, Status::Pending);
    let kept = get::get(&house.app, &house.live, &id).await.unwrap();
    assert_eq!(kept.verification.status, Status::Pending);
}

#[tokio::test]
async fn a_delivery_is_believed_once_and_only_of_attempts_that_we_made() {
    let house = house_with(vec![Told::to("a", []), Told::to("b", [])]).await;
    let verified = live(&house).await;
    let attempt = verified.verification.attempts[0].id.clone();
    let headers = BTreeMap::new();
    let told = async |provider: &str, body: String, token_ok: bool| {
        let (method, url, body) = ("POST", "", body.as_bytes());
        let callback = Callback { method, url, headers: &headers, body, token_ok, at_ms: NOON };
        report::delivered(&house.app, provider, &callback).await
    };
    let forged = told("a", format!("{attempt} delivered"), false).await;
    assert!(matches!(forged, Err(DeliveredError::Callback(CallbackError::NotAuthentic))));
    assert!(matches!(told("z", String::new(), true).await, Err(DeliveredError::NotFound)));
    let strange = crate::id::new(crate::id::Noun::Attempt, NOON, &*SetDice::seeded(99));
    assert_eq!(told("a", format!("{strange} delivered"), true).await.unwrap(), ReportAnswer::Unknown);
    let by_another = told("b", format!("{attempt} undelivered"), true).await.unwrap();
    assert_eq!(by_another, ReportAnswer::Unknown, "a provider speaks of its own messages alone");
    let test = house.start("+12125550123").await.unwrap().verification.attempts[0].id.clone();
    let of_test_world = told("a", format!("{test} undelivered"), true).await.unwrap();
    assert_eq!(of_test_world, ReportAnswer::Unknown, "no provider was handed it");
    assert_eq!(told("a", format!("{attempt} delivered"), true).await.unwrap(), ReportAnswer::Accepted);
    assert_eq!(told("a", format!("{attempt} undelivered"), true).await.unwrap(), ReportAnswer::Duplicate);
    let kept = get::get(&house.app, &house.live, &verified.verification.id).await.unwrap();
    assert_eq!(kept.verification.attempts[0].status, AttemptStatus::Delivered);
}

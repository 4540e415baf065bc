//! Starts, resends, cancels.

use super::*;
use crate::store::row::{AttemptStatus, Restart, Status};
use crate::verify::{cancel, get, resend};

#[tokio::test]
async fn from_a_start_to_an_approved_code() {
    let house = house().await;
    let started = house.start("+1 (212) 555-0123").await.unwrap();
    assert_eq!(started.verification.status, Status::Pending);
    assert_eq!(started.to.unwrap().number.to_string(), "+12125550123");
    assert_eq!(started.verification.attempts[0].status, AttemptStatus::Sent);
    let message = house.latest("+12125550123").await;
    assert!(message.body.contains(&message.code) && message.code.len() == 6);
    assert_eq!(house.check(&started.verification.id, &message.code).await.unwrap(), Status::Approved);
    let again = house.check(&started.verification.id, &message.code).await;
    assert!(matches!(again, Err(VerifyError::AlreadyFinished(Status::Approved))));
    let seen = get::get(&house.app, &house.test, &started.verification.id).await.unwrap();
    assert_eq!(seen.verification.status, Status::Approved);
    assert!(seen.judged.is_some());
}

#[tokio::test]
async fn another_tenants_or_worlds_verification_is_unknown() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    for id in [id.as_str(), "ver_x", "att_00000000000000000000000000000000"] {
        assert!(matches!(get::get(&house.app, &house.live, id).await, Err(VerifyError::NotFound)));
        let check = crate::verify::check::check(&house.app, &house.live, id, "123456").await;
        assert!(matches!(check, Err(VerifyError::NotFound)));
        assert!(matches!(cancel::cancel(&house.app, &house.live, id).await, Err(VerifyError::NotFound)));
        let resent = resend::resend(&house.app, &house.live, id, None, None).await;
        assert!(matches!(resent, Err(VerifyError::NotFound)));
    }
}

#[tokio::test]
async fn a_resend_carries_the_same_code_and_gives_no_guess_back() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let first = house.latest("+12125550123").await.code;
    assert_eq!(house.check(&id, &wrong(&first)).await.unwrap(), Status::Pending);
    let soon = resend::resend(&house.app, &house.test, &id, None, None).await;
    assert!(matches!(soon, Err(VerifyError::TooSoon { retry_after_ms: 29_000..=30_000 })));
    house.clock.step(30_000);
    let resent = resend::resend(&house.app, &house.test, &id, None, None).await.unwrap();
    assert_eq!(resent.verification.attempts.len(), 2);
    assert_eq!(house.messages("+12125550123").await, 2);
    assert_eq!(house.latest("+12125550123").await.code, first);
    for _ in 0..3 {
        assert_eq!(house.check(&id, "000").await.unwrap(), Status::Pending);
    }
    assert_eq!(house.check(&id, &wrong(&first)).await.unwrap(), Status::TooManyChecks);
    assert_eq!(house.check(&id, &first).await.unwrap(), Status::TooManyChecks);
    house.clock.step(30_000);
    let resent = resend::resend(&house.app, &house.test, &id, None, None).await;
    assert!(matches!(resent, Err(VerifyError::AlreadyFinished(Status::TooManyChecks))));
    let canceled = cancel::cancel(&house.app, &house.test, &id).await;
    assert!(matches!(canceled, Err(VerifyError::AlreadyFinished(Status::TooManyChecks))));
}

#[tokio::test]
async fn what_is_over_is_over() {
    let house = house().await;
    let id = house.started("+12125550123").await;
    let code = house.latest("+12125550123").await.code;
    house.clock.step(600_000);
    assert!(matches!(house.check(&id, &code).await, Err(VerifyError::Expired)));
    let resent = resend::resend(&house.app, &house.test, &id, None, None).await;
    assert!(matches!(resent, Err(VerifyError::Expired)));
    let seen = get::get(&house.app, &house.test, &id).await.unwrap();
    assert_eq!(seen.verification.status, Status::Expired);
    let other = house.started("+12125550124").await;
    cancel::cancel(&house.app, &house.test, &other).await.unwrap();
    let code = house.latest("+12125550124").await.code;
    let check = house.check(&other, &code).await;
    assert!(matches!(check, Err(VerifyError::AlreadyFinished(Status::Canceled))));
}

#[tokio::test]
async fn restart_says_what_becomes_of_a_pending_one() {
    for restart in [Restart::New, Restart::Conflict, Restart::Supersede, Restart::Resend] {
        let house = house().await;
        house.profile(ProfileEdit { restart: Some(restart), ..ProfileEdit::default() }).await;
        let first = house.started("+12125550123").await;
        house.clock.step(30_000);
        let second = house.start("+12125550123").await;
        let status = get::get(&house.app, &house.test, &first).await.unwrap().verification.status;
        match restart {
            Restart::New => {
                assert_ne!(second.unwrap().verification.id, first);
                assert_eq!(status, Status::Pending);
            }
            Restart::Conflict => {
                assert!(matches!(second, Err(VerifyError::Pending(id)) if id == first));
                assert_eq!(status, Status::Pending);
            }
            Restart::Supersede => {
                assert_ne!(second.unwrap().verification.id, first);
                assert_eq!(status, Status::Canceled);
            }
            Restart::Resend => {
                let second = second.unwrap().verification;
                assert_eq!((second.id, second.attempts.len()), (first, 2));
            }
        }
    }
}

#[tokio::test]
async fn a_live_key_refuses_fictional_numbers_and_a_test_key_reaches_no_provider() {
    let provider = Told::to("main", []);
    let house = house_with(vec![provider.clone()]).await;
    let fictional = start::start(&house.app, &house.live, to("+12125550123")).await;
    assert!(matches!(fictional, Err(VerifyError::InvalidNumber { reason: "fictional" })));
    house.start("+12125551234").await.unwrap();
    assert_eq!(provider.reached(), []);
    assert_eq!(house.messages("+12125551234").await, 1);
    start::start(&house.app, &house.live, to("+12125551234")).await.unwrap();
    assert_eq!(provider.reached().len(), 1);
    let outbox = outbox::latest(&house.app, &house.live, None, 0).await;
    assert!(matches!(outbox, Err(VerifyError::NotFound)));
}

#[tokio::test]
async fn a_callers_own_code_needs_leave_and_is_sealed() {
    let house = house().await;
    let mut input = to("+12125550123");
    input.code = Some("987654".to_owned());
    let refused = start::start(&house.app, &house.test, input.clone()).await;
    let Err(VerifyError::Invalid(faults)) = refused else { panic!("taken without leave") };
    assert_eq!((faults[0].field.as_str(), faults[0].code), ("code", "not_allowed"));
    house.profile(ProfileEdit { own_codes: Some(true), ..ProfileEdit::default() }).await;
    let started = start::start(&house.app, &house.test, input).await.unwrap();
    let sealed = started.verification.fixed.own_code.clone().unwrap();
    assert!(!sealed.windows(6).any(|six| six == b"987654"));
    assert!(!format!("{:?}", started.verification).contains("987654"));
    assert_eq!(house.latest("+12125550123").await.code, "987654");
    assert_eq!(house.check(&started.verification.id, "987654").await.unwrap(), Status::Approved);
}

#[tokio::test]
async fn every_field_that_cannot_be_taken_is_named() {
    let house = house().await;
    let mut input = to("+12125550123");
    input.brand = Some("a\u{7}b".to_owned());
    input.sender_id = Some("x".repeat(17));
    input.locale = Some("e n".to_owned());
    input.app_hash = Some("short".to_owned());
    input.metadata = (0..17).map(|n| (n.to_string(), String::new())).collect();
    let Err(VerifyError::Invalid(faults)) = start::start(&house.app, &house.test, input).await else {
        panic!("taken")
    };
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["brand", "sender_id", "locale", "app_hash", "metadata"]);
    let mut input = to("+12125550123");
    input.channel = Some(Channel::Voice);
    let voice = start::start(&house.app, &house.test, input).await;
    assert!(matches!(voice, Err(VerifyError::NotAvailable { field: "channel" })));
    let mut input = to("+12125550123");
    input.profile = Some("nobody".to_owned());
    assert!(matches!(start::start(&house.app, &house.test, input).await, Err(VerifyError::Invalid(_))));
}

//! Magic endings of the test world.

use super::*;
use crate::store::row::{AttemptStatus, Status};
use crate::verify::{challenge, get, resend};
use cofferdam_engine::signal::Code;

fn codes(verified: &Verified) -> Vec<Code> {
    let judged = verified.judged.as_ref().unwrap();
    judged.assessment.reasons.iter().map(|reason| reason.code).collect()
}

#[tokio::test]
async fn delivered_undelivered_and_timed_out() {
    let house = house().await;
    let zero = house.start("+12125550100").await.unwrap();
    assert_eq!(zero.verification.attempts[0].status, AttemptStatus::Delivered);
    assert_eq!(house.check(&zero.verification.id, "000000").await.unwrap(), Status::Approved);
    let undelivered = house.start("+12125550120").await.unwrap();
    assert_eq!(undelivered.verification.attempts[0].status, AttemptStatus::Undelivered);
    assert_eq!(house.messages("+12125550120").await, 0);
    let timed_out = house.start("+12125550121").await.unwrap();
    assert_eq!(timed_out.verification.attempts[0].status, AttemptStatus::Unknown);
    let late = house.start("+12125550122").await.unwrap();
    assert_eq!(late.verification.attempts[0].status, AttemptStatus::Sent);
    for (after, status) in [(19_999, AttemptStatus::Sent), (1, AttemptStatus::Delivered)] {
        house.clock.step(after);
        crate::verify::report::due(&house.app).await;
        let seen = get::get(&house.app, &house.test, &late.verification.id).await.unwrap();
        assert_eq!(seen.verification.attempts[0].status, status);
    }
    for verified in [Box::new(zero), Box::new(undelivered), Box::new(timed_out)] {
        let seen = get::get(&house.app, &house.test, &verified.verification.id).await.unwrap();
        assert_eq!(seen.verification.attempts[0].status, verified.verification.attempts[0].status);
    }
}

#[tokio::test]
async fn blocked_as_pumping_budget_landline_and_premium() {
    let house = house().await;
    for (number, code) in [
        ("+12125550110", Code::BlockStanding),
        ("+12125550112", Code::BudgetExhausted),
        ("+12125550130", Code::NumberKind),
        ("+12125550131", Code::NumberTariff),
    ] {
        let blocked = house.start(number).await.unwrap();
        assert!(codes(&blocked).contains(&code), "{number}");
        if code != Code::NumberKind {
            assert_eq!(blocked.verification.status, Status::Blocked, "{number}");
            assert_eq!(blocked.verification.attempts[0].status, AttemptStatus::Blocked);
            assert_eq!(house.messages(number).await, 0);
        }
    }
}

#[tokio::test]
async fn a_challenge_passed_sends_and_a_failed_one_blocks() {
    let house = house().await;
    let waits = house.start("+12125550111").await.unwrap();
    assert_eq!(waits.verification.status, Status::ChallengeRequired);
    assert_eq!(house.messages("+12125550111").await, 0);
    let check = house.check(&waits.verification.id, "000000").await;
    assert!(matches!(check, Err(VerifyError::State(_))), "{check:?}");
    let id = &waits.verification.id;
    let passed = challenge::challenge(&house.app, &house.test, id, "pass", None).await.unwrap();
    assert_eq!(passed.verification.status, Status::Pending);
    let code = house.latest("+12125550111").await.code;
    let twice = challenge::challenge(&house.app, &house.test, id, "pass", None).await;
    assert!(matches!(twice, Err(VerifyError::State(_))));
    house.clock.step(31_000);
    let resent = resend::resend(&house.app, &house.test, id, None, None).await.unwrap();
    assert_eq!(resent.verification.attempts.len(), 2);
    assert_eq!(house.check(id, &code).await.unwrap(), Status::Approved);

    let waits = house.start("+12135550111").await.unwrap();
    let failed =
        challenge::challenge(&house.app, &house.test, &waits.verification.id, "no", None).await.unwrap();
    assert_eq!(failed.verification.status, Status::Blocked);
    assert_eq!(house.messages("+12135550111").await, 0);
}

#[tokio::test]
async fn approved_on_the_second_send() {
    let house = house().await;
    let first = house.start("+12125550140").await.unwrap();
    assert_eq!(first.verification.attempts[0].status, AttemptStatus::Undelivered);
    assert_eq!(house.messages("+12125550140").await, 0);
    house.clock.step(30_000);
    resend::resend(&house.app, &house.test, &first.verification.id, None, None).await.unwrap();
    let code = house.latest("+12125550140").await.code;
    assert_eq!(house.check(&first.verification.id, &code).await.unwrap(), Status::Approved);
}

#[tokio::test]
async fn who_waits_for_messages_takes_a_bounded_number_of_places() {
    let house = house().await;
    let wait = async || outbox::latest(&house.app, &house.test, Some(("+12125550199", None)), 1).await.err();
    let all = house.app.sends.waits.available_permits() as u32;
    let held = house.app.sends.waits.acquire_many(all).await.unwrap();
    assert!(matches!(wait().await, Some(VerifyError::Crowded)));
    drop(held);
    assert!(matches!(wait().await, Some(VerifyError::NotFound)));
    let now = outbox::latest(&house.app, &house.test, None, 0).await;
    assert!(matches!(now, Err(VerifyError::NotFound)), "who does not wait takes none");
}

//! Judgements for callers who send by themselves, and what they report.

use super::*;
use crate::store::row::{JournalEntry, ToldOf};
use crate::verify::report::{self, ReportAnswer, Reported};
use crate::verify::{AssessInput, assess};
use cofferdam_engine::Decision;
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::outcome::{CheckResult, Label, What};
use cofferdam_engine::signal::Code;

fn ask(number: &str) -> AssessInput {
    AssessInput {
        to: number.to_owned(),
        country: None,
        channel: None,
        profile: None,
        client: Client::default(),
        price_micros: None,
    }
}

impl House {
    async fn assess(&self, number: &str) -> JournalEntry {
        *assess::assess(&self.app, &self.test, &ask(number)).await.unwrap()
    }

    async fn tell(&self, attempt: &str, what: What) -> ReportAnswer {
        let of = ToldOf::Attempt(attempt.to_owned());
        let told = report::report(&self.app, &self.test, vec![Reported { of, at_ms: None, what }]).await;
        told.unwrap()[0]
    }
}

#[tokio::test]
async fn an_allow_counts_as_sent_unless_it_is_reported_not_to_be() {
    let house = house().await;
    let mut attempts = Vec::new();
    for _ in 0..5 {
        let entry = house.assess("+12125550123").await;
        assert_eq!(entry.assessment.decision, Decision::Allow);
        attempts.push(entry.attempt_id);
    }
    let sixth = house.assess("+12125550123").await;
    assert_eq!(sixth.assessment.decision, Decision::Block);
    assert_eq!(sixth.assessment.reasons.first().unwrap().code, Code::Limit(LimitScope::Number));
    assert!(sixth.assessment.retry_after_ms.unwrap() > 0);
    house.app.store.records.flush().await.unwrap();
    assert_eq!(house.tell(&attempts[0], What::NotSent).await, ReportAnswer::Accepted);
    assert_eq!(house.tell(&attempts[0], What::NotSent).await, ReportAnswer::Duplicate);
    assert_eq!(house.tell(&sixth.attempt_id, What::NotSent).await, ReportAnswer::Accepted);
    assert_eq!(house.assess("+12125550123").await.assessment.decision, Decision::Allow);
    assert_eq!(house.assess("+12125550123").await.assessment.decision, Decision::Block, "given back once");
}

#[tokio::test]
async fn what_is_not_let_through_counts_against_no_exact_limit() {
    let house = house().await;
    let limits = [(LimitScope::Tenant, vec![Limit { max: 3, window_s: 600 }])];
    house.profile(ProfileEdit { limits: limits.into(), ..ProfileEdit::default() }).await;
    assert_eq!(house.assess("+12125550123").await.assessment.decision, Decision::Allow);
    for _ in 0..10 {
        let entry = house.assess("+12125550111").await;
        assert_eq!(entry.assessment.decision, Decision::Challenge);
        assert!(entry.reservations.is_empty(), "nothing is reserved for it");
    }
    for left in [true, true, false, false] {
        let entry = house.assess("+12125550124").await;
        let decision = if left { Decision::Allow } else { Decision::Block };
        assert_eq!(entry.assessment.decision, decision, "{:?}", entry.assessment.reasons);
        assert_eq!(entry.reservations.is_empty(), !left);
    }
}

#[tokio::test]
async fn a_challenge_counts_once_it_is_passed() {
    let house = house().await;
    let mut attempts = Vec::new();
    for _ in 0..20 {
        let entry = house.assess("+12125550111").await;
        assert_eq!(entry.assessment.decision, Decision::Challenge);
        attempts.push(entry.attempt_id);
    }
    house.app.store.records.flush().await.unwrap();
    for attempt in &attempts[..10] {
        assert_eq!(house.tell(attempt, What::Challenge { passed: true }).await, ReportAnswer::Accepted);
    }
    let device = house.assess("+12125550111").await;
    // Number limits are asked for when an attempt is allowed; a challenged one has yet to be.
    assert_eq!(device.assessment.decision, Decision::Challenge);
}

#[tokio::test]
async fn a_reported_conversion_proves_and_unknown_attempts_are_unknown() {
    let house = house().await;
    let entry = house.assess("+12125550123").await;
    house.app.store.records.flush().await.unwrap();
    let ok = What::Check { result: CheckResult::Ok };
    assert_eq!(house.tell(&entry.attempt_id, ok).await, ReportAnswer::Accepted);
    let again = house.assess("+12125550123").await;
    assert!(again.known.identity.number_proved_s.is_some());
    let strange = crate::id::new(crate::id::Noun::Attempt, NOON, &*SetDice::seeded(99));
    assert_eq!(house.tell(&strange, ok).await, ReportAnswer::Unknown);
    let foreign = Reported { of: ToldOf::Attempt(entry.attempt_id.clone()), at_ms: None, what: ok };
    let told = report::report(&house.app, &house.live, vec![foreign]).await.unwrap();
    assert_eq!(told, [ReportAnswer::Unknown]);
}

#[tokio::test]
async fn a_judgement_is_found_again_as_it_was_and_can_be_labelled() {
    let house = house().await;
    let entry = house.assess("+12125550123").await;
    for id in [&entry.assessment_id, &entry.attempt_id] {
        let found = assess::find(&house.app, &house.test, id).await.unwrap();
        assert_eq!(found.assessment, entry.assessment);
        let (basis, known) = (&found.basis, &found.known);
        let again = cofferdam_engine::assess(&found.attempt, known, &basis.policy, &basis.terms);
        assert_eq!(again, found.assessment, "judged again");
    }
    assert!(assess::find(&house.app, &house.live, &entry.assessment_id).await.is_err());
    let id = &entry.assessment_id;
    let label = report::label(&house.app, &house.test, id, Label::Fraud, Some("seen it")).await.unwrap();
    assert_eq!(label, ReportAnswer::Accepted);
}

//! A profile that switches evidence off: limits, lists and what stands decide, and nothing else is counted.

use super::rejudging::again;
use super::*;
use crate::store::row::{JournalEntry, PageAsk, Status, ToldOf};
use crate::verify::report::{self, ReportAnswer, Reported};
use crate::verify::{AssessInput, assess, blocks};
use cofferdam_engine::evidence::{Evidenced, Glimpse};
use cofferdam_engine::limit::{Limit, LimitScope};
use cofferdam_engine::outcome::{CheckResult, What};
use cofferdam_engine::signal::Code;
use cofferdam_engine::{Decision, Known};
use cofferdam_sim::Rejudged;

/// Without evidence, and with one limit more.
async fn alone(limits: impl IntoIterator<Item = (LimitScope, u32)>) -> House {
    let house = house().await;
    let of = |(scope, max)| (scope, vec![Limit { max, window_s: 600 }]);
    let limits = limits.into_iter().map(of).collect();
    house.profile(ProfileEdit { evidence: Some(false), limits, ..ProfileEdit::default() }).await;
    house
}

fn ask(number: &str, device: &str) -> AssessInput {
    AssessInput {
        to: number.to_owned(),
        country: None,
        channel: None,
        profile: None,
        client: Client {
            // In a data centre of another country, which evidence would hold against it.
            ip: Some(std::net::IpAddr::from([203, 0, 113, 9])),
            ip_country: cofferdam_atlas::Country::from_iso2("RU"),
            device_id: Some(device.to_owned()),
            session_id: Some("one".to_owned()),
            user_id: Some(device.to_owned()),
            ..Client::default()
        },
        price_micros: Some(300_000),
    }
}

impl House {
    async fn alone(&self, number: &str, device: &str) -> JournalEntry {
        *assess::assess(&self.app, &self.test, &ask(number, device)).await.unwrap()
    }

    async fn told(&self, entry: &JournalEntry, what: What) {
        self.app.store.records.flush().await.unwrap();
        let of = ToldOf::Attempt(entry.attempt_id.clone());
        let told = report::report(&self.app, &self.test, vec![Reported { of, at_ms: None, what }]).await;
        assert_eq!(told.unwrap(), [ReportAnswer::Accepted]);
    }
}

#[tokio::test]
async fn nothing_of_evidence_is_looked_up_counted_or_weighed() {
    let scopes = [LimitScope::Ip, LimitScope::Device, LimitScope::Session, LimitScope::User];
    let house = alone(scopes.map(|scope| (scope, 1_000))).await;
    let before = house.app.store.tallies.size().keys;
    // A run of numbers in a row of whom nobody answers, dear ones: with evidence some hundred suffice.
    for n in 0..300 {
        let entry = house.alone(&format!("+447700900{:03}", 100 * (n / 50) + 50 + n % 50), "one").await;
        assert_eq!(entry.assessment.decision, Decision::Allow, "{:?}", entry.assessment.reasons);
        assert!(entry.assessment.reasons.is_empty(), "{:?}", entry.assessment.reasons);
        let Known { evidence, identity, blind, .. } = &*entry.known;
        assert_eq!((evidence, blind), (&Evidenced::default(), &None));
        assert_eq!(identity.glimpse, Glimpse::default());
        assert_eq!(again(&entry), Rejudged::Same);
        house.clock.step(1_000);
        report::advance(&house.app).await.unwrap();
    }
    // A limit a number; one each of device, session and user, two of addresses; and nothing else.
    let limits = house.app.store.tallies.size().keys - before;
    assert!((300..=306).contains(&limits), "{limits} keys");
    let page = PageAsk { limit: 50, after: None, descending: false };
    let all = blocks::Which { ended: true, kind: None };
    assert!(blocks::list(&house.app, &house.test, &all, &page).rows.is_empty());
}

#[tokio::test]
async fn limits_are_exact_and_what_is_refused_counts_nowhere() {
    let house = alone([(LimitScope::Device, 3), (LimitScope::Tenant, 7)]).await;
    for _ in 0..3 {
        assert_eq!(house.alone("+12125550140", "one").await.assessment.decision, Decision::Allow);
    }
    for _ in 0..40 {
        let refused = house.alone("+12125550141", "one").await;
        assert_eq!(refused.assessment.reasons[0].code, Code::Limit(LimitScope::Device));
        assert!(refused.assessment.retry_after_ms.unwrap() > 0 && refused.reservations.is_empty());
        assert_eq!(again(&refused), Rejudged::Same);
    }
    // Forty in vain: neither its number nor the tenant has one of them counted.
    for n in 0..4 {
        let passed = house.alone("+12125550141", &format!("other {n}")).await;
        assert_eq!(passed.assessment.decision, Decision::Allow, "{n}: {:?}", passed.assessment.reasons);
    }
    let eighth = house.alone("+12125550142", "another").await;
    assert_eq!(eighth.assessment.reasons[0].code, Code::Limit(LimitScope::Tenant));
    // One of them was not sent, so there is room for one.
    house.told(&house.alone("+12125550142", "another").await, What::NotSent).await;
    assert_eq!(house.alone("+12125550142", "another").await.assessment.decision, Decision::Block);
}

#[tokio::test]
async fn what_is_not_sent_is_given_back_once() {
    let house = alone([(LimitScope::Number, 2)]).await;
    let first = house.alone("+12125550140", "one").await;
    house.alone("+12125550140", "one").await;
    assert_eq!(house.alone("+12125550140", "one").await.assessment.decision, Decision::Block);
    house.told(&first, What::NotSent).await;
    assert_eq!(house.alone("+12125550140", "one").await.assessment.decision, Decision::Allow);
    assert_eq!(house.alone("+12125550140", "one").await.assessment.decision, Decision::Block);
}

#[tokio::test]
async fn who_proved_a_number_has_an_allowance_of_his_own() {
    let house = alone([(LimitScope::Number, 2), (LimitScope::Device, 2)]).await;
    let first = house.alone("+12125550140", "mine").await;
    house.told(&first, What::Check { result: CheckResult::Ok }).await;
    // Somebody else uses the number's allowance up.
    for n in 0..2 {
        house.alone("+12125550140", &format!("other {n}")).await;
    }
    assert_eq!(house.alone("+12125550140", "other 9").await.assessment.decision, Decision::Block);
    for n in 0..2 {
        let own = house.alone("+12125550140", "mine").await;
        assert_eq!(own.assessment.decision, Decision::Allow, "{n}: {:?}", own.assessment.reasons);
        assert!(own.known.identity.number_device_proved_s.is_some());
        assert_eq!(own.known.identity.device_proved_s, None, "nobody asks for it");
        assert_eq!(again(&own), Rejudged::Same);
    }
    assert_eq!(house.alone("+12125550140", "mine").await.assessment.decision, Decision::Block);
}

#[tokio::test]
async fn what_stands_decides_as_ever() {
    let house = alone([]).await;
    for (ending, status) in [("10", "block"), ("30", "block"), ("31", "block"), ("40", "allow")] {
        let judged = house.alone(&format!("+121255501{ending}"), "one").await.assessment;
        let expected = if status == "block" { Decision::Block } else { Decision::Allow };
        assert_eq!(judged.decision, expected, "{ending}: {:?}", judged.reasons);
    }
    house
        .profile(ProfileEdit { locked_country: Some(Some("GB".to_owned())), ..ProfileEdit::default() })
        .await;
    let locked = house.alone("+12125550140", "one").await.assessment;
    assert_eq!(locked.reasons[0].code, Code::DestinationLocked);
}

#[tokio::test]
async fn a_verification_is_sent_checked_and_proves() {
    let house = alone([]).await;
    let start = || {
        let mut input = to("+12125550123");
        input.client.device_id = Some("one".to_owned());
        start::start(&house.app, &house.test, input)
    };
    let id = start().await.unwrap().verification.id;
    let code = house.latest("+12125550123").await.code;
    assert_eq!(house.check(&id, &wrong(&code)).await.unwrap(), Status::Pending);
    house.clock.step(31_000);
    crate::verify::resend::resend(&house.app, &house.test, &id, None, None).await.unwrap();
    house.clock.step(1_000);
    assert_eq!(house.check(&id, &code).await.unwrap(), Status::Approved);
    let next = start().await.unwrap().verification;
    let entry =
        house.app.store.records.journalled(&house.test.owner, &next.fixed.assessment).await.unwrap().unwrap();
    assert!(entry.known.identity.number_device_proved_s.is_some());
    assert_eq!(entry.known.evidence, Evidenced::default());
    // The test world can ask for a challenge, and it is passed as ever.
    let challenged = house.started("+12125550111").await;
    let passed =
        crate::verify::challenge::challenge(&house.app, &house.test, &challenged, "pass", None).await;
    assert_eq!(passed.unwrap().verification.status, Status::Pending);
}

#[tokio::test]
async fn evidence_is_on_unless_it_is_switched_off() {
    let house = house().await;
    let with = house.alone("+12125550123", "one").await;
    assert!(with.known.evidence.newcomer && with.basis.terms.evidence);
    assert!(with.assessment.reasons.iter().any(|reason| reason.code == Code::IpCountry));
    let terms = serde_json::to_string(&with.basis.terms).unwrap();
    assert!(!terms.contains("evidence"), "what is judged as ever keeps its name: {terms}");
}

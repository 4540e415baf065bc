//! A recorded attempt with its recorded answers gives the recorded assessment: also once it was
//! written to the journal and read back, and, but for the keyed names, once a number was erased.

use super::*;
use crate::store::row::{JournalEntry, Owner, World};
use crate::verify::{AssessInput, KeyScope, assess, erase, keys::INSTALLATION};
use cofferdam_engine::signal::Code;
use cofferdam_sim::{Recorded, Rejudged, rejudge};

async fn recorded(house: &House) -> Vec<JournalEntry> {
    house.app.store.records.flush().await.unwrap();
    let (mut after, mut entries) = (0, Vec::new());
    loop {
        let (page, next) = house.app.store.records.journal_page(after, 50).await.unwrap();
        entries.extend(page.into_iter().map(|journalled| journalled.entry));
        match next {
            Some(next) => after = next,
            None => return entries,
        }
    }
}

/// What is judged of a recorded attempt from what was recorded with it.
pub(super) fn again(entry: &JournalEntry) -> Rejudged {
    rejudge(&Recorded {
        attempt: &entry.attempt,
        known: &entry.known,
        policy: &entry.basis.policy,
        terms: &entry.basis.terms,
        assessment: &entry.assessment,
    })
}

fn asked(n: u8) -> AssessInput {
    AssessInput {
        to: format!("+121255501{:02}", 40 + n % 30),
        country: None,
        channel: None,
        profile: None,
        client: Client {
            ip: Some(std::net::IpAddr::from([203, 0, 113, n % 5])),
            device_id: Some(format!("device-{}", n % 3)),
            user_agent: n.is_multiple_of(2).then(|| "Mozilla/5.0".to_owned()),
            ..Client::default()
        },
        price_micros: n.is_multiple_of(4).then_some(74_200),
    }
}

#[tokio::test]
async fn the_journal_gives_the_same_assessments_again() {
    let house = house().await;
    for n in 0..120 {
        assess::assess(&house.app, &house.test, &asked(n)).await.unwrap();
        house.clock.step(7_000);
    }
    for ending in ["10", "11", "12", "30", "31", "99"] {
        house.started(&format!("+121255501{ending}")).await;
    }
    for _ in 0..8 {
        // The last ones are refused by the records, in the transaction of the intent.
        let _ = house.start("+12125550198").await;
    }
    let entries = recorded(&house).await;
    assert_eq!(entries.len(), 120 + 6 + 8);
    let refused_by_records = |entry: &JournalEntry| {
        !entry.assess_only && entry.assessment.reasons.iter().any(|r| matches!(r.code, Code::Limit(_)))
    };
    for entry in entries.iter().filter(|entry| !refused_by_records(entry)) {
        let limited = entry
            .assessment
            .reasons
            .iter()
            .any(|r| r.code == Code::Limit(cofferdam_engine::limit::LimitScope::Number));
        if !(entry.assess_only && limited) {
            assert_eq!(again(entry), Rejudged::Same, "{}", entry.assessment_id);
        }
    }
    let plain = entries.iter().filter(|e| e.assessment.reasons.iter().all(|r| r.points == 0)).count();
    assert!(plain > 0 && plain < entries.len(), "the mixture is one");
    let seen: Vec<&JournalEntry> =
        entries.iter().filter(|entry| !entry.known.evidence.readings.is_empty()).collect();
    assert!(seen.len() > 100, "{} attempts with evidence", seen.len());
    assert!(seen.iter().any(|entry| entry.known.identity.glimpse.number_s != 0), "and some came again");
    let without = |entry: &JournalEntry| JournalEntry {
        known: Box::new(cofferdam_engine::Known {
            evidence: cofferdam_engine::evidence::Evidenced::default(),
            ..*entry.known.clone()
        }),
        ..entry.clone()
    };
    let changed = seen.iter().filter(|entry| again(&without(entry)) != Rejudged::Same).count();
    assert!(changed > 20, "evidence decided in {changed}");
}

#[tokio::test]
async fn erasing_a_number_changes_no_recorded_decision() {
    let house = house().await;
    house.started("+12125550199").await;
    let before = recorded(&house).await.pop().unwrap();
    let admin = Caller {
        key: "cli".to_owned(),
        owner: Owner { tenant: INSTALLATION.to_owned(), world: World::Live },
        scopes: vec![KeyScope::Admin],
        request_id: String::new(),
    };
    erase::erase(&house.app, &admin, "+12125550199", None).await.unwrap();
    let after = recorded(&house).await.pop().unwrap();
    assert_ne!(before.attempt.place.number, after.attempt.place.number);
    assert_eq!(before.assessment.decision, after.assessment.decision);
    assert_eq!(before.assessment.reasons, after.assessment.reasons);
    assert_eq!(before.assessment.points, after.assessment.points);
    let now = cofferdam_engine::assess(&after.attempt, &after.known, &after.basis.policy, &after.basis.terms);
    assert_eq!(
        (now.decision, now.points, now.reasons),
        (after.assessment.decision, after.assessment.points, after.assessment.reasons)
    );
}

use super::*;

pub async fn an_entry_is_found_at_once_and_after(home: Home) {
    let records = &home.store.records;
    let mut entries = Vec::new();
    for n in 0..600_i64 {
        // Two seconds apart, so that a row's span ends before its entries do.
        let journalled = journalled(&owner(), number(), NOW_MS + n * 2_000);
        entries.push(journalled.entry.clone());
        assert!(records.journal(&journalled.entry, journalled.marks.clone()));
    }
    let find = async |entry: &JournalEntry| {
        for id in [&entry.assessment_id, &entry.attempt_id] {
            assert_eq!(records.journalled(&owner(), id).await.unwrap().as_ref(), Some(entry));
        }
        for other in others() {
            assert_eq!(records.journalled(&other, &entry.attempt_id).await.unwrap(), None);
        }
    };
    find(&entries[0]).await;
    find(&entries[599]).await;
    records.flush().await.unwrap();
    for entry in entries.iter().step_by(37) {
        find(entry).await;
    }
    let unknown = new_id(Noun::Attempt, NOW_MS);
    assert_eq!(records.journalled(&owner(), &unknown).await.unwrap(), None);
    assert_eq!(records.journalled(&owner(), "no identifier at all").await.unwrap(), None);
    assert_eq!(records.journal_lost(), 0);
}

pub async fn entries_keep_every_bit(home: Home) {
    let records = &home.store.records;
    let mut odd = journalled(&owner(), Pseudonym(u128::MAX), NOW_MS);
    odd.entry.assessment.score = f64::from_bits(0x3FB9_9999_9999_999B);
    odd.entry.reservations = vec![limit(LimitScope::Tenant, u64::MAX, 3, 60), money(i64::MAX, 1)];
    odd.marks = Marks(vec![1; 300]);
    records.journal(&odd.entry, odd.marks.clone());
    records.flush().await.unwrap();
    let found = records.journalled(&owner(), &odd.entry.attempt_id).await.unwrap().unwrap();
    assert_eq!(found.assessment.score.to_bits(), odd.entry.assessment.score.to_bits());
    assert_eq!(found, odd.entry);
    let (page, _) = records.journal_page(0, 10).await.unwrap();
    assert_eq!(page, [odd]);
}

pub async fn pages_follow_one_another(home: Home) {
    let records = &home.store.records;
    let mut all = Vec::new();
    for n in 0..1000 {
        let mut one = journalled(&owner(), number(), NOW_MS + n);
        one.marks = Marks(vec![n as u8; n as usize % 5]);
        all.push(one.clone());
        records.journal(&one.entry, one.marks.clone());
        if n % 300 == 0 {
            records.journal_marks(Marks(vec![9; 7]));
            records.flush().await.unwrap();
        }
    }
    records.flush().await.unwrap();
    let (mut found, mut after) = (Vec::new(), Some(0));
    while let Some(position) = after {
        let (some, next) = records.journal_page(position, 100).await.unwrap();
        found.extend(some);
        after = next;
    }
    assert_eq!(found.len(), all.len());
    assert!(found == all, "in order, each once, with its own changes");
}

fn told(of: ToldOf, what: What, once: &str) -> Told {
    Told { of, outcome: Outcome { at_ms: NOW_MS + 5, what }, once: once.into() }
}

pub async fn an_outcome_counts_once(home: Home) {
    let records = &home.store.records;
    let judged = journalled(&owner(), number(), NOW_MS);
    let entry = judged.entry.clone();
    records.journal(&judged.entry, judged.marks.clone());
    let by = |what, once| told(ToldOf::Attempt(entry.attempt_id.clone()), what, once);
    let ok = What::Check { result: CheckResult::Ok };
    let tell = async |told: Vec<Told>| records.told(Some(&owner()), told).await.unwrap();
    let accepted = ToldAnswer::Accepted(Box::new(entry.clone()));
    let answers = tell(vec![by(ok, "check:1"), by(ok, "check:1"), by(What::NotSent, "not_sent")]).await;
    assert_eq!(answers, [accepted.clone(), ToldAnswer::Duplicate, accepted.clone()]);
    assert_eq!(tell(vec![by(ok, "check:1"), by(ok, "check:2")]).await, [ToldAnswer::Duplicate, accepted]);
    let race = (0..20).map(|_| {
        let (store, told) = (home.store.clone(), by(What::Expired, "expired"));
        tokio::spawn(async move { store.records.told(None, vec![told]).await.unwrap() })
    });
    let mut first = 0;
    for one in race.collect::<Vec<_>>() {
        first += u32::from(matches!(one.await.unwrap()[..], [ToldAnswer::Accepted(_)]));
    }
    assert_eq!(first, 1);
    let outcomes = records.outcomes(&owner(), &entry.attempt_id).await.unwrap();
    assert_eq!(outcomes.iter().map(|o| o.what).collect::<Vec<_>>(), [ok, What::NotSent, ok, What::Expired]);
    let unknown = told(ToldOf::Attempt(new_id(Noun::Attempt, NOW_MS)), ok, "check:1");
    let by_assessment = told(ToldOf::Attempt(entry.assessment_id.clone()), ok, "check:9");
    assert_eq!(tell(vec![unknown, by_assessment]).await, [ToldAnswer::Unknown, ToldAnswer::Unknown]);
}

pub async fn outcomes_told_together_find_each_its_attempt(home: Home) {
    let records = &home.store.records;
    let mut judged: Vec<_> = (0..700).map(|n| journalled(&owner(), number(), NOW_MS + n / 3)).collect();
    for (n, one) in judged.iter().enumerate() {
        records.journal(&one.entry, one.marks.clone());
        // In several rows, and the last of them not written yet.
        if n == 100 || n == 500 {
            records.flush().await.unwrap();
        }
    }
    let strange = new_id(Noun::Attempt, NOW_MS + 50);
    let ok = What::Check { result: CheckResult::Ok };
    // Neither in the order of their time nor in that of their rows.
    judged.sort_by_key(|one| one.entry.attempt_id.bytes().rev().collect::<Vec<_>>());
    let ids = judged.iter().map(|one| one.entry.attempt_id.clone()).chain([strange]);
    let all: Vec<Told> = ids.map(|id| told(ToldOf::Attempt(id), ok, "check:1")).collect();
    let answers = records.told(Some(&owner()), all).await.unwrap();
    assert_eq!(answers.len(), 701);
    assert_eq!(answers.last(), Some(&ToldAnswer::Unknown));
    for (answer, one) in answers.into_iter().zip(judged) {
        assert!(answer == ToldAnswer::Accepted(Box::new(one.entry)), "each is answered with its own");
    }
}

pub async fn a_delivery_finds_its_attempt(home: Home) {
    let records = &home.store.records;
    let v = home.pending().await;
    let mut sent = over(AttemptStatus::Sent);
    sent.reference = Some("SM17".into());
    records.handed_over(&owner(), &v.attempts[0].id, sent).await.unwrap();
    let reference =
        |provider: &str| ToldOf::Reference { provider: provider.into(), reference: "SM17".into() };
    let delivery = |of, status, once: &str| told(of, What::Delivery { status }, once);
    let tell = async |told| records.told(None, vec![told]).await.unwrap().remove(0);
    let other = tell(delivery(reference("other"), DeliveryStatus::Delivered, "d")).await;
    assert_eq!(other, ToldAnswer::Unknown);
    let status = async || home.get(&v).await.attempts[0].status;
    let undelivered = tell(delivery(reference("main"), DeliveryStatus::Undelivered, "u")).await;
    assert!(matches!(undelivered, ToldAnswer::Accepted(_)));
    assert_eq!(status().await, AttemptStatus::Undelivered);
    tell(delivery(ToldOf::Verification(v.id.clone()), DeliveryStatus::Delivered, "d")).await;
    assert_eq!(status().await, AttemptStatus::Delivered, "after all");
    tell(delivery(reference("main"), DeliveryStatus::Failed, "f")).await;
    assert_eq!(status().await, AttemptStatus::Delivered, "and stays");
    tell(told(ToldOf::Verification(v.id.clone()), What::Price { price_micros: 81 }, "p")).await;
    assert_eq!(home.get(&v).await.attempts[0].price_micros, Some(81));
}

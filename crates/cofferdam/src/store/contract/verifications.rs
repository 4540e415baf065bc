use super::*;

pub async fn a_start_is_found_whole(home: Home) {
    let start = start(&owner(), number(), NOW_MS);
    let made = start.verification.clone();
    let entry = start.journal.entry.clone();
    assert_eq!(home.begin(start).await, Started::Made);
    assert_eq!(home.get(&made).await, made);
    let records = &home.store.records;
    assert_eq!(records.journalled(&owner(), &entry.assessment_id).await.unwrap(), Some(entry.clone()));
    assert_eq!(records.journalled(&owner(), &entry.attempt_id).await.unwrap(), Some(entry));
}

pub async fn another_owner_finds_nothing(home: Home) {
    let v = home.pending().await;
    let attempt = &v.attempts[0].id;
    let records = &home.store.records;
    for other in others() {
        assert_eq!(records.verification(&other, &v.id).await.unwrap(), None);
        let all = records.verifications(&other, &VerificationFilter::default(), &page(9)).await.unwrap();
        assert!(all.rows.is_empty());
        assert_eq!(records.guess(&other, &v.id, NOW_MS, [0; 3]).await.unwrap(), Guess::Unknown);
        assert_eq!(records.cancel(&other, &v.id, NOW_MS).await.unwrap(), None);
        assert!(!records.challenge_failed(&other, &v.id, NOW_MS).await.unwrap());
        assert!(!records.handed_over(&other, attempt, over(AttemptStatus::Sent)).await.unwrap());
        assert_eq!(records.journalled(&other, attempt).await.unwrap(), None);
        assert!(records.outcomes(&other, attempt).await.unwrap().is_empty());
        let mut again = again(&v, NOW_MS + 60_000);
        again.owner = other.clone();
        assert_eq!(records.again(again).await.unwrap(), AgainAnswer::Unknown);
        let told = [ToldOf::Attempt(attempt.clone()), ToldOf::Verification(v.id.clone())].map(|of| Told {
            of,
            outcome: Outcome { at_ms: NOW_MS, what: What::NotSent },
            once: "not_sent".into(),
        });
        let answers = records.told(Some(&other), told.to_vec()).await.unwrap();
        assert_eq!(answers, [ToldAnswer::Unknown, ToldAnswer::Unknown]);
        records.release(&other, attempt).await.unwrap();
    }
    assert_eq!(home.get(&v).await, v, "nothing changed");
}

pub async fn a_refused_start_leaves_nothing(home: Home) {
    let mut refused = start(&owner(), number(), NOW_MS);
    refused.reservations = vec![limit(LimitScope::Number, 1, 5, 600), limit(LimitScope::Tenant, 2, 0, 600)];
    let (v, entry) = (refused.verification.clone(), refused.journal.entry.clone());
    let Started::Refused(Refusal::Limit { scope: LimitScope::Tenant, seen: 0, .. }) =
        home.begin(refused).await
    else {
        panic!("not refused")
    };
    let records = &home.store.records;
    assert_eq!(records.verification(&owner(), &v.id).await.unwrap(), None);
    assert_eq!(records.journalled(&owner(), &entry.attempt_id).await.unwrap(), None);
    for _ in 0..5 {
        let mut start = start(&owner(), number(), NOW_MS);
        start.reservations = vec![limit(LimitScope::Number, 1, 5, 600)];
        assert_eq!(home.begin(start).await, Started::Made, "the refused one holds no place");
    }
}

pub async fn restart_minds_what_is_pending(home: Home) {
    let first = home.pending().await;
    let with = |restart| {
        let mut start = start(&owner(), first.number, NOW_MS + 1);
        start.restart = restart;
        start
    };
    assert_eq!(home.begin(with(Restart::Conflict)).await, Started::Pending(first.id.clone()));
    assert_eq!(home.begin(with(Restart::Resend)).await, Started::Pending(first.id.clone()));
    let mut other_profile = with(Restart::Conflict);
    other_profile.verification.fixed.profile = "prf_b".into();
    assert_eq!(home.begin(other_profile).await, Started::Made);
    assert_eq!(home.begin(with(Restart::New)).await, Started::Made);
    assert_eq!(home.get(&first).await.status, Status::Pending, "an independent one beside it");
    let mut blocked = with(Restart::Supersede);
    blocked.verification.status = Status::Blocked;
    assert_eq!(home.begin(blocked).await, Started::Made);
    assert_eq!(home.get(&first).await.status, Status::Pending, "what is not sent takes nobody's place");
    assert_eq!(home.begin(with(Restart::Supersede)).await, Started::Made);
    let superseded = home.get(&first).await;
    assert_eq!((superseded.status, superseded.finished_ms), (Status::Canceled, Some(NOW_MS + 1)));
    assert_eq!(superseded.fixed.own_code, None, "a code of the caller's goes with it");
    let mut late = with(Restart::Conflict);
    late.verification.created_ms = NOW_MS + 700_000;
    assert_eq!(home.begin(late).await, Started::Made, "one whose time is over stands in nobody's way");
}

pub async fn lists_go_by_time_and_filter(home: Home) {
    let number = number();
    let mut ids = Vec::new();
    for n in 0..5 {
        let start = start(&owner(), number, NOW_MS + n);
        ids.push(start.verification.id.clone());
        home.begin(start).await;
        home.pending().await;
    }
    let records = &home.store.records;
    let filter = VerificationFilter { number: Some(number), ..VerificationFilter::default() };
    let list = async |filter: &VerificationFilter, descending| {
        let (mut found, mut ask) = (Vec::new(), PageAsk { limit: 2, after: None, descending });
        loop {
            let page = records.verifications(&owner(), filter, &ask).await.unwrap();
            assert!(page.rows.iter().all(|v| v.attempts.len() == 1));
            found.extend(page.rows.into_iter().map(|v| v.id));
            match page.next {
                Some(next) => ask.after = Some(next),
                None => return found,
            }
        }
    };
    assert_eq!(list(&filter, false).await, ids);
    let backwards: Vec<_> = ids.iter().rev().cloned().collect();
    assert_eq!(list(&filter, true).await, backwards);
    assert_eq!(list(&VerificationFilter::default(), false).await.len(), 10);
    records.cancel(&owner(), &ids[2], NOW_MS + 9).await.unwrap();
    let canceled = VerificationFilter { status: Some(Status::Canceled), ..VerificationFilter::default() };
    assert_eq!(list(&canceled, true).await, [ids[2].clone()]);
    let since = VerificationFilter { since_ms: Some(NOW_MS + 4), ..filter };
    assert_eq!(list(&since, false).await, [ids[4].clone()]);
}

pub async fn a_resend_waits_for_its_moment(home: Home) {
    let v = home.pending().await;
    let records = &home.store.records;
    let soon = records.again(again(&v, NOW_MS + 29_999)).await.unwrap();
    assert_eq!(soon, AgainAnswer::TooSoon { at_ms: NOW_MS + 30_000 });
    let race = async || records.again(again(&v, NOW_MS + 30_000)).await.unwrap();
    let (a, b, c) = tokio::join!(race(), race(), race());
    let made = [&a, &b, &c].iter().filter(|answer| ***answer == AgainAnswer::Made).count();
    assert_eq!(made, 1, "one of three at once: {a:?} {b:?} {c:?}");
    let after = home.get(&v).await;
    assert_eq!(after.resend_at_ms, NOW_MS + 60_000);
    assert_eq!(after.attempts.iter().map(|a| a.ordinal).collect::<Vec<_>>(), [1, 2]);
    let late = records.again(again(&v, v.expires_ms)).await.unwrap();
    assert_eq!(late, AgainAnswer::Finished(Status::Expired));
    records.cancel(&owner(), &v.id, NOW_MS).await.unwrap();
    let canceled = records.again(again(&v, NOW_MS + 90_000)).await.unwrap();
    assert_eq!(canceled, AgainAnswer::Finished(Status::Canceled));
    let mut unknown = again(&v, NOW_MS);
    unknown.attempt.verification = "ver_none".into();
    assert_eq!(records.again(unknown).await.unwrap(), AgainAnswer::Unknown);
}

pub async fn what_was_told_first_stands(home: Home) {
    let v = home.pending().await;
    let attempt = &v.attempts[0].id;
    let records = &home.store.records;
    let mut queued = over(AttemptStatus::Queued);
    queued.reference = Some("SM1".into());
    assert!(records.handed_over(&owner(), attempt, queued).await.unwrap());
    assert_eq!(home.get(&v).await.attempts[0].status, AttemptStatus::Queued);
    let mut sent = over(AttemptStatus::Sent);
    (sent.price_micros, sent.currency) = (Some(7_000), Some("USD".into()));
    assert!(records.handed_over(&owner(), attempt, sent).await.unwrap());
    let mut failed = over(AttemptStatus::Failed);
    failed.verification_failed = true;
    assert!(!records.handed_over(&owner(), attempt, failed).await.unwrap());
    let after = home.get(&v).await;
    let row = &after.attempts[0];
    assert_eq!((after.status, row.status), (Status::Pending, AttemptStatus::Sent));
    assert_eq!((row.reference.as_deref(), row.price_micros), (Some("SM1"), Some(7_000)));
    let other = home.pending().await;
    let mut failed = over(AttemptStatus::Failed);
    failed.verification_failed = true;
    assert!(records.handed_over(&owner(), &other.attempts[0].id, failed).await.unwrap());
    assert_eq!(home.get(&other).await.status, Status::Failed);
}

pub async fn a_verification_ends_once(home: Home) {
    let records = &home.store.records;
    let v = home.pending().await;
    assert_eq!(records.cancel(&owner(), &v.id, NOW_MS + 5).await.unwrap(), Some(Ok(())));
    assert_eq!(records.cancel(&owner(), &v.id, NOW_MS + 6).await.unwrap(), Some(Err(Status::Canceled)));
    let after = home.get(&v).await;
    assert_eq!((after.status, after.finished_ms), (Status::Canceled, Some(NOW_MS + 5)));
    assert_eq!((after.fixed.own_code, after.fixed.sealed_to), (None, Some(vec![1, 2, 3])));
    assert!(!records.challenge_failed(&owner(), &v.id, NOW_MS).await.unwrap());
    let mut asked = start(&owner(), number(), NOW_MS);
    asked.verification.status = Status::ChallengeRequired;
    asked.verification.attempts.clear();
    let asked_v = asked.verification.clone();
    home.begin(asked).await;
    assert!(records.challenge_failed(&owner(), &asked_v.id, NOW_MS + 7).await.unwrap());
    assert!(!records.challenge_failed(&owner(), &asked_v.id, NOW_MS + 8).await.unwrap());
    assert_eq!(home.get(&asked_v).await.status, Status::Blocked);
}

pub async fn what_is_over_expires(home: Home) {
    let records = &home.store.records;
    let v = home.pending().await;
    assert_eq!(records.expire(v.expires_ms - 1, NOW_MS).await.unwrap(), (0, false));
    assert_eq!(records.expire(v.expires_ms - 1, NOW_MS + 1).await.unwrap(), (1, false));
    let after = home.get(&v).await;
    assert_eq!((after.status, after.attempts[0].status), (Status::Pending, AttemptStatus::Unknown));
    assert!(!records.handed_over(&owner(), &v.attempts[0].id, over(AttemptStatus::Sent)).await.unwrap());
    assert_eq!(records.expire(v.expires_ms, 0).await.unwrap(), (1, false));
    assert_eq!(records.expire(v.expires_ms, 0).await.unwrap(), (0, false));
    let after = home.get(&v).await;
    assert_eq!((after.status, after.finished_ms), (Status::Expired, Some(v.expires_ms)));
    assert_eq!(after.fixed.own_code, None);
    for _ in 0..501 {
        home.pending().await;
    }
    assert_eq!(records.expire(v.expires_ms, 0).await.unwrap(), (500, true));
    assert_eq!(records.expire(v.expires_ms, 0).await.unwrap(), (1, false));
}

fn key_of(owner: &Owner, scopes: &str) -> IdempotencyKey {
    IdempotencyKey { owner: owner.clone(), scopes: scopes.into(), key: "order-17".into() }
}

pub async fn a_key_makes_one_verification(home: Home) {
    let records = &home.store.records;
    let key = key_of(&owner(), "verify");
    let begin = async |fingerprint: u8, at_ms| {
        records.idempotency_begin(&key, [fingerprint; 32], at_ms, 10_000).await.unwrap()
    };
    assert_eq!(begin(1, NOW_MS).await, Idempotency::Fresh);
    assert_eq!(begin(1, NOW_MS + 9_999).await, Idempotency::Running);
    assert_eq!(begin(2, NOW_MS).await, Idempotency::Mismatch);
    for other in [key_of(&owner(), "assess"), key_of(&others()[0], "verify"), key_of(&others()[1], "verify")]
    {
        let fresh = records.idempotency_begin(&other, [9; 32], NOW_MS, 10_000).await.unwrap();
        assert_eq!(fresh, Idempotency::Fresh, "another tenant, world or scope is another key");
    }
    records.idempotency_end(&key, None).await.unwrap();
    assert_eq!(begin(2, NOW_MS).await, Idempotency::Fresh, "freed");
    assert_eq!(begin(2, NOW_MS + 10_000).await, Idempotency::Fresh, "its owner is gone and made nothing");
    let mut with_key = start(&owner(), number(), NOW_MS);
    with_key.idempotency = Some(key.clone());
    let id = with_key.verification.id.clone();
    assert_eq!(home.begin(with_key).await, Started::Made);
    let mut second = start(&owner(), number(), NOW_MS);
    second.idempotency = Some(key.clone());
    assert_eq!(home.begin(second).await, Started::Taken(id.clone()));
    assert_eq!(begin(2, NOW_MS + 19_999).await, Idempotency::Running);
    let orphan = Idempotency::Orphan { subject: id };
    assert_eq!(begin(2, NOW_MS + 20_000).await, orphan);
    assert_eq!(begin(2, NOW_MS + 20_001).await, Idempotency::Running, "one caller at a time picks it up");
    records.idempotency_end(&key, None).await.unwrap();
    assert_eq!(begin(2, NOW_MS + 20_002).await, orphan, "what was made stays known");
    let answer = StoredAnswer {
        status: 201,
        content_type: "application/json".into(),
        sealed_body: vec![7; 99],
        about: None,
    };
    records.idempotency_end(&key, Some(answer.clone())).await.unwrap();
    assert_eq!(begin(2, NOW_MS + 30_000).await, Idempotency::Answered(answer.clone()));
    records.idempotency_end(&key, None).await.unwrap();
    assert_eq!(begin(2, NOW_MS + 86_399_999).await, Idempotency::Answered(answer));
    assert_eq!(begin(3, NOW_MS + 2 * 86_400_000).await, Idempotency::Fresh, "a day later");
}

pub async fn a_key_sends_again_once(home: Home) {
    let (v, records) = (home.pending().await, &home.store.records);
    let key = key_of(&owner(), "verify");
    let begin = async |at_ms| records.idempotency_begin(&key, [1; 32], at_ms, 10_000).await.unwrap();
    assert_eq!(begin(NOW_MS).await, Idempotency::Fresh);
    let with_key = |at_ms| {
        let mut again = again(&v, at_ms);
        again.idempotency = Some(key.clone());
        again
    };
    let soon = records.again(with_key(NOW_MS + 29_999)).await.unwrap();
    assert_eq!(soon, AgainAnswer::TooSoon { at_ms: NOW_MS + 30_000 });
    assert_eq!(begin(NOW_MS + 10_000).await, Idempotency::Fresh, "what was not sent stands under no key");
    assert_eq!(records.again(with_key(NOW_MS + 30_000)).await.unwrap(), AgainAnswer::Made);
    let taken = records.again(with_key(NOW_MS + 90_000)).await.unwrap();
    assert_eq!(taken, AgainAnswer::Taken(v.id.clone()));
    assert_eq!(home.get(&v).await.attempts.len(), 2);
    // Its caller is gone: whoever asks again is shown what was made.
    assert_eq!(begin(NOW_MS + 100_000).await, Idempotency::Orphan { subject: v.id.clone() });
    let without = records.again(again(&v, NOW_MS + 90_000)).await.unwrap();
    assert_eq!(without, AgainAnswer::Made, "another call");
}

pub async fn parallel_calls_under_one_key(home: Home) {
    let key = key_of(&owner(), "verify");
    let calls = (0..100).map(|_| {
        let (store, key) = (home.store.clone(), key.clone());
        tokio::spawn(
            async move { store.records.idempotency_begin(&key, [1; 32], NOW_MS, 10_000).await.unwrap() },
        )
    });
    let mut fresh = 0;
    for call in calls.collect::<Vec<_>>() {
        fresh += u32::from(call.await.unwrap() == Idempotency::Fresh);
    }
    assert_eq!(fresh, 1);
    let starts = (0..20).map(|_| {
        let (store, key) = (home.store.clone(), key.clone());
        tokio::spawn(async move {
            let mut start = start(&owner(), number(), NOW_MS);
            start.idempotency = Some(key);
            store.records.start(start).await.unwrap()
        })
    });
    let mut made = 0;
    for start in starts.collect::<Vec<_>>() {
        made += u32::from(start.await.unwrap() == Started::Made);
    }
    assert_eq!(made, 1, "even where a lease was lost");
}

pub async fn a_rare_status_is_found_page_by_page(home: Home) {
    let first = home.pending().await;
    home.store.records.cancel(&owner(), &first.id, NOW_MS).await.unwrap();
    let mut starts = tokio::task::JoinSet::new();
    for n in 0..2_100 {
        let store = home.store.clone();
        let start = start(&owner(), number(), NOW_MS + 1 + n);
        starts.spawn(async move { store.records.start(start).await.unwrap() });
    }
    while starts.join_next().await.is_some() {}
    let rare = VerificationFilter { status: Some(Status::Canceled), ..VerificationFilter::default() };
    let mut ask = PageAsk { limit: 50, after: None, descending: true };
    let empty = home.store.records.verifications(&owner(), &rare, &ask).await.unwrap();
    assert!(empty.rows.is_empty() && empty.next.is_some(), "one page looks at all rows there are");
    ask.after = empty.next;
    let found = home.store.records.verifications(&owner(), &rare, &ask).await.unwrap();
    assert_eq!((found.rows.len(), found.next), (1, None));
    assert_eq!(found.rows[0].id, first.id);
}

use super::*;

const DAY_MS: i64 = 86_400_000;

pub async fn what_all_agree_on_stays(home: Home) {
    let records = &home.store.records;
    assert_eq!(records.agree("a name", "first").await.unwrap(), "first");
    assert_eq!(records.agree("a name", "second").await.unwrap(), "first");
    assert_eq!(records.agree("another", "second").await.unwrap(), "second");
}

pub async fn what_a_living_process_holds_is_its_own(home: Home) {
    let records = &home.store.records;
    records.arrive().await.unwrap();
    let v = home.pending().await;
    let key = IdempotencyKey { owner: owner(), scopes: "verify".into(), key: "held".into() };
    let take = async || records.idempotency_begin(&key, [1; 32], NOW_MS, 45_000).await.unwrap();
    assert_eq!(take().await, Idempotency::Fresh);
    // Nobody ends what a living process has in its hands, whether others begin to serve or time passes a little.
    records.expire(NOW_MS + 1, NOW_MS).await.unwrap();
    assert!(records.still_ours(&v.attempts[0].id).await.unwrap());
    assert_eq!(home.get(&v).await.attempts[0].status, AttemptStatus::Queued);
    assert_eq!(take().await, Idempotency::Running);
    // A store that was left goes on working.
    records.leave().await.unwrap();
    let later = home.pending().await;
    assert!(records.still_ours(&later.attempts[0].id).await.unwrap());
}

pub async fn a_sweep_takes_what_is_old(home: Home) {
    let records = &home.store.records;
    let v = home.pending().await;
    let kept = home.pending().await;
    records.cancel(&owner(), &v.id, NOW_MS).await.unwrap();
    let key = IdempotencyKey { owner: owner(), scopes: "verify".into(), key: "k".into() };
    records.idempotency_begin(&key, [1; 32], NOW_MS, 1).await.unwrap();
    for n in 0..5 {
        let row = OutboxRow {
            id: new_id(Noun::OutboxMessage, NOW_MS + n),
            owner: owner(),
            attempt: "att_a".into(),
            verification: "ver_a".into(),
            number: number(),
            channel: cofferdam_engine::Channel::Sms,
            at_ms: NOW_MS + n,
        };
        records.outbox_put(row).await.unwrap();
    }
    let judged = journalled(&owner(), number(), NOW_MS);
    let attempt = judged.entry.attempt_id.clone();
    records.journal(&judged.entry, judged.marks.clone());
    let told = Told {
        of: ToldOf::Attempt(attempt.clone()),
        outcome: Outcome { at_ms: NOW_MS, what: What::NotSent },
        once: "n".into(),
    };
    records.told(None, vec![told]).await.unwrap();
    records.settle_down().await.unwrap();
    let swept = records.sweep(NOW_MS + 1000, &keep()).await.unwrap();
    assert_eq!(swept, Swept { outbox: 2, ..Swept::default() }, "the newest three of each tenant stay");
    let swept = records.sweep(NOW_MS + 8 * DAY_MS, &keep()).await.unwrap();
    assert_eq!((swept.verifications, swept.outbox, swept.other), (1, 3, 1), "the number, messages, the key");
    assert_eq!(home.get(&v).await.fixed.sealed_to, None);
    assert_eq!(home.get(&kept).await.fixed.sealed_to, Some(vec![1, 2, 3]), "what is pending keeps it");
    let swept = records.sweep(NOW_MS + 31 * DAY_MS, &keep()).await.unwrap();
    assert_eq!((swept.verifications, swept.other), (1, 1), "the verification; the outcome");
    assert!(swept.journal >= 1);
    assert_eq!(records.verification(&owner(), &v.id).await.unwrap(), None);
    assert_eq!(records.journalled(&owner(), &attempt).await.unwrap(), None);
    assert_eq!(records.sweep(NOW_MS + 31 * DAY_MS, &keep()).await.unwrap(), Swept::default());
}

pub async fn an_erased_number_is_nowhere(home: Home) {
    let records = &home.store.records;
    let (erased, other) = (number(), number());
    let mut begun = start(&owner(), erased, NOW_MS);
    begun.reservations = vec![limit(LimitScope::Number, 3, 2, 600), limit(LimitScope::Tenant, 4, 2, 600)];
    begun.verification.fixed.metadata = [("phone".into(), "+442079460018".into())].into();
    let (v, entry) = (begun.verification.clone(), begun.journal.entry.clone());
    home.begin(begun).await;
    records.guess(&owner(), &v.id, NOW_MS, [600, 0, 0]).await.unwrap();
    let beside = start(&owner(), other, NOW_MS);
    let beside_v = beside.verification.clone();
    home.begin(beside).await;
    records.journal(&journalled(&owner(), erased, NOW_MS + 1).entry, Marks::default());
    let listed = fact(&owner(), &number_unique(erased));
    let entry_id = listed.id.clone();
    let change = FactChange { change: FactEdit::Insert(vec![listed]), audit: audit(&owner(), NOW_MS) };
    records.change_facts(change).await.unwrap();
    // Answers that repeat the number: of a check of the verification, and of the entry that was added.
    let kept = keep_answers(&home, &[&v.id, &entry_id, &beside_v.id]).await;
    // Rows of the journal that are longer than a page.
    for n in 0..600 {
        let whose = if n % 3 == 0 { other } else { erased };
        records.journal(&journalled(&owner(), whose, NOW_MS + 2 + n).entry, Marks::default());
    }
    records.settle_down().await.unwrap();
    let fresh = number();
    let swept = records.erase(&[(owner(), erased)], fresh).await.unwrap();
    assert_eq!((swept.verifications, swept.journal, swept.list_entries), (1, 402, 1));
    assert_eq!(
        still_kept(&home, &kept).await,
        [false, false, true],
        "answers that repeat it go, others stay"
    );
    let after = home.get(&v).await;
    assert_eq!(
        (after.number, after.fixed.attempt.place.number, after.status),
        (fresh, fresh, Status::Canceled)
    );
    assert_eq!((after.fixed.sealed_to, after.fixed.own_code), (None, None));
    assert!(after.fixed.metadata.is_empty(), "what a caller wrote beside it may name the person");
    let by_number = VerificationFilter { number: Some(erased), ..VerificationFilter::default() };
    assert!(records.verifications(&owner(), &by_number, &page(9)).await.unwrap().rows.is_empty());
    let mut judged = records.journalled(&owner(), &entry.attempt_id).await.unwrap().unwrap();
    assert_eq!(judged.attempt.place.number, fresh);
    judged.attempt.place.number = erased;
    assert_eq!(judged, entry, "and nothing else of it changed");
    assert_eq!(records.guesses_against(&owner(), erased, [600, 0, 0], NOW_S).await.unwrap()[0].0, 0);
    let reserve = async |scope, key| {
        records
            .reserve(&owner(), &new_id(Noun::Attempt, NOW_MS), NOW_MS, &[limit(scope, key, 2, 600)])
            .await
            .unwrap()
    };
    assert_eq!(reserve(LimitScope::Number, 3).await, Ok(()));
    assert_eq!(reserve(LimitScope::Number, 3).await, Ok(()), "its limit begins anew");
    assert_eq!(reserve(LimitScope::Tenant, 4).await, Ok(()));
    assert!(reserve(LimitScope::Tenant, 4).await.is_err(), "the tenant's does not");
    assert_eq!(home.get(&beside_v).await, beside_v);
    if let Some(folder) = &home.folder {
        for file in std::fs::read_dir(&folder.0).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let answer = format!("sealed {}", v.id).into_bytes();
            for needle in [erased.0.to_string().into_bytes(), erased.0.to_be_bytes().to_vec(), answer] {
                assert!(!bytes.windows(needle.len()).any(|w| w == needle), "left in the files");
            }
        }
    }
}

/// Keeps an answer about each of these, under a key of its own.
async fn keep_answers(home: &Home, about: &[&String]) -> Vec<IdempotencyKey> {
    let records = &home.store.records;
    let mut kept = Vec::new();
    for about in about {
        let key = IdempotencyKey { owner: owner(), scopes: "verify".into(), key: (*about).clone() };
        records.idempotency_begin(&key, [1; 32], NOW_MS, 1).await.unwrap();
        let answer = StoredAnswer {
            status: 200,
            content_type: "application/json".into(),
            sealed_body: format!("sealed {about}").into_bytes(),
            about: Some((*about).clone()),
        };
        records.idempotency_end(&key, Some(answer)).await.unwrap();
        kept.push(key);
    }
    kept
}

async fn still_kept(home: &Home, keys: &[IdempotencyKey]) -> Vec<bool> {
    let mut stand = Vec::new();
    for key in keys {
        let begun = home.store.records.idempotency_begin(key, [1; 32], NOW_MS + 5, 1).await.unwrap();
        stand.push(matches!(begun, Idempotency::Answered(_)));
    }
    stand
}

pub async fn a_backup_is_whole(home: Home) {
    let records = &home.store.records;
    if home.shared.is_some() {
        // A database belongs to its operator, who has the tools for it.
        let refused = records.backup(std::path::Path::new("backup.db")).await.unwrap_err();
        assert!(refused.to_string().contains("pg_dump"), "{refused}");
        return;
    }
    let v = home.pending().await;
    let need = Needs::from_iter([Need { scope: LimitScope::Ip, key: 5, windows_s: [3600, 0, 0], add: true }]);
    let marks = home.store.tallies.count(&need, NOW_S).await.unwrap().marks;
    records.journal(&entry(&owner(), number(), NOW_MS), marks);
    let folder = Folder::new();
    let copy = folder.0.join("backup.db");
    let bytes = records.backup(&copy).await.unwrap();
    assert!(bytes > 4096);
    assert!(records.backup(&copy).await.is_err(), "it takes nothing's place");
    home.pending().await;
    let restored = folder.0.join("new/cofferdam.db");
    crate::store::restore(&copy, &restored).unwrap();
    assert!(crate::store::restore(&copy, &restored).is_err(), "nor does a restore");
    let store =
        Store::embedded(&StoreOptions::at(&restored), home.clock.clone(), &*SetDice::seeded(2)).unwrap();
    assert_eq!(store.records.verification(&owner(), &v.id).await.unwrap(), Some(v));
    let all = store.records.verifications(&owner(), &VerificationFilter::default(), &page(9)).await.unwrap();
    assert_eq!(all.rows.len(), 1, "as of the moment of the backup");
    let read: Needs = need.iter().map(|need| Need { add: false, ..*need }).collect();
    assert_eq!(store.tallies.count(&read, NOW_S).await.unwrap().seen[0].windows[0].seen, 1);
    std::fs::write(folder.0.join("torn.db"), &std::fs::read(&copy).unwrap()[..5000]).unwrap();
    let torn =
        crate::store::restore(&folder.0.join("torn.db"), &folder.0.join("x/cofferdam.db")).unwrap_err();
    assert!(torn.to_string().contains("damaged"), "{torn}");
    assert!(crate::store::restore(&folder.0.join("none.db"), &folder.0.join("x/cofferdam.db")).is_err());
}

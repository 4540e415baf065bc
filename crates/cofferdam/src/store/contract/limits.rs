use super::*;

pub async fn parallel_starts_pass_no_limit(home: Home) {
    let number = number();
    let starts = (0..200_i64).map(|n| {
        let store = home.store.clone();
        tokio::spawn(async move {
            let mut start = start(&owner(), number, NOW_MS + n % 7);
            start.reservations =
                vec![limit(LimitScope::Number, 77, 10, 600), limit(LimitScope::Tenant, 1, 12, 600)];
            store.records.start(start).await.unwrap()
        })
    });
    let mut made = 0;
    for start in starts.collect::<Vec<_>>() {
        match start.await.unwrap() {
            Started::Made => made += 1,
            Started::Refused(Refusal::Limit { scope: LimitScope::Number, seen: 10, frees_in_s, .. }) => {
                assert!((600..=611).contains(&frees_in_s), "{frees_in_s}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 10);
}

pub async fn a_certain_failure_gives_back_once(home: Home) {
    let begin = async |max| {
        let mut start = start(&owner(), number(), NOW_MS);
        start.reservations = vec![limit(LimitScope::Tenant, 5, max, 600)];
        let v = start.verification.clone();
        (home.begin(start).await == Started::Made).then_some(v)
    };
    let records = &home.store.records;
    let (first, second) = (begin(2).await.unwrap(), begin(2).await.unwrap());
    assert!(begin(2).await.is_none());
    let attempt = &first.attempts[0].id;
    records.handed_over(&owner(), attempt, over(AttemptStatus::Failed)).await.unwrap();
    records.release(&owner(), attempt).await.unwrap();
    records.release(&owner(), attempt).await.unwrap();
    let third = begin(2).await.expect("one was given back");
    assert!(begin(2).await.is_none(), "and one alone");
    records.handed_over(&owner(), &second.attempts[0].id, over(AttemptStatus::Unknown)).await.unwrap();
    assert!(begin(2).await.is_none(), "what may have been sent keeps its place");
    records.handed_over(&owner(), &third.attempts[0].id, over(AttemptStatus::Sent)).await.unwrap();
    records.release(&owner(), &third.attempts[0].id).await.unwrap();
    assert!(begin(2).await.is_none(), "what was sent too");
    records.release(&owner(), &second.attempts[0].id).await.unwrap();
    assert!(begin(2).await.is_some(), "until it is certain that it was not sent");
}

pub async fn a_limit_frees_by_itself(home: Home) {
    let records = &home.store.records;
    let reserve = async |attempt: &str, at_ms| {
        records.reserve(&owner(), attempt, at_ms, &[limit(LimitScope::Number, 8, 2, 600)]).await.unwrap()
    };
    assert_eq!(reserve("att_1", NOW_MS).await, Ok(()));
    assert_eq!(reserve("att_2", NOW_MS + 60_000).await, Ok(()));
    let Err(Refusal::Limit { frees_in_s, .. }) = reserve("att_3", NOW_MS + 61_000).await else {
        panic!("passed")
    };
    let until_ms = NOW_MS + 61_000 + i64::from(frees_in_s) * 1000;
    assert!(reserve("att_3", until_ms - 1000).await.is_err());
    assert_eq!(reserve("att_3", until_ms).await, Ok(()));
    assert!(until_ms - NOW_MS <= 611_000, "at most a sixtieth late");
    for other in others() {
        let free =
            records.reserve(&other, "att_9", NOW_MS, &[limit(LimitScope::Number, 8, 1, 600)]).await.unwrap();
        assert_eq!(free, Ok(()), "each tenant's and world's own");
    }
}

pub async fn parallel_reservations_pass_no_budget(home: Home) {
    let reservations = (0..100).map(|n| {
        let store = home.store.clone();
        tokio::spawn(async move {
            let attempt = format!("att_{n}");
            store.records.reserve(&owner(), &attempt, NOW_MS, &[money(1_000_000, 70_000)]).await.unwrap()
        })
    });
    let mut made = 0;
    for reservation in reservations.collect::<Vec<_>>() {
        match reservation.await.unwrap() {
            Ok(()) => made += 1,
            Err(refusal) => assert_eq!(refusal, Refusal::Money { budget: "bud_a".into() }),
        }
    }
    assert_eq!(made, 14, "14 × 0.07 = 0.98, the fifteenth would pass 1.00");
}

/// How much is left: reserves it and gives it back.
async fn left(home: &Home) -> i64 {
    for micros in (0..=200).rev() {
        let made =
            home.store.records.reserve(&owner(), "att_probe", NOW_MS, &[money(100, micros)]).await.unwrap();
        if made.is_ok() {
            home.store.records.release(&owner(), "att_probe").await.unwrap();
            return micros;
        }
    }
    -1
}

pub async fn money_is_settled_and_released_once(home: Home) {
    let records = &home.store.records;
    let reserve = async |attempt: &str, micros| {
        records.reserve(&owner(), attempt, NOW_MS, &[money(100, micros)]).await.unwrap().is_ok()
    };
    assert!(reserve("att_1", 60).await);
    assert!(reserve("att_1", 60).await, "the same attempt reserves once");
    assert_eq!(left(&home).await, 40);
    assert!(!reserve("att_2", 41).await);
    assert!(!reserve("att_2", -5).await, "nobody earns by sending");
    records.settle(&owner(), "att_1", Some(50)).await.unwrap();
    assert_eq!(left(&home).await, 50, "it came cheaper");
    records.release(&owner(), "att_1").await.unwrap();
    assert_eq!(left(&home).await, 50, "what was spent is not given back");
    records.settle(&owner(), "att_1", Some(55)).await.unwrap();
    assert_eq!(left(&home).await, 45, "a later price puts it right");
    assert!(reserve("att_3", 45).await);
    records.settle(&owner(), "att_3", Some(90)).await.unwrap();
    assert_eq!(left(&home).await, -1, "dearer than reserved: told as it is, and nothing more passes");
    records.settle(&owner(), "att_3", Some(20)).await.unwrap();
    assert_eq!(left(&home).await, 25);
    assert!(reserve("att_4", 25).await);
    records.release(&owner(), "att_4").await.unwrap();
    records.release(&owner(), "att_4").await.unwrap();
    records.settle(&owner(), "att_4", Some(10)).await.unwrap();
    assert_eq!(left(&home).await, 25, "given back once");
}

pub async fn all_or_nothing(home: Home) {
    let records = &home.store.records;
    let both = [limit(LimitScope::Tenant, 1, 3, 60), money(10, 11)];
    assert_eq!(
        records.reserve(&owner(), "att_1", NOW_MS, &both).await.unwrap(),
        Err(Refusal::Money { budget: "bud_a".into() })
    );
    let three = [
        limit(LimitScope::Tenant, 1, 3, 60),
        limit(LimitScope::Tenant, 1, 3, 60),
        limit(LimitScope::Tenant, 1, 3, 60),
    ];
    assert_eq!(records.reserve(&owner(), "att_2", NOW_MS, &three).await.unwrap(), Ok(()), "nothing stood");
    assert!(records.reserve(&owner(), "att_3", NOW_MS, &three[..1]).await.unwrap().is_err());
    let twice = [money(10, 6), money(10, 6)];
    assert!(
        records.reserve(&owner(), "att_4", NOW_MS, &twice).await.unwrap().is_err(),
        "a budget named twice"
    );
}

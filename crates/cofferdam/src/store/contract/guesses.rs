use super::*;
use crate::store::Records;

const WINDOWS: [u32; 3] = [86_400, 0, 0];

async fn pay(records: &dyn Records, v: &Verification, at_ms: i64) -> Guess {
    records.guess(&v.owner, &v.id, at_ms, WINDOWS).await.unwrap()
}

async fn settle(records: &dyn Records, v: &Verification, right: bool) -> bool {
    records.settle_guess(&v.owner, &v.id, right, NOW_MS + 1, Marks::default()).await.unwrap()
}

async fn against(records: &dyn Records, number: Pseudonym) -> u32 {
    records.guesses_against(&owner(), number, WINDOWS, NOW_S).await.unwrap()[0].0
}

pub async fn parallel_guesses_are_counted_exactly(home: Home) {
    for _ in 0..3 {
        let v = home.pending().await;
        let guesses = (0..1000).map(|_| {
            let (store, v) = (home.store.clone(), v.clone());
            tokio::spawn(async move {
                let paid = matches!(pay(&*store.records, &v, NOW_MS).await, Guess::Paid(_));
                if paid {
                    assert!(!settle(&*store.records, &v, false).await);
                }
                paid
            })
        });
        let mut paid = 0;
        for guess in guesses.collect::<Vec<_>>() {
            paid += u32::from(guess.await.unwrap());
        }
        assert_eq!(paid, 5);
        assert!(
            matches!(pay(&*home.store.records, &v, NOW_MS).await, Guess::NoneLeft(_)),
            "the right one fails too"
        );
        assert_eq!(home.get(&v).await.status, Status::TooManyChecks);
        assert_eq!(against(&*home.store.records, v.number).await, 5);
    }
}

pub async fn one_approval_however_many_are_right(home: Home) {
    let v = home.pending().await;
    let checks = (0..100).map(|_| {
        let (store, v) = (home.store.clone(), v.clone());
        tokio::spawn(async move {
            matches!(pay(&*store.records, &v, NOW_MS).await, Guess::Paid(_))
                && settle(&*store.records, &v, true).await
        })
    });
    let mut approved = 0;
    for check in checks.collect::<Vec<_>>() {
        approved += u32::from(check.await.unwrap());
    }
    assert_eq!(approved, 1);
    let after = home.get(&v).await;
    assert_eq!((after.status, after.finished_ms), (Status::Approved, Some(NOW_MS + 1)));
    assert_eq!(after.fixed.own_code, None);
    assert!(matches!(pay(&*home.store.records, &v, NOW_MS).await, Guess::Finished(_)));
    assert!(!settle(&*home.store.records, &v, true).await, "never again");
    let canceled = home.store.records.cancel(&v.owner, &v.id, NOW_MS).await.unwrap();
    assert_eq!(canceled, Some(Err(Status::Approved)));
}

pub async fn the_right_guess_among_the_last_approves(home: Home) {
    let records = &*home.store.records;
    let v = home.pending().await;
    for _ in 0..5 {
        assert!(matches!(pay(records, &v, NOW_MS).await, Guess::Paid(_)));
    }
    assert!(matches!(pay(records, &v, NOW_MS).await, Guess::NoneLeft(_)));
    assert_eq!(home.get(&v).await.status, Status::Pending, "the last ones are still compared");
    for _ in 0..4 {
        assert!(!settle(records, &v, false).await);
        assert_eq!(home.get(&v).await.status, Status::Pending);
    }
    assert!(settle(records, &v, true).await);
    assert!(!settle(records, &v, false).await, "one told too late changes nothing");
    assert_eq!(home.get(&v).await.status, Status::Approved);
}

pub async fn the_last_wrong_one_ends_it(home: Home) {
    let records = &*home.store.records;
    let v = home.pending().await;
    for left in (0..5).rev() {
        let Guess::Paid(paid) = pay(records, &v, NOW_MS).await else { panic!("not paid") };
        assert_eq!((paid.checks_left, paid.attempts.len()), (left, 1));
        assert!(!settle(records, &v, false).await);
    }
    let after = home.get(&v).await;
    assert_eq!((after.status, after.checks_left), (Status::TooManyChecks, 0));
    assert_eq!((after.finished_ms, after.fixed.own_code), (Some(NOW_MS + 1), None));
    assert!(!settle(records, &v, true).await, "a guess that nobody paid for approves nothing");
    let Guess::NoneLeft(told) = pay(records, &v, NOW_MS).await else { panic!("paid") };
    assert_eq!(told.status, Status::TooManyChecks);
    let resend = records.again(again(&v, NOW_MS + 60_000)).await.unwrap();
    assert_eq!(resend, AgainAnswer::Finished(Status::TooManyChecks));
}

pub async fn a_resend_gives_no_guess_back(home: Home) {
    let records = &*home.store.records;
    let v = home.pending().await;
    for _ in 0..3 {
        pay(records, &v, NOW_MS).await;
        settle(records, &v, false).await;
    }
    assert_eq!(records.again(again(&v, NOW_MS + 30_000)).await.unwrap(), AgainAnswer::Made);
    assert_eq!(home.get(&v).await.checks_left, 2);
    for _ in 0..2 {
        assert!(matches!(pay(records, &v, NOW_MS + 30_000).await, Guess::Paid(_)));
        settle(records, &v, false).await;
    }
    assert!(matches!(pay(records, &v, NOW_MS + 30_000).await, Guess::NoneLeft(_)));
}

pub async fn wrong_guesses_stand_against_the_number(home: Home) {
    let records = &*home.store.records;
    let number = number();
    for n in 1..=3 {
        let start = start(&owner(), number, NOW_MS);
        let v = start.verification.clone();
        home.begin(start).await;
        pay(records, &v, NOW_MS).await;
        settle(records, &v, false).await;
        assert_eq!(against(records, number).await, n, "over all of its verifications");
        if n == 3 {
            pay(records, &v, NOW_MS).await;
            assert_eq!(against(records, number).await, 4, "paid before it is compared");
            assert!(settle(records, &v, true).await);
            assert_eq!(against(records, number).await, 3, "the right one is no wrong one");
        }
    }
    for other in others() {
        let seen = records.guesses_against(&other, number, WINDOWS, NOW_S).await.unwrap();
        assert_eq!(seen[0], (0, 0));
    }
    let later = records.guesses_against(&owner(), number, WINDOWS, NOW_S + 2 * 86_400).await.unwrap();
    assert_eq!(later[0].0, 0);
}

pub async fn nothing_is_compared_too_soon_or_too_late(home: Home) {
    let records = &*home.store.records;
    let mut begun = start(&owner(), number(), NOW_MS);
    begun.verification.check_at_ms = Some(NOW_MS + 500);
    let v = begun.verification.clone();
    home.begin(begun).await;
    assert_eq!(pay(records, &v, NOW_MS + 499).await, Guess::TooSoon { at_ms: NOW_MS + 500 });
    let Guess::Expired(told) = pay(records, &v, v.expires_ms).await else { panic!("paid") };
    assert_eq!((told.status, told.checks_left), (Status::Expired, 5));
    assert!(matches!(pay(records, &v, NOW_MS + 500).await, Guess::Paid(_)));
    records.cancel(&owner(), &v.id, NOW_MS).await.unwrap();
    assert!(!settle(records, &v, true).await, "canceled while it was compared");
    assert!(matches!(pay(records, &v, NOW_MS + 500).await, Guess::Finished(_)));
    assert_eq!(home.get(&v).await.status, Status::Canceled);
}

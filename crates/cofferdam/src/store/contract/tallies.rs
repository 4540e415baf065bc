use super::*;

fn needs(key: u64, add: bool) -> Needs {
    Needs::from_iter([
        Need { scope: LimitScope::Ip, key, windows_s: [60, 3600, 0], add },
        Need { scope: LimitScope::NumberChecks, key: key ^ 1, windows_s: [60, 0, 0], add: false },
    ])
}

pub async fn counts_come_back_with_the_attempt(home: Home) {
    let tallies = &home.store.tallies;
    let key = key();
    for n in 1..=3 {
        let counted = tallies.count(&needs(key, true), NOW_S).await.unwrap();
        assert_eq!(counted.seen[0].windows.map(|w| w.seen), [n, n, 0]);
        assert_eq!(counted.seen[1].windows.map(|w| w.seen), [0; 3]);
        // What stands in servers of its own needs no journal to bring it back.
        assert_eq!(counted.marks.0.is_empty(), home.redis.is_some());
    }
    let read = tallies.count(&needs(key, false), NOW_S).await.unwrap();
    assert_eq!(read.seen[0].windows.map(|w| w.seen), [3, 3, 0]);
    assert!(read.marks.0.is_empty(), "reading changes nothing");
    let back = Change::Count { key, at_s: NOW_S, windows_s: [60, 3600, 0], by: -1 };
    tallies.raise(&[back]).await.unwrap();
    let read = tallies.count(&needs(key, false), NOW_S).await.unwrap();
    assert_eq!(read.seen[0].windows[0].seen, 2);
    let parallel = (0..200).map(|_| {
        let store = home.store.clone();
        tokio::spawn(async move {
            store.tallies.count(&needs(key, true), NOW_S).await.unwrap().seen[0].windows[0].seen
        })
    });
    let mut seen = Vec::new();
    for one in parallel.collect::<Vec<_>>() {
        seen.push(one.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (3..=202).collect::<Vec<_>>(), "no two see the same");
    assert!(tallies.size().keys >= 1);
}

pub async fn proofs_keep_the_latest(home: Home) {
    let tallies = &home.store.tallies;
    let (number, device) = (key(), key());
    let prove = |key, at_s| Change::Prove { key, at_s };
    tallies.raise(&[prove(number, NOW_S), prove(number, NOW_S - 9), prove(device, NOW_S - 1)]).await.unwrap();
    let inquiry =
        Inquiry { number, device: Some(device), user: Some(key()), number_device: None, number_user: None };
    let proofs = tallies.proofs(&inquiry).await.unwrap();
    assert_eq!((proofs.number_s, proofs.device_s, proofs.user_s), (Some(NOW_S), Some(NOW_S - 1), None));
}

pub async fn both_rounds_are_one_without_evidence(home: Home) {
    let tallies = &home.store.tallies;
    let (own, device) = (key(), key());
    let inquiry = Inquiry { number: key(), number_device: Some(device), ..Inquiry::default() };
    for n in 1..=3 {
        let alone = tallies.count_alone(&inquiry, &needs(own, true), NOW_S).await.unwrap();
        assert_eq!(alone.proofs, crate::store::tallies::Proofs::default());
        let seen = alone.counted.unwrap().seen;
        assert_eq!(seen[0].windows.map(|w| w.seen), [n, n, 0]);
        assert_eq!((seen[1].scope, seen[1].windows[0].seen), (LimitScope::NumberChecks, 0));
    }
    // A minute and a window on, what left them is gone, and what did not is there.
    let later = tallies.count_alone(&inquiry, &needs(own, true), NOW_S + 80).await.unwrap().counted.unwrap();
    assert_eq!(later.seen[0].windows.map(|w| w.seen), [1, 4, 0]);
    // The other way of counting has the same before it.
    let read = tallies.count(&needs(own, false), NOW_S + 80).await.unwrap();
    assert_eq!(read.seen[0].windows, later.seen[0].windows);
    // Many at once: no two see the same, whether they come this way or that.
    let parallel = (0..200).map(|n| {
        let (store, inquiry) = (home.store.clone(), inquiry.clone());
        tokio::spawn(async move {
            if n % 4 == 0 {
                return store.tallies.count(&needs(own, true), NOW_S + 80).await.unwrap().seen[0].windows[1]
                    .seen;
            }
            let alone = store.tallies.count_alone(&inquiry, &needs(own, true), NOW_S + 80).await.unwrap();
            alone.counted.unwrap().seen[0].windows[1].seen
        })
    });
    let mut seen = Vec::new();
    for one in parallel.collect::<Vec<_>>() {
        seen.push(one.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (5..=204).collect::<Vec<_>>());
    // What the device proved with a number whose own proof is gone says nothing.
    tallies.raise(&[Change::Prove { key: device, at_s: NOW_S }]).await.unwrap();
    let left = tallies.count_alone(&inquiry, &needs(key(), true), NOW_S + 80).await.unwrap();
    assert!(left.counted.is_some() && left.proofs == crate::store::tallies::Proofs::default());
    // Once the number is proved with the device nothing is counted: another allowance is to be.
    tallies
        .raise(&[Change::Prove { key: device, at_s: NOW_S }, Change::Prove { key: inquiry.number, at_s: 7 }])
        .await
        .unwrap();
    let proved = tallies.count_alone(&inquiry, &needs(own, true), NOW_S + 80).await.unwrap();
    assert!(proved.counted.is_none());
    assert_eq!((proved.proofs.number_device_s, proved.proofs.number_s), (Some(NOW_S), Some(7)));
    let read = tallies.count(&needs(own, false), NOW_S + 80).await.unwrap();
    assert_eq!(read.seen[0].windows[1].seen, 204);
    let back = Change::Count { key: own, at_s: NOW_S + 80, windows_s: [60, 3600, 0], by: -1 };
    tallies.raise_soon(&[back]).await.unwrap();
    // What follows is sent soon: whoever asks for all that was sent has it.
    tallies.raise(&[back]).await.unwrap();
    let read = tallies.count(&needs(own, false), NOW_S + 80).await.unwrap();
    assert_eq!(read.seen[0].windows[1].seen, 202);
}

pub async fn changes_are_recovered_once(home: Home) {
    let tallies = &home.store.tallies;
    let key = key();
    let counted = tallies.count(&needs(key, true), NOW_S).await.unwrap();
    tallies.recover(&counted.marks).await.unwrap();
    tallies.recover(&counted.marks).await.unwrap();
    let read = tallies.count(&needs(key, false), NOW_S).await.unwrap();
    assert_eq!(read.seen[0].windows[0].seen, 1);
    assert!(tallies.recover(&Marks(vec![77; 9])).await.is_err(), "of another version");
}

pub async fn evidence_is_counted_and_learns(home: Home) {
    use crate::store::tallies::{Followed, Learned, Lesson};
    use cofferdam_engine::evidence::{Fate, Scope, faces};
    let (tallies, policy) = (&home.store.tallies, basis().policy.clone());
    let (name, score) = (key(), 0.01);
    let attempt = attempt_facts(number(), NOW_MS);
    let inquiry = cofferdam_engine::identify(&attempt);
    let fresh = tallies.identify(&inquiry, &faces(&attempt), NOW_S).await.unwrap();
    assert_eq!((fresh.proofs, fresh.glimpse), Default::default());
    let ask = cofferdam_engine::ask(&attempt, &cofferdam_engine::Identity::default(), &policy);
    let mut known = cofferdam_engine::Known::default();
    tallies.count_with(&needs(key(), true), &ask, &mut known).await.unwrap();
    assert_eq!(known.seen.len(), 2, "limits are counted beside it");
    assert!(known.evidence.newcomer);
    let asked = tallies.identify(&inquiry, &faces(&attempt), NOW_S).await.unwrap();
    assert_eq!((asked.glimpse.number_s, asked.glimpse.today), (NOW_S, 1));
    let followed = Followed { name, ask: &ask, fate: Fate::Sent, score, effects: &[], changes: &[] };
    assert!(tallies.follow(&followed).await.unwrap().0.is_empty());
    tallies.advance(NOW_S + 900).await.unwrap();
    let learned = tallies.learn(&[(name, Lesson::Converted(NOW_S + 20))]).await.unwrap();
    assert_eq!(learned, Learned { doubted: false });
    // Told twice, and of one that nobody knows: nothing.
    tallies.learn(&[(name, Lesson::Converted(NOW_S + 20)), (1, Lesson::NotSent)]).await.unwrap();
    let next = cofferdam_engine::Attempt { at_ms: NOW_MS + 900_000, ..attempt_facts(number(), NOW_MS) };
    let ask = cofferdam_engine::ask(&next, &cofferdam_engine::Identity::default(), &policy);
    tallies.count_with(&Needs::new(), &ask, &mut known).await.unwrap();
    assert!(known.seen.is_empty(), "nothing stays of what was known before");
    let network = known.evidence.readings.iter().find(|reading| reading.scope == Scope::Network).unwrap();
    assert!((0.9..=1.1).contains(&network.converted[2]), "{network:?}");
    // One that was likely pumped proves nothing, and an erased number was never asked for.
    let followed = Followed { name: name ^ 1, ask: &ask, fate: Fate::Sent, score: 0.9, ..followed };
    tallies.follow(&followed).await.unwrap();
    let learned = tallies.learn(&[(name ^ 1, Lesson::Converted(NOW_S + 920))]).await.unwrap();
    assert_eq!(learned, Learned { doubted: true });
    tallies.forget(&[faces(&attempt)]).await.unwrap();
    let gone = tallies.identify(&inquiry, &faces(&attempt), NOW_S).await.unwrap();
    assert_eq!(gone.glimpse, cofferdam_engine::evidence::Glimpse::default());
}

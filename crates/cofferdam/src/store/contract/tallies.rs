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
        assert!(!counted.marks.0.is_empty());
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

use super::super::contract::Home;
use super::super::contract::make::*;
use super::super::row::{
    FactChange, FactEdit, Idempotency, IdempotencyKey, OutboxRow, Reservation, StoredAnswer, Told, ToldOf,
};
use super::super::tallies::{Followed, Lesson, Marks};
use super::*;
use crate::clock::SetDice;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::outcome::{DeliveryStatus, What};

fn moved_key() -> IdempotencyKey {
    IdempotencyKey { owner: owner(), scopes: "verify".into(), key: "moved".into() }
}

/// A store with something in each table.
pub(in crate::store) async fn filled() -> Home {
    let home = Home::embedded();
    fill(&home).await;
    home
}

pub(in crate::store) async fn fill(home: &Home) {
    let records = &home.store.records;
    let v = home.pending().await;
    let attempt = v.attempts[0].id.clone();
    records.guess(&v.owner, &v.id, NOW_MS + 1_000, [600, 3_600, 0]).await.unwrap();
    records.settle_guess(&v.owner, &v.id, false, NOW_MS + 1_000, Marks::default()).await.unwrap();
    let told = Told {
        of: ToldOf::Attempt(attempt.clone()),
        outcome: cofferdam_engine::Outcome {
            at_ms: NOW_MS + 2_000,
            what: What::Delivery { status: DeliveryStatus::Delivered },
        },
        once: "delivery".into(),
    };
    records.told(Some(&v.owner), vec![told]).await.unwrap();
    let money = Reservation::Money {
        budget: "bud_1".into(),
        period_start_ms: NOW_MS,
        limit_micros: 1_000_000,
        micros: 7_000,
    };
    let limit = Reservation::Limit {
        scope: LimitScope::Tenant,
        key: 9,
        limits: vec![cofferdam_engine::limit::Limit { max: 5, window_s: 3_600 }],
        windows_s: [3_600, 0, 0],
    };
    records.reserve(&v.owner, "att_alone", NOW_MS, &[money, limit]).await.unwrap().unwrap();
    let key = moved_key();
    assert_eq!(records.idempotency_begin(&key, [7; 32], NOW_MS, 10_000).await.unwrap(), Idempotency::Fresh);
    let answer = StoredAnswer {
        status: 201,
        content_type: "application/json".into(),
        sealed_body: vec![1, 2, 3],
        about: Some(v.id.clone()),
    };
    records.idempotency_end(&key, Some(answer)).await.unwrap();
    let row = OutboxRow {
        id: "msg_1".into(),
        owner: v.owner.clone(),
        attempt,
        verification: v.id.clone(),
        number: v.number,
        channel: cofferdam_engine::Channel::Sms,
        at_ms: NOW_MS,
    };
    records.outbox_put(row).await.unwrap();
    let change = FactEdit::Insert(vec![fact(&v.owner, "a name")]);
    records.change_facts(FactChange { change, audit: audit(&v.owner, NOW_MS) }).await.unwrap();
    records.flush().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_moved_is_the_same_row_by_row_and_moves_once() {
    let from = filled().await;
    let to = Home::embedded();
    assert!(to.store.records.is_empty().await.unwrap());
    assert!(!from.store.records.is_empty().await.unwrap());
    let mut heard = 0;
    let done = copy(&*from.store.records, &*to.store.records, false, |_| heard += 1).await.unwrap();
    assert!(heard >= Table::ALL.len());
    for progress in &done {
        assert!(progress.read > 0, "nothing of {:?} was made for this test", progress.table);
        assert_eq!(progress.read, progress.new, "{progress:?}");
    }
    let sums_of = async |home: &Home| sums(&*home.store.records, |_| ()).await.unwrap();
    assert_eq!(sums_of(&from).await, sums_of(&to).await);
    // Interrupted and run again: all is known.
    let again = copy(&*from.store.records, &*to.store.records, true, |_| ()).await.unwrap();
    for progress in &again {
        assert_eq!((progress.read > 0, progress.new), (true, 0), "{progress:?}");
    }
    assert_eq!(sums_of(&from).await, sums_of(&to).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_moved_goes_on_as_it_did() {
    let from = filled().await;
    let to = Home::embedded();
    copy(&*from.store.records, &*to.store.records, false, |_| ()).await.unwrap();
    let records = &to.store.records;
    let key = moved_key();
    let again = records.idempotency_begin(&key, [7; 32], NOW_MS + 1, 10_000).await.unwrap();
    assert!(matches!(again, Idempotency::Answered(ref answer) if answer.status == 201), "{again:?}");
    // Money that was reserved stands, and is given back once.
    let rest = Reservation::Money {
        budget: "bud_1".into(),
        period_start_ms: NOW_MS,
        limit_micros: 10_000,
        micros: 7_000,
    };
    let refused = records.reserve(&owner(), "att_other", NOW_MS, std::slice::from_ref(&rest)).await.unwrap();
    assert!(refused.is_err(), "7,000 of 10,000 are reserved already");
    records.release(&owner(), "att_alone").await.unwrap();
    records.reserve(&owner(), "att_other", NOW_MS, &[rest]).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_differs_is_found() {
    let (from, to) = (filled().await, filled().await);
    let (one, other) =
        (sums(&*from.store.records, |_| ()).await.unwrap(), sums(&*to.store.records, |_| ()).await.unwrap());
    let differ: Vec<Table> = one
        .iter()
        .zip(&other)
        .filter(|((_, one), (_, other))| one.differs_in_content(other))
        .map(|((table, _), _)| *table)
        .collect();
    // Identifiers and names are drawn anew, the one key and its answer are not.
    assert!(differ.contains(&Table::Verifications) && differ.contains(&Table::Journal), "{differ:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_through_postgresql_nothing_is_lost_or_changed() {
    let from = filled().await;
    let Some(shared) = Home::postgres().await else { return };
    let back = Home::embedded();
    for (from, to) in [(&from, &shared), (&shared, &back)] {
        assert!(to.store.records.is_empty().await.unwrap());
        let done = copy(&*from.store.records, &*to.store.records, false, |_| ()).await.unwrap();
        assert!(done.iter().all(|progress| progress.read == progress.new), "{done:?}");
        let again = copy(&*from.store.records, &*to.store.records, true, |_| ()).await.unwrap();
        assert!(again.iter().all(|progress| progress.new == 0), "{again:?}");
    }
    let sums_of = async |home: &Home| sums(&*home.store.records, |_| ()).await.unwrap();
    assert_eq!(sums_of(&from).await, sums_of(&shared).await);
    assert_eq!(sums_of(&from).await, sums_of(&back).await);
    // Facts go on from their version there.
    let version = shared.store.records.facts_since(0, 99).await.unwrap().last().unwrap().version;
    let change = FactEdit::Insert(vec![fact(&owner(), "a newer name")]);
    let made = FactChange { change, audit: audit(&owner(), NOW_MS) };
    let answer = shared.store.records.change_facts(made).await.unwrap();
    assert_eq!(answer, super::super::row::FactAnswer::Done(version + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portions_follow_one_another_in_every_table() {
    let Some(here) = Home::postgres().await else { return };
    for n in 0..3 {
        // One of a name stands once: a store of its own each, all into the same.
        let from = if n == 0 { filled().await } else { Home::embedded() };
        copy(&*from.store.records, &*here.store.records, false, |_| ()).await.unwrap();
    }
    for _ in 0..7 {
        here.pending().await;
    }
    for table in Table::ALL {
        let all = here.store.records.hand_out(table, None, 1_000).await.unwrap().rows;
        let (mut some, mut after) = (Vec::new(), None);
        loop {
            let stretch = here.store.records.hand_out(table, after.as_deref(), 1).await.unwrap();
            some.extend(stretch.rows);
            after = stretch.next;
            if after.is_none() {
                break;
            }
        }
        assert!(!all.is_empty() && some == all, "{table:?}");
    }
}

/// All that tallies hold, in order.
async fn held(tallies: &dyn Tallies) -> Vec<(Tallied, u64, Vec<u8>)> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let MovedTallies { rows, next } = tallies.hand_out(after.as_deref(), NOW_S).await.unwrap();
        all.extend(rows.into_iter().map(|row| (row.of, row.key, row.image)));
        after = next;
        if after.is_none() {
            all.sort_unstable();
            return all;
        }
    }
}

/// Says which differ, for all of them are many.
fn same(one: &[(Tallied, u64, Vec<u8>)], other: &[(Tallied, u64, Vec<u8>)]) {
    let differ: Vec<_> = one.iter().zip(other).filter(|(one, other)| one != other).take(3).collect();
    assert!(differ.is_empty() && one.len() == other.len(), "{} and {}: {differ:?}", one.len(), other.len());
}

/// Some people ask, some of them prove themselves, some are still to.
async fn busy(tallies: &dyn Tallies) -> u64 {
    use cofferdam_engine::evidence::Fate;
    let policy = basis().policy.clone();
    let mut last = 0;
    for n in 0..40 {
        let attempt = attempt_facts(number(), NOW_MS - 400_000 + n * 10_000);
        let at_s = NOW_S - 400 + n as u32 * 10;
        let ask = cofferdam_engine::ask(&attempt, &cofferdam_engine::Identity::default(), &policy);
        let need = cofferdam_engine::need::Need {
            scope: LimitScope::Ip,
            key: key(),
            windows_s: [3_600, 86_400, 0],
            add: true,
        };
        let mut known = cofferdam_engine::Known::default();
        tallies.count_with(&[need].into_iter().collect(), &ask, &mut known).await.unwrap();
        last = key();
        let followed = Followed {
            name: last,
            ask: &ask,
            fate: Fate::Sent,
            score: 0.01,
            effects: &[],
            changes: &[cofferdam_engine::tally::Change::Prove { key: key(), at_s }],
        };
        tallies.follow(&followed).await.unwrap();
        if n % 2 == 0 {
            tallies.learn(&[(last, Lesson::Converted(at_s + 5))]).await.unwrap();
        }
    }
    tallies.advance(NOW_S).await.unwrap();
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tallies_move_there_and_back_to_the_bit_with_what_is_awaited() {
    let Some(server) = crate::store::servers::redis::Server::start() else { return };
    let (from, back) = (Home::embedded(), Home::embedded());
    let open = busy(&*from.store.tallies).await;
    let before = held(&*from.store.tallies).await;
    for of in Tallied::ALL {
        assert!(before.iter().any(|(own, ..)| *own == of), "nothing of {of:?} was made for this test");
    }
    let settings = crate::store::shared::tallies::RedisSettings {
        clock_apart_max: None,
        ..crate::store::shared::tallies::RedisSettings::at(&server.url(), "moved")
    };
    let dice = SetDice::seeded(7);
    let shared =
        crate::store::shared::tallies::open(settings.clone(), from.clock.clone(), dice).await.unwrap();
    let moved = copy_tallies(&*from.store.tallies, &shared, NOW_S).await.unwrap();
    assert_eq!(moved, before.len() as u64);
    same(&held(&shared).await, &before);
    copy_tallies(&shared, &*back.store.tallies, NOW_S).await.unwrap();
    same(&held(&*back.store.tallies).await, &before);
    // What was open is still awaited, once.
    for tallies in [&shared as &dyn Tallies, &*back.store.tallies] {
        let learned = tallies.learn(&[(open, Lesson::Converted(NOW_S))]).await.unwrap();
        assert!(!learned.doubted);
        tallies.advance(NOW_S + 1).await.unwrap();
    }
    assert_ne!(held(&*back.store.tallies).await, before, "it was learned");
    // Not while another machine serves: what it writes would be left behind.
    let dice = SetDice::seeded(8);
    let other = crate::store::shared::tallies::open(settings, from.clock.clone(), dice).await.unwrap();
    for n in 0.. {
        match shared.hand_out(None, NOW_S).await {
            Err(error) => {
                assert!(error.to_string().contains("another machine serves"), "{error}");
                break;
            }
            Ok(_) => assert!(n < 1_000, "the other machine's life was never seen"),
        }
        tokio::task::spawn_blocking(crate::store::servers::redis::moment).await.unwrap();
    }
    drop(other);
}

//! Two nodes at once: what must be exact is exact over both.

use super::super::*;
use super::Shared;
use crate::clock::SetClock;
use crate::store::contract::make::*;
use crate::store::row::{FactEdit, Restart};
use cofferdam_engine::limit::LimitScope;
use std::time::Duration;

/// Two nodes over one database; `None` where PostgreSQL is not installed.
async fn two() -> Option<(Shared, [Arc<PostgresRecords>; 2])> {
    let shared = Shared::new()?;
    let a = shared.open(SetClock::at(NOW_MS), 1).await.unwrap();
    let b = shared.open(SetClock::at(NOW_MS), 2).await.unwrap();
    Some((shared, [Arc::new(a), Arc::new(b)]))
}

/// Does it `n` times at once, in turn on each node.
async fn at_once<T: Send + 'static, F>(
    nodes: &[Arc<PostgresRecords>; 2],
    n: usize,
    work: impl Fn(Arc<PostgresRecords>) -> F,
) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let spawned: Vec<_> = (0..n).map(|n| tokio::spawn(work(Arc::clone(&nodes[n % 2])))).collect();
    let mut all = Vec::new();
    for one in spawned {
        all.push(one.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_starts_over_two_nodes_pass_no_limit() {
    let Some((_shared, nodes)) = two().await else { return };
    let number = number();
    let answers = at_once(&nodes, 30, |node| async move {
        let mut start = start(&owner(), number, NOW_MS);
        start.reservations = vec![
            limit(LimitScope::Number, 77, 7, 600),
            limit(LimitScope::Tenant, 1, 12, 600),
            money(1_000_000, 70_000),
        ];
        node.start(start).await.unwrap()
    })
    .await;
    let made = answers.iter().filter(|answer| **answer == Started::Made).count();
    assert_eq!(made, 7, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_guesses_over_two_nodes_pay_no_more_than_allowed() {
    let Some((_shared, nodes)) = two().await else { return };
    for round in 0..3 {
        let start = start(&owner(), number(), NOW_MS);
        let v = start.verification.clone();
        nodes[0].start(start).await.unwrap();
        let paid = at_once(&nodes, 120, |node| {
            let v = v.clone();
            async move {
                let paid = node.guess(&v.owner, &v.id, NOW_MS, [86_400, 0, 0]).await.unwrap();
                let paid = matches!(paid, Guess::Paid(_));
                let right = paid && round == 2;
                let approved = paid
                    && node.settle_guess(&v.owner, &v.id, right, NOW_MS, Marks::default()).await.unwrap();
                (paid, approved)
            }
        })
        .await;
        let approved = paid.iter().filter(|(_, approved)| *approved).count();
        let paid = paid.iter().filter(|(paid, _)| *paid).count();
        if round == 2 {
            assert_eq!(approved, 1, "one approval, however many are right");
            assert!((1..=5).contains(&paid));
        } else {
            assert_eq!((paid, approved), (5, 0));
            let against = nodes[1].guesses_against(&owner(), v.number, [86_400, 0, 0], NOW_S).await.unwrap();
            assert_eq!(against[0].0, 5);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_that_mind_each_other_begins() {
    let Some((_shared, nodes)) = two().await else { return };
    let number = number();
    let answers = at_once(&nodes, 40, |node| async move {
        let mut start = start(&owner(), number, NOW_MS);
        start.restart = Restart::Conflict;
        node.start(start).await.unwrap()
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Started::Made).count(), 1);
    at_once(&nodes, 40, |node| async move {
        let mut start = start(&owner(), number, NOW_MS + 1);
        start.restart = Restart::Supersede;
        assert_eq!(node.start(start).await.unwrap(), Started::Made);
    })
    .await;
    let pending = VerificationFilter {
        number: Some(number),
        status: Some(Status::Pending),
        ..VerificationFilter::default()
    };
    let left = nodes[0].verifications(&owner(), &pending, &page(99)).await.unwrap();
    assert_eq!(left.rows.len(), 1, "of those that take each other's place one is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_caller_s_fault_is_nobody_else_s() {
    let Some((_shared, nodes)) = two().await else { return };
    let twin = start(&owner(), number(), NOW_MS);
    let id = twin.verification.id.clone();
    nodes[0].start(twin).await.unwrap();
    let answers = at_once(&nodes, 40, |node| {
        let id = id.clone();
        async move {
            let mut start = start(&owner(), number(), NOW_MS);
            // An identifier that stands already can't be written; there is no such thing by chance.
            let bad = start.verification.number.0.is_multiple_of(4);
            if bad {
                start.verification.id = id;
            }
            (bad, node.start(start).await)
        }
    })
    .await;
    for (bad, answer) in answers {
        assert_eq!(bad, answer.is_err(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_changes_the_other_hears_within_a_second() {
    let Some((_shared, nodes)) = two().await else { return };
    let mut heard = nodes[1].changed().unwrap();
    let mut own = nodes[0].changed().unwrap();
    for n in 0..3_u64 {
        let change = FactEdit::Insert(vec![fact(&owner(), &format!("name {n}"))]);
        let change = FactChange { change, audit: audit(&owner(), NOW_MS) };
        let FactAnswer::Done(version) = nodes[0].change_facts(change).await.unwrap() else { panic!() };
        assert_eq!(*own.borrow_and_update(), version, "at once where it was made");
        let within = tokio::time::timeout(Duration::from_secs(1), heard.wait_for(|v| *v >= version)).await;
        within.expect("within a second").unwrap();
        assert_eq!(nodes[1].facts_since(version - 1, 9).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_changes_of_facts_have_versions_of_their_own() {
    let Some((_shared, nodes)) = two().await else { return };
    let twins = at_once(&nodes, 20, |node| async move {
        let change = FactEdit::Insert(vec![fact(&owner(), "the same")]);
        node.change_facts(FactChange { change, audit: audit(&owner(), NOW_MS) }).await.unwrap()
    })
    .await;
    assert_eq!(twins.iter().filter(|answer| matches!(answer, FactAnswer::Done(_))).count(), 1);
    let answers = at_once(&nodes, 20, |node| async move {
        let change = FactEdit::Insert(vec![fact(&owner(), &new_id(crate::id::Noun::Event, NOW_MS))]);
        node.change_facts(FactChange { change, audit: audit(&owner(), NOW_MS) }).await.unwrap()
    })
    .await;
    let mut versions: Vec<u64> = answers
        .iter()
        .map(|answer| if let FactAnswer::Done(version) = answer { *version } else { panic!("{answer:?}") })
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=21).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_one_node_s_until_it_runs_out() {
    let Some((shared, [a, b])) = two().await else { return };
    assert!(a.lease("sweep", 60_000).await.unwrap());
    assert!(a.lease("sweep", 60_000).await.unwrap(), "its holder keeps it");
    assert!(!b.lease("sweep", 60_000).await.unwrap());
    assert!(b.lease("expire", 60_000).await.unwrap(), "each job its own");
    // A node that died: as if its time were over.
    let past = format!("UPDATE {}.jobs SET until = now() - interval '1 s'", shared.settings.schema);
    shared.server.sql("postgres", &past);
    assert!(b.lease("sweep", 60_000).await.unwrap());
    assert!(!a.lease("sweep", 60_000).await.unwrap());
    b.settle_down().await.unwrap();
    assert!(a.lease("sweep", 60_000).await.unwrap(), "one that stops leaves its leases to others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_ends_once_over_all_nodes() {
    let Some((_shared, nodes)) = two().await else { return };
    at_once(&nodes, 300, |node| async move {
        node.start(start(&owner(), number(), NOW_MS)).await.unwrap();
    })
    .await;
    let over_ms = NOW_MS + 600_000;
    let ended: u64 = at_once(&nodes, 8, |node| async move { node.expire(over_ms, NOW_MS).await.unwrap().0 })
        .await
        .iter()
        .sum();
    assert_eq!(ended, 300);
    let swept: u64 = at_once(&nodes, 4, |node| async move {
        node.sweep(over_ms + 8 * 86_400_000, &keep()).await.unwrap().verifications
    })
    .await
    .iter()
    .sum();
    assert_eq!(swept, 300, "each number is taken away once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_told_to_both_nodes_counts_once() {
    let Some((_shared, nodes)) = two().await else { return };
    let begun = start(&owner(), number(), NOW_MS);
    let attempt = begun.verification.attempts[0].id.clone();
    nodes[0].start(begun).await.unwrap();
    let answers = at_once(&nodes, 20, |node| {
        let told = Told {
            of: crate::store::row::ToldOf::Attempt(attempt.clone()),
            outcome: Outcome { at_ms: NOW_MS, what: cofferdam_engine::outcome::What::NotSent },
            once: "not_sent".into(),
        };
        async move { node.told(None, vec![told]).await.unwrap().remove(0) }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, ToldAnswer::Accepted(_))).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_agree_on_what_came_first() {
    let Some((_shared, nodes)) = two().await else { return };
    let all = at_once(&nodes, 10, |node| async move {
        node.agree("secrets", &new_id(crate::id::Noun::Key, NOW_MS)).await.unwrap()
    })
    .await;
    assert!(all.iter().all(|value| *value == all[0]), "{all:?}");
}

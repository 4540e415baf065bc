//! What becomes of callers while the server is killed, stopped, cut off, or takes no writes; each test
//! has a server of its own.

use super::super::*;
use super::Shared;
use super::server::{Cut, url};
use crate::clock::{SetClock, Stopwatch};
use crate::store::contract::make::*;
use std::sync::Mutex;

async fn open(shared: &Shared) -> Arc<PostgresRecords> {
    Arc::new(shared.open(SetClock::at(NOW_MS), 1).await.unwrap())
}

async fn begin(records: &PostgresRecords) -> Result<String, StoreError> {
    let start = start(&owner(), number(), NOW_MS);
    let id = start.verification.id.clone();
    records.start(start).await.map(|started| {
        assert_eq!(started, Started::Made);
        id
    })
}

/// Waits until it takes a start again, and says how long that took.
async fn normal(records: &PostgresRecords) -> Duration {
    let since = Stopwatch::start();
    while begin(records).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not come back");
        tokio::task::yield_now().await;
    }
    since.elapsed()
}

fn is_expected(error: &StoreError) -> bool {
    matches!(error, StoreError::Away(_) | StoreError::Unknown(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let Some(shared) = Shared::alone() else { return };
    let nodes = [open(&shared).await, Arc::new(shared.open(SetClock::at(NOW_MS), 2).await.unwrap())];
    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    let (stop, stopped) = watch::channel(false);
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (node, acknowledged, stopped) =
            (Arc::clone(&nodes[n % 2]), Arc::clone(&acknowledged), stopped.clone());
        callers.spawn(async move {
            let mut refused = 0_u64;
            while !*stopped.borrow() {
                match begin(&node).await {
                    Ok(id) => acknowledged.lock().unwrap().push(id),
                    Err(error) => {
                        assert!(is_expected(&error), "{error}");
                        refused += 1;
                        tokio::task::yield_now().await;
                    }
                }
            }
            refused
        });
    }
    let count = || acknowledged.lock().unwrap().len();
    for _ in 0..2 {
        let enough = count() + 200;
        while count() < enough {
            tokio::task::yield_now().await;
        }
        shared.server.kill();
        shared.server.begin();
        let took = normal(&nodes[0]).await;
        println!("killed under load: back to normal {took:?} after the server was");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    stop.send_replace(true);
    let mut refused = 0;
    while let Some(one) = callers.join_next().await {
        refused += one.unwrap();
    }
    // The other may have been asked by nobody since.
    normal(&nodes[1]).await;
    let all = acknowledged.lock().unwrap().clone();
    for id in &all {
        assert!(nodes[1].verification(&owner(), id).await.unwrap().is_some(), "`{id}` was acknowledged");
    }
    println!("killed twice under load: {} acknowledged, none lost, {refused} refused", all.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_commit_is_unknown_and_the_journal_stands_once() {
    let Some(mut shared) = Shared::alone() else { return };
    let cut = Cut::to(shared.server.port);
    shared.settings.url = url(cut.port, "postgres").into();
    let records = open(&shared).await;
    begin(&records).await.unwrap();
    cut.lose_next_commit();
    let begun = start(&owner(), number(), NOW_MS);
    let v = begun.verification.clone();
    let error = records.start(begun).await.unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    assert_eq!(cut.lost(), 1);
    let found = records.verification(&owner(), &v.id).await.unwrap();
    assert_eq!(found, Some(v), "this time it stands");
    // What is journalled is looked for before it is written again.
    let judged: Vec<_> = (0..50).map(|n| journalled(&owner(), number(), NOW_MS + n)).collect();
    cut.lose_next_commit();
    for one in &judged {
        assert!(records.journal(&one.entry, Marks::default()));
    }
    while records.flush().await.is_err() {}
    assert_eq!(cut.lost(), 2);
    let (page, _) = records.journal_page(0, 1000).await.unwrap();
    for one in &judged {
        let times = page.iter().filter(|p| p.entry.attempt_id == one.entry.attempt_id).count();
        assert_eq!(times, 1, "each stands once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_is_away_in_time_and_back_without_a_restart() {
    let Some(mut shared) = Shared::alone() else { return };
    shared.settings.answer = Duration::from_secs(1);
    let records = open(&shared).await;
    begin(&records).await.unwrap();
    let entry = journalled(&owner(), number(), NOW_MS);
    shared.server.pause();
    let since = Stopwatch::start();
    assert!(is_expected(&begin(&records).await.unwrap_err()));
    assert!(records.journal(&entry.entry, Marks::default()), "judging waits for nobody");
    let took = since.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    let mut at_once = 0;
    for _ in 0..20 {
        let since = Stopwatch::start();
        assert!(is_expected(&begin(&records).await.unwrap_err()));
        at_once += u32::from(since.elapsed() < Duration::from_millis(50));
    }
    assert!(at_once >= 10, "most are told at once: {at_once}");
    shared.server.resume();
    let took = normal(&records).await;
    println!("paused: back to normal after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    while records.flush().await.is_err() {}
    assert!(records.journalled(&owner(), &entry.entry.attempt_id).await.unwrap().is_some(), "kept meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_is_away_by_name() {
    let Some(shared) = Shared::alone() else { return };
    let records = open(&shared).await;
    begin(&records).await.unwrap();
    shared.server.read_only(true);
    // The server tells its sessions a little later.
    let error = loop {
        match begin(&records).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, StoreError::Away(why) if why.contains("takes no writes")), "{error}");
    shared.server.read_only(false);
    let took = normal(&records).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_line_is_away_and_mends_by_itself() {
    let Some(mut shared) = Shared::alone() else { return };
    let cut = Cut::to(shared.server.port);
    shared.settings.url = url(cut.port, "postgres").into();
    let records = open(&shared).await;
    let mut heard = records.changed().unwrap();
    begin(&records).await.unwrap();
    cut.cut();
    for _ in 0..20 {
        let since = Stopwatch::start();
        let error = begin(&records).await.unwrap_err();
        assert!(is_expected(&error), "{error}");
        assert!(since.elapsed() < Duration::from_secs(2));
    }
    cut.mend();
    let took = normal(&records).await;
    println!("cut: back to normal after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    // Another node changes a fact: heard again, too, over a new connection or by looking.
    let other = shared.open(SetClock::at(NOW_MS), 9).await.unwrap();
    let change = crate::store::row::FactEdit::Insert(vec![fact(&owner(), "heard")]);
    other.change_facts(FactChange { change, audit: audit(&owner(), NOW_MS) }).await.unwrap();
    let within = tokio::time::timeout(Duration::from_secs(3), heard.wait_for(|version| *version >= 1)).await;
    within.expect("heard again").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_is_over_within_seconds() {
    let Some(shared) = Shared::alone() else { return };
    let records = open(&shared).await;
    begin(&records).await.unwrap();
    shared.server.stop();
    assert!(is_expected(&begin(&records).await.unwrap_err()));
    shared.server.begin();
    let took = normal(&records).await;
    println!("restarted: back to normal after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

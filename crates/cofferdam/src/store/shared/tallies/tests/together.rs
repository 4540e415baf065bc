//! Attempts that go to the servers as one call: each sees what it would see alone.

use super::nodes::count;
use super::*;
use crate::store::contract::make::{attempt_facts, number};
use crate::store::shared::tallies::call::Want;
use crate::store::shared::tallies::name::{Holds, Name};
use crate::store::shared::tallies::{call, limits};
use cofferdam_engine::evidence::Scope;

const MANY: u32 = 60;

/// Counts so many at the same moment, all in one limit and with one device. Answers what each saw of the limit.
async fn at_once(node: &Arc<SharedTallies>) -> Vec<u32> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let node = Arc::clone(node);
        running.spawn(async move {
            let (_, known) = count(&node, &attempt_facts(number(), NOW_MS), 7).await;
            known.seen[0].windows[0].seen
        });
    }
    running.join_all().await
}

async fn each_sees_its_own(node: Arc<SharedTallies>, url: &str) {
    let mut seen = at_once(&node).await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=MANY).collect::<Vec<_>>());
    let mut look = call::Call::new();
    look.steps.push(call::Step::look(Name::new(Holds::Limit, 7)));
    let image = node.inner.link.run(&look, Want::Olds).await.unwrap().pop().flatten().unwrap();
    let windows = limits::limit_of(&image).unwrap().read((NOW_MS / 1_000) as u32, &[60, 3_600, 0]);
    assert_eq!(windows.map(|window| window.seen), [MANY, MANY, 0]);
    // Who comes later finds all of them with the device.
    let later = super::node(url, 2).await.unwrap();
    let (ask, _) = count(&later, &attempt_facts(number(), NOW_MS), 8).await;
    let (_, device) = ask.keys.iter().find(|(scope, _)| *scope == Scope::Device).unwrap();
    let newcomers = later.inner.copy().evidence.newcomers(*device).unwrap();
    assert!((newcomers - f64::from(MANY + 1)).abs() < 0.5, "{newcomers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_of_one_moment_share_calls_and_each_sees_its_own_count() {
    let Some(server) = Server::start() else { return };
    let settings = RedisSettings { summed_from: None, ..settings(&server.url()) };
    let node = open(settings, SetClock::at(NOW_MS), SetDice::seeded(key())).await.unwrap();
    each_sees_its_own(Arc::new(node), &server.url()).await;
    let (calls, _) = server.spent("evalsha");
    assert!(calls < u64::from(MANY), "{calls} calls for {MANY} attempts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_a_cluster() {
    let Some(cluster) = Cluster::start() else { return };
    let settings = RedisSettings { summed_from: None, ..settings(&cluster.url()) };
    let node = open(settings, SetClock::at(NOW_MS), SetDice::seeded(key())).await.unwrap();
    each_sees_its_own(Arc::new(node), &cluster.url()).await;
}

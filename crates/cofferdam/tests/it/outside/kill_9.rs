//! Nothing acknowledged is lost, nothing is sent twice: the program is killed twenty times under load.

mod worker;

use super::dice::Dice;
use super::server::{ADMIN, Keys, Place, READY, Server, alone};
use super::simulator::{Behaviour, Simulator};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use worker::Worker;

const CYCLES: usize = 20;
const WORKERS: usize = 8;

/// Limits of one scope only, all others off, so that a test meets the one it means.
pub fn only(limits: &Value) -> Value {
    const SCOPES: [&str; 15] = [
        "number",
        "number_checks",
        "ip",
        "ipv4_24",
        "ipv6_64",
        "ipv6_48",
        "device",
        "session",
        "user",
        "user_agent",
        "prefix",
        "network",
        "country",
        "profile",
        "tenant",
    ];
    let mut all = serde_json::Map::new();
    for scope in SCOPES {
        all.insert(scope.to_owned(), limits.get(scope).cloned().unwrap_or_else(|| json!([])));
    }
    all.into()
}

/// Has every worker look for what was acknowledged to him: since the last kill, or (`whole`) ever.
async fn look(
    server: &Server,
    keys: &Keys,
    provider: &Simulator,
    workers: Vec<Worker>,
    whole: bool,
) -> Vec<Worker> {
    let codes = Arc::new(provider.taken());
    let mut tasks = Vec::new();
    for mut worker in workers {
        let (api, manage, codes) = (server.api(&keys.live), server.api(&keys.manage), Arc::clone(&codes));
        tasks.push(tokio::spawn(async move {
            worker.learn_codes(&codes);
            worker.verify(&api, &manage, &codes, whole).await;
            worker
        }));
    }
    let mut workers = Vec::new();
    for task in tasks {
        workers.push(task.await.unwrap());
    }
    workers
}

/// Takes about a minute in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_is_found_again_after_twenty_kills_under_load() {
    let _alone = alone().await;
    let mut dice = Dice::new("kill_9");
    let provider = Simulator::start(Behaviour::Accept).await;
    let place = Place::new("kill", &format!("routes = [\"a\"]\n{}", provider.settings("a", 5)));
    let mut server = place.start().await;
    let keys = server.tenant("killed").await;
    let limits = only(
        &json!({ "number": [{ "max": 5, "window_s": 3600 }], "device": [{ "max": 5, "window_s": 3600 }] }),
    );
    // Strangers who never answer are an attack, as the engine sees it: here limits alone decide, and evidence is counted
    // where it stops nobody.
    let profile = json!({ "name": "plain", "evidence": false, "resend_after_s": 1, "limits": limits });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let profile = json!({ "name": "judged", "mode": "shadow", "limits": only(&json!({})) });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);

    let mut workers: Vec<Worker> = (0..WORKERS).map(|n| Worker::new(n, dice.next())).collect();
    let (mut operations, mut loaded, mut slowest) = (0, Duration::ZERO, Duration::ZERO);
    for cycle in 0..CYCLES {
        // A provider that thinks for a moment has more messages in its hands when the kill comes.
        let think = Duration::from_millis(15);
        provider.set(if cycle % 3 == 0 { Behaviour::AcceptAfter(think) } else { Behaviour::Accept });
        let began = Instant::now();
        let mut tasks = Vec::new();
        for mut worker in workers.drain(..) {
            let (api, manage) = (server.api(&keys.live), server.api(&keys.manage));
            tasks.push(tokio::spawn(async move {
                worker.work(&api, &manage).await;
                worker
            }));
        }
        tokio::time::sleep(Duration::from_millis(400 + dice.next() % 600)).await;
        server.kill();
        loaded += began.elapsed();
        for task in tasks {
            workers.push(task.await.unwrap());
        }
        if cycle % 2 == 1 {
            // Recovery itself is killed, somewhere in it.
            let recovering = place.launch();
            tokio::time::sleep(Duration::from_millis(dice.next() % 200)).await;
            recovering.kill();
        }
        server = place.start().await;
        slowest = slowest.max(server.took);
        operations += workers.iter_mut().map(Worker::take_count).sum::<usize>();
        workers = look(&server, &keys, &provider, workers, cycle + 1 == CYCLES).await;
    }
    let rate = operations as f64 / loaded.as_secs_f64();
    println!("kill_9: {operations} operations, {rate:.0}/s under load, slowest start {slowest:?}");
    Worker::no_number_had_more_than(5, &provider.taken());
    assert_eq!(provider.repeated(), Vec::<String>::new(), "attempts that were handed over twice");
    assert!(slowest <= READY, "a start took {slowest:?}");
    assert!(operations > 200, "too little load to mean anything: {operations} operations");
    let everything: usize = workers.iter().map(Worker::acknowledged).sum();
    println!("kill_9: {everything} acknowledged things found again");
    let ready = server.api(ADMIN).get("/v1/status").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let (took, well) = server.stop().await;
    assert!(well && took <= Duration::from_secs(10), "the stop took {took:?} and ended well: {well}");
}

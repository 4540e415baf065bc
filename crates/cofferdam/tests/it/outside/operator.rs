//! What an operator does to it: stop it, start it twice, copy it, bring it back, put it on the open net.

use super::api::Api;
use super::dice::live;
use super::kill_9::only;
use super::server::{Place, Server, TEST, alone, until};
use super::simulator::{Behaviour, Simulator};
use super::wire::bears;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

async fn sender(name: &str, behaviour: Behaviour) -> (Simulator, Place, Server, super::server::Keys) {
    let provider = Simulator::start(behaviour).await;
    let place = Place::new(name, &provider.settings("a", 8));
    let server = place.start().await;
    let keys = server.tenant("sender").await;
    let profile = json!({ "name": "plain", "send_wait_s": 10, "limits": only(&json!({})) });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    (provider, place, server, keys)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_what_is_in_flight_and_writes_down_what_was_sent() {
    let (provider, place, server, keys) =
        sender("stop", Behaviour::AcceptAfter(Duration::from_millis(1200))).await;
    let mut calls = Vec::new();
    for n in 0..20 {
        let api = server.api(&keys.live);
        let body = json!({ "to": live(n), "profile": "plain" });
        calls
            .push(tokio::spawn(async move { api.send("POST", "/v1/verifications", &[], Some(&body)).await }));
    }
    until("all are with the provider", Duration::from_secs(10), || async { provider.taken().len() == 20 })
        .await;
    let (took, well) = server.stop().await;
    assert!(well && took < Duration::from_secs(10), "it took {took:?} and ended well: {well}");
    let mut ids = BTreeSet::new();
    for call in calls {
        let answer = call.await.unwrap().expect("cut off by the stop").want(201);
        assert_eq!(answer.text("attempts.0.status"), "sent", "{}", answer.text);
        ids.insert(answer.text("id"));
    }
    assert_eq!(ids.len(), 20);
    let server = place.start().await;
    for id in ids {
        let found = server.api(&keys.live).get(&format!("/v1/verifications/{id}")).await.want(200);
        assert_eq!(found.text("attempts.0.status"), "sent", "{}", found.text);
    }
    assert_eq!(provider.repeated(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_program_on_the_same_store_is_refused_by_name() {
    let place = Place::new("twice", "");
    let server = place.start().await;
    let mut second = place.launch();
    let ended = Instant::now();
    let status = loop {
        if let Some(status) = second.ended() {
            break status;
        }
        assert!(ended.elapsed() < Duration::from_secs(8), "a second one runs on the same store");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(!status.success());
    second.kill();
    let said = server.said();
    assert!(said.contains("cofferdam.db"), "it does not say which store: {said}");
    assert_eq!(server.api(TEST).get("/v1/profiles").await.status, 200, "the first one is hurt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_brings_back_all_that_was_acknowledged_before_it() {
    let (provider, place, server, keys) = sender("copy", Behaviour::Accept).await;
    let api = server.api(&keys.live);
    let begin = |to: String| json!({ "to": to, "profile": "plain" });
    let mut before = Vec::new();
    for n in 0..20 {
        let started = api.post("/v1/verifications", begin(live(n))).await.want(201);
        before.push((started.text("id"), provider.code_of(&started.text("attempts.0.id"), 6)));
    }
    api.post(&format!("/v1/verifications/{}/check", before[0].0), json!({ "code": before[0].1 }))
        .await
        .want(200);
    let entry = server
        .api(&keys.manage)
        .post("/v1/lists/deny/entries", json!({ "value": live(900) }))
        .await
        .want(201);
    let done = Arc::new(AtomicBool::new(false));
    let (going, busy) = (Arc::clone(&done), api.clone());
    let load = tokio::spawn(async move {
        let mut n = 1000;
        while !going.load(Ordering::Relaxed) {
            n += 1;
            busy.post("/v1/verifications", json!({ "to": live(n), "profile": "plain" })).await.want(201);
        }
        n - 1000
    });
    let copy = place.folder.join("copy.db");
    let settings = place.settings_file().display().to_string();
    let args = ["backup", "--config", &settings, &copy.display().to_string()];
    let mut command = place.command(&args);
    let backup = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    let again = place.command(&args).output().unwrap();
    assert!(!again.status.success(), "it wrote over a backup");
    done.store(true, Ordering::Relaxed);
    println!("backup: taken while {} starts were made", load.await.unwrap());
    server.kill();

    let other = Place::new("restored", &provider.settings("a", 8));
    std::fs::create_dir_all(other.data()).unwrap();
    let data = other.data().join("cofferdam.db").display().to_string();
    let args = ["restore", "--data", &data, &copy.display().to_string()];
    let restored = other.command(&args).output().unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert!(!other.command(&args).output().unwrap().status.success(), "it wrote over a store");
    std::fs::copy(place.data().join("secrets.key"), other.data().join("secrets.key")).unwrap();
    let server = other.start().await;
    let api = server.api(&keys.live);
    for (n, (id, code)) in before.iter().enumerate() {
        let check = api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": code })).await;
        if n == 0 {
            assert_eq!((check.status, check.code().as_str()), (409, "already_finished"), "{}", check.text);
        } else {
            assert_eq!(check.want(200).text("status"), "approved");
        }
    }
    let list = server.api(&keys.manage).get("/v1/lists/deny/entries").await.want(200);
    assert!(list.text.contains(&entry.text("id")), "{}", list.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_follows_the_other_and_a_foreign_cursor_is_refused() {
    let place = Place::new("pages", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let mut made = BTreeSet::new();
    for n in 0..23 {
        let entry =
            api.post("/v1/lists/safe/entries", json!({ "value": format!("198.51.100.{n}") })).await.want(201);
        made.insert(entry.text("id"));
    }
    for order in ["asc", "desc"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let next = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page =
                api.get(&format!("/v1/lists/safe/entries?limit=5&order={order}{next}")).await.want(200);
            for item in page.at("data").as_array().unwrap() {
                seen.push(item["id"].as_str().unwrap().to_owned());
            }
            cursor = page.text("next_cursor");
            if cursor.is_empty() {
                break;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        if order == "desc" {
            sorted.reverse();
        }
        assert_eq!(seen, sorted, "{order}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made, "{order}");
    }
    let page = api.get("/v1/lists/safe/entries?limit=5").await.want(200);
    let cursor = page.text("next_cursor");
    let stranger = server.tenant("stranger").await;
    let last = cursor.chars().last().map_or('A', |c| if c == 'A' { 'B' } else { 'A' });
    let edited = format!("{}{last}", &cursor[..cursor.len() - 1]);
    let swapped = format!("{}{}", &cursor[cursor.len() / 2..], &cursor[..cursor.len() / 2]);
    for (api, path) in [
        (server.api(&stranger.test), format!("/v1/lists/safe/entries?cursor={cursor}")),
        (api.clone(), format!("/v1/lists/deny/entries?cursor={cursor}")),
        (api.clone(), format!("/v1/lists/safe/entries?cursor={edited}")),
        (api.clone(), format!("/v1/lists/safe/entries?cursor={swapped}")),
        (api.clone(), "/v1/lists/safe/entries?cursor=AAAA".to_owned()),
    ] {
        let answer = api.get(&path).await;
        assert!(matches!(answer.status, 400 | 422), "{path}: {} {}", answer.status, answer.text);
        assert!(answer.text.contains("cursor"), "{}", answer.text);
    }
}

/// One call on a connection of its own, as a busy world makes them; how long it took.
async fn quick(server: &Server) -> Option<Duration> {
    let began = Instant::now();
    let mut stream = tokio::net::TcpStream::connect(server.address).await.ok()?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.ok()?;
    let mut heard = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut heard)).await;
    (read.is_ok() && heard.starts_with(b"HTTP/1.1 200")).then(|| began.elapsed())
}

/// Takes about thirty-five seconds: that long may the slow ones stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_slow_callers_keep_nobody_else_waiting_and_are_sent_away() {
    let _alone = alone().await;
    let place = Place::new("slow", "");
    let server = place.start().await;
    let api = Api::new(&server.url, TEST);
    let head = b"POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n".to_vec();
    let mut slow = Vec::new();
    for n in 0..500 {
        let first = match n % 3 {
            0 => Vec::new(),
            1 => head.clone(),
            _ => [&head[..], b"content-length: 500\r\n\r\n{"].concat(),
        };
        let (address, drip) = (server.address, if n % 3 == 0 { None } else { Some(b' ') });
        slow.push(tokio::spawn(async move { bears(address, &first, drip, Duration::from_secs(40)).await }));
    }
    let mut times = Vec::new();
    for n in 0..300 {
        times.push(quick(&server).await.unwrap_or(Duration::from_secs(9)));
        if n % 30 == 0 {
            api.post("/v1/assessments", json!({ "to": super::dice::fictional(n) })).await.want(201);
        }
    }
    times.sort();
    let (served, p99) = (times.iter().filter(|t| **t < Duration::from_secs(5)).count(), times[297]);
    println!("slow callers: {served} of 300 others served, p99 {p99:?}");
    assert!(served >= 297, "only {served} of 300 were served");
    assert!(p99 < Duration::from_millis(500), "p99 of the others is {p99:?}");
    let mut stayed = Vec::new();
    for (n, task) in slow.into_iter().enumerate() {
        match task.await.unwrap() {
            Some(took) if took <= Duration::from_secs(36) => {}
            other => stayed.push((["silent", "in its head", "in its body"][n % 3], other)),
        }
    }
    assert!(
        stayed.is_empty(),
        "{} slow callers stay: {:?}",
        stayed.len(),
        stayed.iter().take(10).collect::<Vec<_>>()
    );
    let handles = || std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
    until("the handles are given back", Duration::from_secs(5), || std::future::ready(handles() < 100)).await;
}

/// Starts it on what is there now; what it said if it refused. A free port may be gone by the time it is used.
async fn refusal(place: &Place) -> String {
    for _ in 0..3 {
        let said = one_refusal(place).await;
        if !said.to_lowercase().contains("in use") {
            return said;
        }
    }
    panic!("no port was free three times over");
}

async fn one_refusal(place: &Place) -> String {
    let before = place.log().len();
    let mut server = place.launch();
    let began = Instant::now();
    while server.ended().is_none() {
        let api = Api::new(&server.url, "");
        let ready = api.send("GET", "/readyz", &[], None).await.is_some_and(|answer| answer.status == 200);
        assert!(!ready, "it serves");
        assert!(began.elapsed() < Duration::from_secs(8), "it neither serves nor refuses");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill();
    String::from_utf8_lossy(&place.log()[before..]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_or_missing_is_refused_by_name() {
    let place = Place::new("damaged", "");
    let server = place.start().await;
    let to = super::dice::fictional(1);
    let id = server.api(TEST).post("/v1/verifications", json!({ "to": to })).await.want(201).text("id");
    server.stop().await;
    let (store, secret) = (place.data().join("cofferdam.db"), place.data().join("secrets.key"));
    let (good, key) = (std::fs::read(&store).unwrap(), std::fs::read(&secret).unwrap());
    let damaged = |from: usize, with: &[u8]| {
        let mut bytes = good.clone();
        bytes[from..from + with.len()].copy_from_slice(with);
        std::fs::write(&store, bytes).unwrap();
    };
    for (what, from, with, says) in [
        ("a newer schema", 60, &[0, 0, 0, 99][..], "schema"),
        ("its first bytes", 0, &[7; 100][..], "store"),
        ("its inner pages", 4096, &[0x55; 16_000][..], "store"),
    ] {
        damaged(from, with);
        let said = refusal(&place).await;
        assert!(said.contains(says), "{what}: it does not say what is wrong: {said}");
        assert!(!said.contains("panicked"), "{what}: {said}");
    }
    std::fs::write(&store, &good).unwrap();
    std::fs::remove_file(&secret).unwrap();
    assert!(refusal(&place).await.contains("secrets.key"), "a missing key");
    std::fs::write(&secret, &key).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(refusal(&place).await.contains("secrets.key"), "a key that others can read");
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let server = place.start().await;
    let found = server.api(TEST).get(&format!("/v1/verifications/{id}")).await.want(200);
    assert_eq!(found.text("to"), to, "whole again, and not what it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tallies_that_are_torn_are_named_and_counted_again_from_the_journal() {
    let place = Place::new("torn", "");
    let server = place.start().await;
    let limits = only(&json!({ "device": [{ "max": 3, "window_s": 3600 }] }));
    server.api(TEST).post("/v1/profiles", json!({ "name": "by-device", "limits": limits })).await.want(201);
    let body = |n: usize| {
        let to = super::dice::fictional(n);
        json!({ "to": to, "profile": "by-device", "client": { "device_id": "the-one" } })
    };
    for n in 0..2 {
        server.api(TEST).post("/v1/verifications", body(n)).await.want(201);
    }
    server.stop().await;
    let tallies = place.data().join("cofferdam.tallies");
    let good = std::fs::read(&tallies).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (what, bytes) in
        [("torn", good[..good.len() / 2].to_vec()), ("changed", flipped), ("empty", Vec::new())]
    {
        std::fs::write(&tallies, bytes).unwrap();
        let before = place.log().len();
        let server = place.start().await;
        let said = String::from_utf8_lossy(&place.log()[before..]).into_owned();
        assert!(said.contains("tallies"), "{what}: it does not say so: {said}");
        server.kill();
    }
    let server = place.start().await;
    let statuses = [
        server.api(TEST).post("/v1/verifications", body(2)).await,
        server.api(TEST).post("/v1/verifications", body(3)).await,
    ];
    assert_eq!(statuses.map(|answer| answer.status), [201, 429], "two before, three are allowed");
}

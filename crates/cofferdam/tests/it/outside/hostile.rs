//! Whatever arrives, the answer is a refusal in time, and the next caller is served.

mod cases;

use super::api::{Answer, Api};
use super::dice::{Dice, fictional};
use super::schema::{Operation, operations, wrong_bodies};
use super::server::{ADMIN, Place, Server, TEST, alone};
use super::wire::{bears, say};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Refused with a status that means the client's doing; 501 and 505 are honest about protocol garbage.
fn refusal(status: u16) -> bool {
    (400..500).contains(&status) || matches!(status, 501 | 505)
}

/// What the whole attack must not have done.
struct Watch {
    memory: u64,
}

impl Watch {
    fn new(server: &Server) -> Self {
        Self { memory: server.memory() }
    }

    async fn end(self, place: &Place, server: &Server) {
        let api = server.api(TEST);
        let started = api.post("/v1/verifications", json!({ "to": fictional(900) })).await.want(201);
        assert_eq!(started.text("status"), "pending", "it does not serve any more: {}", started.text);
        let grown = server.memory().saturating_sub(self.memory);
        println!("hostile: memory grew by {} KiB", grown >> 10);
        assert!(grown < 64 << 20, "memory grew by {} MiB", grown >> 20);
        let log = place.log();
        let text = String::from_utf8_lossy(&log);
        for word in ["panicked", "RUST_BACKTRACE", "internal error"] {
            let line = text.lines().find(|line| line.contains(word));
            assert!(line.is_none(), "the log says `{word}`: {}", line.unwrap_or_default());
        }
        let control = log.iter().position(|byte| (*byte < 0x20 && *byte != b'\n') || *byte == 0x7f);
        if let Some(at) = control {
            panic!(
                "a control character in the log: {:?}",
                String::from_utf8_lossy(&log[at.saturating_sub(80)..(at + 20).min(log.len())])
            );
        }
    }
}

/// Takes about forty seconds: that long may a slow client stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bytes_make_it_fail_hang_grow_or_fall_silent() {
    let _alone = alone().await;
    let mut dice = Dice::new("bytes");
    let place = Place::new("bytes", "");
    let server = place.start().await;
    let address = server.address;
    server.api(TEST).post("/v1/verifications", json!({ "to": fictional(901) })).await.want(201);
    let watch = Watch::new(&server);
    let mut slow = Vec::new();
    for (name, first, drip) in cases::slow() {
        slow.push((
            name,
            tokio::spawn(async move { bears(address, &first, drip, Duration::from_secs(40)).await }),
        ));
    }
    let mut failures = Vec::new();
    let cases = cases::raw(TEST);
    let said = cases.len();
    for (name, bytes) in cases {
        let heard = say(address, &bytes, Duration::from_secs(3)).await;
        let bad = heard.silent
            || heard.took > Duration::from_secs(2)
            || heard.statuses.first().is_some_and(|status| !refusal(*status))
            || heard.statuses.len() > 1 && heard.statuses.iter().any(|status| (200..300).contains(status));
        if bad {
            failures.push(format!(
                "{name}: {:?} after {:?}, silent: {}",
                heard.statuses, heard.took, heard.silent
            ));
        }
    }
    // Changed here and there, a good call may stay a good call; it must never become our failure.
    let good = cases::good(TEST);
    for n in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => bytes[at] = dice.next() as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, dice.next() as u8),
            }
        }
        // A length that grew waits for a body that never comes: the slow cases above are about that.
        let heard = say(address, &bytes, Duration::from_millis(400)).await;
        if heard.statuses.iter().any(|status| *status >= 500 && !matches!(status, 501 | 505)) {
            failures.push(format!(
                "changed {n}: {:?}: {:?}",
                heard.statuses,
                String::from_utf8_lossy(&bytes)
            ));
        }
    }
    println!("hostile: {said} cases of bytes and 300 changed ones");
    for (name, task) in slow {
        match task.await.unwrap() {
            Some(took) if took <= Duration::from_secs(36) => {}
            other => failures.push(format!("{name}: a slow client stays: {other:?}")),
        }
    }
    assert!(failures.is_empty(), "{} of {said}:\n{}", failures.len(), failures.join("\n"));
    watch.end(&place, &server).await;
}

/// A body that is good as far as the document tells, so that the one thing wrong is the one we put in.
fn good_body(operation: &Operation) -> Value {
    let last = operation.path.rsplit('/').next().unwrap_or_default();
    match last {
        "verifications" | "assessments" => json!({ "to": fictional(77) }),
        "check" => json!({ "code": "123456" }),
        "challenge" => json!({ "answer": "pass" }),
        "label" => json!({ "label": "good" }),
        "entries" => json!({ "value": "203.0.113.77" }),
        "lookup" => json!({ "number": fictional(77) }),
        "profiles" | "tenants" => json!({ "name": "hostile" }),
        "keys" => json!({ "name": "hostile", "world": "test", "scopes": ["read"] }),
        "events" => json!({ "events": [] }),
        _ => json!({}),
    }
}

struct Target {
    operation: Operation,
    path: String,
    key: &'static str,
}

/// Every operation, with real identifiers where it has one.
async fn targets(server: &Server) -> Vec<Target> {
    let api = server.api(TEST);
    let verification = api.post("/v1/verifications", json!({ "to": fictional(902) })).await.want(201);
    let assessment = api.post("/v1/assessments", json!({ "to": fictional(902) })).await.want(201).text("id");
    let profile = api.post("/v1/profiles", json!({ "name": "target" })).await.want(201).text("id");
    let mut found = Vec::new();
    for operation in operations(&api).await {
        let mut path = operation.path.replace("{list}", "deny");
        for (place, id) in [
            ("verifications/", verification.text("id")),
            ("assessments/", assessment.clone()),
            ("profiles/", profile.clone()),
        ] {
            if let Some(at) = path.find(&format!("{place}{{")) {
                let end = path[at..].find('}').unwrap() + at + 1;
                path.replace_range(at + place.len()..end, &id);
            }
        }
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "unknown" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let key = if operation.scopes == ["admin"] { ADMIN } else { TEST };
        found.push(Target { operation, path, key });
    }
    found
}

impl Target {
    async fn ask(&self, api: &Api, content: &str, body: Vec<u8>) -> (Answer, Duration) {
        let began = Instant::now();
        let answer = api.with_key(self.key).bytes(&self.operation.method, &self.path, content, body).await;
        (answer.unwrap_or_else(|| panic!("{}: no answer", self.name())), began.elapsed())
    }

    fn name(&self) -> String {
        format!("{} {}", self.operation.method, self.operation.path)
    }
}

/// Why an answer to a bad body is not the refusal that the contract promises.
fn amiss(answer: &Answer, took: Duration, names: Option<&str>) -> Option<String> {
    if !(400..500).contains(&answer.status) {
        return Some(format!("status {}: {}", answer.status, answer.text));
    }
    if took > Duration::from_secs(2) {
        return Some(format!("took {took:?}"));
    }
    if !answer.header("content-type").starts_with("application/problem+json") || answer.code().is_empty() {
        return Some(format!("no problem: {}", answer.text));
    }
    if answer.text("request_id").is_empty() || answer.header("request-id").is_empty() {
        return Some(format!("no request id: {}", answer.text));
    }
    // An unknown identifier or a state may speak first; otherwise the field is named.
    let field = names.map(|name| name.rsplit('.').next().unwrap_or(name));
    match field {
        Some(field) if matches!(answer.status, 400 | 422) && !answer.text.contains(field) => {
            Some(format!("does not name `{field}`: {}", answer.text))
        }
        _ => None,
    }
}

/// Takes about twenty seconds in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_of_any_operation_is_answered_otherwise_than_by_a_problem_that_names_the_field() {
    let _alone = alone().await;
    let place = Place::new("bodies", "");
    let server = place.start().await;
    let targets = targets(&server).await;
    let watch = Watch::new(&server);
    let api = server.api(TEST);
    let mut failures = Vec::new();
    let mut asked = 0;
    for target in targets.iter().filter(|target| target.operation.body.is_object()) {
        let good = good_body(&target.operation);
        for (field, body) in wrong_bodies(&target.operation.body, &good) {
            let (answer, took) = target.ask(&api, "application/json", body.to_string().into_bytes()).await;
            if let Some(what) = amiss(&answer, took, Some(&field)) {
                failures.push(format!("{}: `{field}` in {body}: {what}", target.name()));
            }
            asked += 1;
        }
        for (name, content, body) in cases::bodies(&good) {
            let (answer, took) = target.ask(&api, content, body).await;
            if let Some(what) = amiss(&answer, took, None) {
                failures.push(format!("{}: {name}: {what}", target.name()));
            }
            asked += 1;
        }
    }
    println!("hostile: {asked} bodies");
    assert!(asked >= 300, "only {asked} bodies: the document states no schemas");
    assert!(failures.is_empty(), "{} of {asked}:\n{}", failures.len(), failures.join("\n"));
    watch.end(&place, &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_path_or_query_of_any_operation_makes_it_fail() {
    let _alone = alone().await;
    let place = Place::new("paths", "");
    let server = place.start().await;
    let targets = targets(&server).await;
    let watch = Watch::new(&server);
    let mut failures = Vec::new();
    let mut asked = 0;
    for target in &targets {
        let mut lines = Vec::new();
        for trick in cases::PATHS {
            if target.operation.path.contains('{') {
                let path: Vec<String> = target
                    .operation
                    .path
                    .split('/')
                    .map(|part| if part.starts_with('{') { trick.to_string() } else { part.to_owned() })
                    .collect();
                lines.push((path.join("/"), true));
            }
        }
        for name in target.operation.query.iter().map(String::as_str).chain(["no_such_parameter"]) {
            for value in cases::QUERIES {
                lines.push((format!("{}?{name}={value}", target.path), false));
            }
        }
        for (path, refused) in lines {
            let bytes = cases::call(&target.operation.method, &path, target.key, "{}");
            let heard = say(server.address, bytes.as_bytes(), Duration::from_secs(3)).await;
            let status = heard.statuses.first().copied().unwrap_or(400);
            let fine = status < 500
                && !heard.silent
                && heard.took <= Duration::from_secs(2)
                && (!refused || status >= 400);
            if !fine {
                failures.push(format!(
                    "{} {path}: {:?} after {:?}",
                    target.operation.method, heard.statuses, heard.took
                ));
            }
            asked += 1;
        }
    }
    println!("hostile: {asked} paths and queries");
    assert!(failures.is_empty(), "{} of {asked}:\n{}", failures.len(), failures.join("\n"));
    watch.end(&place, &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarding_headers_of_a_stranger_change_nothing() {
    let place = Place::new("forwarded", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let limits = super::kill_9::only(&json!({ "ip": [{ "max": 2, "window_s": 3600 }] }));
    api.post("/v1/profiles", json!({ "name": "by-address", "limits": limits })).await.want(201);
    let mut statuses = Vec::new();
    for n in 0..4 {
        let body =
            json!({ "to": fictional(910 + n), "profile": "by-address", "client": { "ip": "203.0.113.50" } });
        let forged = format!("198.51.100.{n}");
        let headers = [
            ("X-Forwarded-For", forged.as_str()),
            ("Forwarded", "for=198.51.100.9"),
            ("X-Real-IP", forged.as_str()),
            ("CF-Connecting-IP", forged.as_str()),
            ("True-Client-IP", forged.as_str()),
        ];
        statuses.push(api.send("POST", "/v1/verifications", &headers, Some(&body)).await.unwrap().status);
    }
    assert_eq!(statuses, [201, 201, 429, 429]);
    // All notations of one address are one address.
    for ip in ["::ffff:203.0.113.50", "::ffff:cb00:7132"] {
        let body = json!({ "to": fictional(920), "profile": "by-address", "client": { "ip": ip } });
        let answer = api.post("/v1/verifications", body).await;
        assert!(matches!(answer.status, 422 | 429), "{ip} is another address: {}", answer.text);
    }
}

/// Takes about ten seconds in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_wrong_keys_names_and_paths_leave_nothing_behind() {
    let _alone = alone().await;
    let place = Place::new("wrong", "[log]\nlevel = \"warn\"\n");
    let server = place.start().await;
    let api = server.api(TEST);
    let mut dice = Dice::new("wrong");
    let mut round = async |n: usize| {
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let (api, mut dice) = (api.clone(), Dice::seeded(dice.next()));
            tasks.push(tokio::spawn(async move {
                for _ in 0..n {
                    let text = format!("{:016x}{:016x}", dice.next(), dice.next());
                    let stranger = api.with_key(&format!("cfd_live_{text}"));
                    assert_eq!(stranger.get("/v1/profiles").await.status, 401);
                    assert_eq!(api.get(&format!("/v1/verifications/ver_{text}")).await.status, 404);
                    assert_eq!(api.get(&format!("/v1/{text}/{text}")).await.status, 404);
                    let wrong = api.post("/v1/verifications", json!({ "to": text, "profile": text })).await;
                    assert_eq!(wrong.status, 422, "{}", wrong.text);
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    };
    round(60).await;
    let watch = Watch::new(&server);
    round(600).await;
    let grown = server.memory().saturating_sub(watch.memory);
    assert!(grown < 16 << 20, "wrong keys, names and paths leave {} KiB behind", grown >> 10);
    watch.end(&place, &server).await;
}

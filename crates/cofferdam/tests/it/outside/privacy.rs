//! What must stay secret stands nowhere: not in a log, not in a file, not in a backup, in no spelling.

use super::api::{Answer, Api};
use super::dice::{fictional, live};
use super::folder::files_below;
use super::kill_9::only;
use super::server::{ADMIN, Keys, Place, Server, TEST};
use super::simulator::{Behaviour, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Something that may stand nowhere, and what it is.
struct Hidden {
    what: String,
    text: String,
}

/// Every way in which a careless program could have written it down.
fn spellings(hidden: &Hidden) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![("clear", hidden.text.clone().into_bytes())];
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    forms.push(("hex", hex(hidden.text.as_bytes()).into_bytes()));
    // Inside a longer text base64 can begin at any of three places; the inner letters are the same.
    for shift in 0..3 {
        let padded = format!("{}{}", "\0".repeat(shift), hidden.text);
        let letters = STANDARD_NO_PAD.encode(padded);
        let (from, to) = ([0, 2, 3][shift], letters.len() - letters.len() % 4);
        if to > from + 8 {
            forms.push(("base64", letters.as_bytes()[from..to].to_vec()));
        }
    }
    let digits = hidden.text.trim_start_matches('+').to_owned();
    for text in [hidden.text.clone(), digits.clone(), format!("+{digits}")] {
        let hash = Sha256::digest(text.as_bytes());
        forms.push(("plain SHA-256", hash.to_vec()));
        forms.push(("plain SHA-256 in hex", hex(&hash).into_bytes()));
        forms.push(("plain SHA-256 in base64", STANDARD.encode(hash).into_bytes()));
        forms.push(("plain SHA-256 in base64url", URL_SAFE_NO_PAD.encode(hash).into_bytes()));
    }
    if let Ok(number) = digits.parse::<u64>() {
        forms.push(("a 64-bit integer", number.to_be_bytes()[2..].to_vec()));
        forms.push(("a 64-bit integer, low byte first", number.to_le_bytes()[..6].to_vec()));
    }
    forms.into_iter().map(|(form, bytes)| (format!("{} in {form}", hidden.what), bytes)).collect()
}

fn holds(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|part| part == needle)
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let search = Search::new(&[Hidden { what: "x".into(), text: "447700900123".into() }]);
    let finds = |bytes: &[u8]| {
        let mut found = BTreeSet::new();
        search.found_in("here", bytes, &mut found);
        !found.is_empty()
    };
    for text in ["447700900123", "+447700900123"] {
        for lead in ["", "a", "ab"] {
            assert!(finds(STANDARD.encode(format!("{lead}{text}{lead}")).as_bytes()), "{lead}{text}");
        }
        assert!(finds(format!("to={text} ").as_bytes()));
        assert!(finds(&[b"xy", &Sha256::digest(text.as_bytes())[..], b"z"].concat()));
    }
    assert!(finds(b"x 343437373030393030313233 x") && finds(&447_700_900_123_u64.to_be_bytes()));
    assert!(!finds(b"to=+44770090012* 447700900124"));
}

/// All that may stand nowhere, in one pass over the bytes: forms by their first two.
struct Search {
    forms: Vec<(String, Vec<u8>)>,
    by_start: Vec<Vec<usize>>,
}

impl Search {
    fn new(hidden: &[Hidden]) -> Self {
        let forms: Vec<(String, Vec<u8>)> = hidden.iter().flat_map(spellings).collect();
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (n, (_, form)) in forms.iter().enumerate() {
            by_start[usize::from(form[0]) << 8 | usize::from(form[1])].push(n);
        }
        Self { forms, by_start }
    }

    fn found_in(&self, name: &str, bytes: &[u8], found: &mut BTreeSet<String>) {
        for (at, two) in bytes.windows(2).enumerate() {
            for n in &self.by_start[usize::from(two[0]) << 8 | usize::from(two[1])] {
                let (what, form) = &self.forms[*n];
                if bytes[at..].starts_with(form) {
                    found.insert(format!("{what}: {name}"));
                }
            }
        }
    }
}

/// Searches all files and the log; what was found, with where.
fn found(place: &Path, log: &[u8], hidden: &[Hidden]) -> BTreeSet<String> {
    let (search, mut found) = (Search::new(hidden), BTreeSet::new());
    search.found_in("the log", log, &mut found);
    for file in if place.exists() { files_below(place) } else { Vec::new() } {
        search.found_in(&file.display().to_string(), &std::fs::read(&file).unwrap(), &mut found);
    }
    found
}

struct Day {
    hidden: Vec<Hidden>,
    assessments: Vec<String>,
    verifications: Vec<String>,
}

impl Day {
    fn hide(&mut self, what: &str, text: &str) {
        // Found without its `+` it is found with it.
        let text = text.trim_start_matches('+').to_owned();
        self.hidden.push(Hidden { what: what.to_owned(), text });
    }
}

/// All that a caller can do with a number in a day, and what he does wrong.
async fn a_day(api: &Api, manage: &Api, numbers: &[String], codes: &dyn Fn(&Answer) -> String) -> Day {
    let mut day = Day { hidden: Vec::new(), assessments: Vec::new(), verifications: Vec::new() };
    let profile = json!({ "name": "long", "code_length": 10, "own_codes": true, "resend_after_s": 1, "limits": only(&json!({})) });
    manage.post("/v1/profiles", profile).await.want(201);
    let ip = "203.0.113.177";
    for (n, to) in numbers.iter().enumerate() {
        day.hide("a number", to);
        let mut body = json!({ "to": to, "profile": "long", "client": { "ip": ip, "device_id": format!("device-{n}") } });
        if n % 3 == 1 {
            let own = format!("73{:08}", 10_550_123 + n * 7919);
            body["code"] = json!(own);
            day.hide("an own code", &own);
        }
        let key = format!("the-day-{n}");
        let started = api
            .send("POST", "/v1/verifications", &[("Idempotency-Key", &key)], Some(&body))
            .await
            .unwrap()
            .want(201);
        assert_eq!(started.text("status"), "pending", "{}", started.text);
        api.send("POST", "/v1/verifications", &[("Idempotency-Key", &key)], Some(&body))
            .await
            .unwrap()
            .want(201);
        let code = codes(&started);
        assert_eq!(code.len(), 10, "no code of ten digits");
        day.hide("a code", &code);
        let id = started.text("id");
        let check = format!("/v1/verifications/{id}/check");
        let wrong = format!("9{}", &code[..9]);
        if wrong != code {
            api.post(&check, json!({ "code": wrong })).await.want(200);
        }
        if n % 2 == 0 {
            assert_eq!(api.post(&check, json!({ "code": code })).await.want(200).text("status"), "approved");
        }
        api.get(&format!("/v1/verifications/{id}")).await.want(200);
        api.get(&format!("/v1/verifications?to=%2B{}", &to[1..])).await.want(200);
        let judged = api.post("/v1/assessments", json!({ "to": to, "client": { "ip": ip } })).await.want(201);
        let delivered = json!({ "events": [{ "attempt": started.text("attempts.0.id"), "type": "delivery", "status": "delivered" }] });
        api.post("/v1/events", delivered).await.want(202);
        day.assessments.extend([judged.text("id"), started.text("assessment.id")]);
        day.verifications.push(id);
        mistakes(api, to, &code).await;
    }
    for (n, to) in numbers.iter().enumerate() {
        let list = if n % 2 == 0 { "safe" } else { "deny" };
        manage.post(&format!("/v1/lists/{list}/entries"), json!({ "value": to })).await.want(201);
    }
    day
}

/// Numbers and codes in places where they do not belong: a log of refusals must not keep them either.
async fn mistakes(api: &Api, to: &str, code: &str) {
    let bare = &to[1..];
    for path in [
        format!("/v1/numbers/{to}"),
        format!("/v1/numbers/%2B{bare}"),
        format!("/v1/verifications/{to}"),
        format!("/v1/verifications/{code}/check"),
        format!("/v1/{bare}"),
        format!("/{code}"),
        format!("/v1/verifications?to={bare}&code={code}&status={code}"),
        format!("/v1/assessments/{bare}?code={code}"),
        format!("/v1/verifications?cursor={bare}"),
    ] {
        assert!(api.get(&path).await.status < 500, "{path}");
    }
    for body in [
        json!({ "to": format!("{to}{to}"), "code": code }),
        json!({ "to": to, bare: code }),
        json!({ "to": [to], "code": [code] }),
        json!({ "to": to, "profile": code }),
        json!({ "to": to, "client": { "ip": to } }),
        json!({ "to": format!("{to}x"), "locale": format!("{code} {to}") }),
        json!(format!("{to} {code}")),
    ] {
        let answer = api.post("/v1/verifications", body).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text);
    }
    api.bytes(
        "POST",
        "/v1/verifications",
        "application/json",
        format!("{{\"to\":\"{to}\",{code}").into_bytes(),
    )
    .await
    .unwrap();
    api.bytes("POST", "/v1/verifications", "text/plain", format!("{to} {code}").into_bytes()).await.unwrap();
    let headers = [
        ("Idempotency-Key", code),
        ("User-Agent", to),
        ("Request-Id", to),
        ("Referer", to),
        ("Cookie", code),
    ];
    api.send("POST", "/v1/verifications/unknown/check", &headers, Some(&json!({ "code": code })))
        .await
        .unwrap();
    api.with_key(code).get("/v1/profiles").await.want(401);
}

fn every_file_is_its_owners_alone(place: &Path) {
    let files = files_below(place);
    assert!(!files.is_empty(), "no files: nothing is shown");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} has mode {mode:o}", file.display());
    }
}

struct Installation {
    place: Place,
    server: Server,
    keys: Keys,
    provider: Simulator,
}

async fn installation(name: &str) -> Installation {
    let provider = Simulator::start(Behaviour::Accept).await;
    let auth = "[provider.a.auth]\nkind = \"bearer\"\ntoken = \"the-providers-own-secret\"\n";
    let place = Place::new(name, &format!("{}{auth}", provider.settings("a", 5)));
    let server = place.start().await;
    let keys = server.tenant("private").await;
    Installation { place, server, keys, provider }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_code_number_or_key_stands_in_logs_files_or_backups() {
    let Installation { place, server, keys, provider } = installation("privacy").await;
    let numbers: Vec<String> = (40..49).map(live).collect();
    let code = |started: &Answer| provider.code_of(&started.text("attempts.0.id"), 10);
    let mut day = a_day(&server.api(&keys.live), &server.api(&keys.manage), &numbers, &code).await;
    // The test world keeps its messages in the outbox: their codes are derived when read.
    let api = server.api(&keys.test);
    api.post("/v1/profiles", json!({ "name": "long", "code_length": 10 })).await.want(201);
    let fiction = fictional(60);
    api.post("/v1/verifications", json!({ "to": fiction, "profile": "long" })).await.want(201);
    day.hide("a test code", &api.code_of(&fiction).await);
    day.hide("a fictional number", &fiction);
    for key in [&keys.live, &keys.manage, &keys.test] {
        day.hide("a key", key);
    }
    day.hide("the admin key", ADMIN);
    day.hide("the test key", TEST);
    day.hide("a provider's secret", "the-providers-own-secret");

    let data = place.data();
    assert_eq!(found(&data, &place.log(), &day.hidden), BTreeSet::new(), "while it runs");
    every_file_is_its_owners_alone(&data);
    let metrics = Api::new(&server.admin_url, "").get("/metrics").await.want(200).text;
    assert!(metrics.lines().count() > 20, "no metrics: {metrics}");
    assert_eq!(
        found(&place.folder.join("nothing"), metrics.as_bytes(), &day.hidden),
        BTreeSet::new(),
        "in metrics"
    );
    assert_eq!(server.api("").get("/metrics").await.status, 404, "metrics on the callers' listener");
    let copy = place.folder.join("copy");
    std::fs::create_dir(&copy).unwrap();
    backup(&place, &copy.join("backup"));
    let copied = files_below(&copy);
    assert!(copied.iter().any(|file| file.metadata().unwrap().len() > 4096), "an empty backup: {copied:?}");
    assert_eq!(found(&copy, b"", &day.hidden), BTreeSet::new(), "in the backup");
    every_file_is_its_owners_alone(&copy);
    let secret = std::fs::read(
        files_below(&data).into_iter().find(|file| file.ends_with("secrets.key")).expect("secrets.key"),
    )
    .unwrap();
    let secret = secret.trim_ascii();
    for file in copied {
        assert!(
            !holds(&std::fs::read(&file).unwrap(), secret) && !file.ends_with("secrets.key"),
            "the backup holds the secret"
        );
    }
    let (_, well) = server.stop().await;
    assert!(well, "it did not end well");
    assert_eq!(found(&data, &place.log(), &day.hidden), BTreeSet::new(), "after the stop");
    let text = String::from_utf8_lossy(&place.log()).into_owned();
    let lines = text
        .lines()
        .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|v| v.is_object()))
        .count();
    assert!(lines > 50, "only {lines} lines of JSON in the log: nothing is shown");
    every_file_is_its_owners_alone(&data);
}

fn backup(place: &Place, to: &Path) {
    let settings = place.settings_file().display().to_string();
    let output =
        place.command(&["backup", "--config", &settings, &to.display().to_string()]).output().unwrap();
    assert!(output.status.success(), "backup: {}", String::from_utf8_lossy(&output.stderr));
}

/// A recorded assessment, without the parts that speak of the number itself.
async fn recorded(api: &Api, id: &str) -> serde_json::Value {
    api.get(&format!("/v1/assessments/{id}")).await.want(200).json
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_a_number_takes_it_everywhere_and_changes_no_recorded_assessment() {
    let Installation { place, server, keys, provider } = installation("erase").await;
    let numbers: Vec<String> = (50..53).map(live).collect();
    let code = |started: &Answer| provider.code_of(&started.text("attempts.0.id"), 10);
    let api = server.api(&keys.live);
    let day = a_day(&api, &server.api(&keys.manage), &numbers, &code).await;
    let mut before = Vec::new();
    for id in &day.assessments {
        before.push(recorded(&api, id).await);
    }
    let settings = place.settings_file().display().to_string();
    let erase = || place.command(&["erase", "--config", &settings, "--yes", &numbers[0]]).output().unwrap();
    let mut output = erase();
    let mut server = server;
    if !output.status.success() {
        // A running program may keep the store for itself: then it has to say so, and be stopped first.
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(
            said.contains("running") || said.contains("lock") || said.contains("in use"),
            "erase: {said}"
        );
        server.stop().await;
        output = erase();
        assert!(output.status.success(), "erase: {}", String::from_utf8_lossy(&output.stderr));
        server = place.start().await;
    }
    let api = server.api(&keys.live);
    let by_number = api.get(&format!("/v1/verifications?to=%2B{}", &numbers[0][1..])).await.want(200);
    assert_eq!(by_number.at("data"), &json!([]), "still found by its number");
    let gone = api.get(&format!("/v1/verifications/{}", day.verifications[0])).await;
    assert!(gone.status == 404 || gone.at("to").is_null(), "its sealed number still opens: {}", gone.text);
    assert!(!gone.text.contains(&numbers[0][1..]), "{}", gone.text);
    let listed = server.api(&keys.manage).get("/v1/lists/safe/entries?limit=200").await.want(200);
    assert!(!listed.text.contains(&numbers[0][1..]), "still on a list: {}", listed.text);
    for (id, before) in day.assessments.iter().zip(before) {
        assert_eq!(recorded(&api, id).await, before, "a recorded assessment changed");
    }
    let kept = api.get(&format!("/v1/verifications?to=%2B{}", &numbers[1][1..])).await.want(200);
    assert_eq!(
        kept.at("data").as_array().map(Vec::len),
        Some(1),
        "another number went with it: {}",
        kept.text
    );
    let known = api.get(&format!("/v1/numbers/%2B{}", &numbers[0][1..])).await.want(200);
    assert!(known.text("history.verifications").parse::<u32>().unwrap_or(0) == 0, "{}", known.text);
}

//! What a provider reports is believed only from that provider, and only of what we sent.

use super::api::Api;
use super::dice::live;
use super::server::{Place, until};
use super::simulator::{Behaviour, Simulator};
use serde_json::json;
use std::time::Duration;

const TEMPLATE: &str = r#"
[provider.a.body.json]
to = "{to}"
body = "{body}"
ref = "{ref}"
callback = "{delivery_url}"
[provider.a.delivery]
attempt = "/ref"
reference = "/id"
status = "/status"
[provider.a.delivery.statuses]
ok = "delivered"
bad = "undelivered"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_needs_the_providers_token_and_an_attempt_of_ours() {
    let provider = Simulator::start(Behaviour::Accept).await;
    let place = Place::new("deliveries", &format!("{}{TEMPLATE}", provider.settings("a", 5)));
    let place = place.with("COFFERDAM_LISTEN__PUBLIC_URL", "https://verify.example");
    let server = place.start().await;
    let keys = server.tenant("told").await;
    let api = server.api(&keys.live);
    let started = api.post("/v1/verifications", json!({ "to": live(1) })).await.want(201);
    let path = format!("/v1/verifications/{}", started.text("id"));
    let attempt = started.text("attempts.0.id");
    let taken = provider.taken();
    let callback = taken[0].body["callback"].as_str().expect("an address to report to");
    let callback =
        callback.strip_prefix("https://verify.example").expect("under our public address").to_owned();
    let name = taken[0].body["ref"].as_str().unwrap().to_owned();
    let (nobody, report) = (Api::new(&server.url, ""), json!({ "ref": name, "status": "ok" }));

    // Forged: another token, another provider, no token, the attempt's name alone.
    let (front, token) = callback.rsplit_once('/').unwrap();
    let turned: String = token.chars().rev().collect();
    for forged in [
        format!("{front}/{turned}"),
        format!("{front}/{token}x"),
        format!("{front}/{}", &token[..token.len() - 1]),
        format!("{front}/{name}"),
        callback.replace("/a/", "/b/"),
        callback.replace("/a/", "/outbox/"),
    ] {
        let answer = nobody.post(&forged, report.clone()).await;
        assert!((400..500).contains(&answer.status), "{forged}: {}", answer.text);
    }
    // Authentic, but of nothing that we sent, or unreadable: no failure, and nothing follows.
    for odd in [
        json!({ "ref": "att_0", "status": "ok" }),
        json!({ "status": "ok" }),
        json!({ "ref": 7, "status": [] }),
        json!([]),
    ] {
        let answer = nobody.post(&callback, odd.clone()).await;
        assert!(answer.status < 500, "{odd}: {}", answer.text);
    }
    assert_eq!(api.get(&path).await.want(200).text("attempts.0.status"), "sent");
    for _ in 0..2 {
        assert!((200..300).contains(&nobody.post(&callback, report.clone()).await.status));
    }
    until("the report is in", Duration::from_secs(5), || async {
        api.get(&path).await.want(200).text("attempts.0.status") == "delivered"
    })
    .await;
    // Told otherwise later by another door: the first of its kind stays.
    let event = json!({ "events": [{ "attempt": attempt, "type": "delivery", "status": "delivered" }] });
    let told = api.post("/v1/events", event).await.want(202);
    assert_eq!(told.text("results.0.status"), "duplicate", "{}", told.text);
    let log = String::from_utf8_lossy(&place.log()).into_owned();
    assert!(!log.contains(token), "the log holds the token");
}

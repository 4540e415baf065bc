//! More than it can work on at once, and two doors: what is refused costs nothing, and what matters goes on.

use super::api::Api;
use super::dice::live;
use super::kill_9::only;
use super::server::{ADMIN, Place, until};
use super::simulator::{Behaviour, Simulator};
use serde_json::json;
use std::time::Duration;

/// Worked on at once; starts get three quarters of it.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twice_as_many_starts_as_it_takes_are_sent_or_told_to_come_again() {
    let provider = Simulator::start(Behaviour::Accept).await;
    let place = Place::new("overload", &provider.settings("a", 8))
        .with("COFFERDAM_LIMITS__REQUESTS_MAX", &AT_ONCE.to_string());
    let server = place.start().await;
    let keys = server.tenant("busy").await;
    let profile = json!({ "name": "plain", "send_wait_s": 10, "limits": only(&json!({})) });
    server.api(&keys.manage).post("/v1/profiles", profile).await.want(201);
    let api = server.api(&keys.live);
    let start = |n: usize| {
        let (api, body) = (api.clone(), json!({ "to": live(n), "profile": "plain" }));
        async move { api.send("POST", "/v1/verifications", &[], Some(&body)).await.expect("no answer") }
    };
    let waiting = start(900).await.want(201);
    let code = provider.code_of(&waiting.text("attempts.0.id"), 6);
    // From now on the provider takes its time, so that all are under way together.
    provider.set(Behaviour::AcceptAfter(Duration::from_secs(3)));
    let calls: Vec<_> = (0..2 * AT_ONCE).map(|n| tokio::spawn(start(n))).collect();
    until("the provider has as many as are let in", Duration::from_secs(20), || async {
        provider.taken().len() > AT_ONCE - AT_ONCE / 4
    })
    .await;
    // Who waits with a code in his hand comes first, and a balancer still hears that it is ready.
    let check = format!("/v1/verifications/{}/check", waiting.text("id"));
    assert_eq!(api.post(&check, json!({ "code": code })).await.want(200).text("status"), "approved");
    server.api("").get("/readyz").await.want(200);
    let (mut sent, mut shed) = (0, 0);
    for call in calls {
        let answer = call.await.unwrap();
        if answer.status == 201 {
            assert_eq!(answer.text("attempts.0.status"), "sent", "{}", answer.text);
            sent += 1;
            continue;
        }
        let answer = answer.want(503);
        assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("overloaded", "1"));
        shed += 1;
    }
    assert!(sent >= AT_ONCE - AT_ONCE / 4 && shed > 0, "{sent} sent, {shed} told to come again");
    assert_eq!(provider.taken().len(), sent + 1, "what was refused was not sent");
    assert_eq!(provider.repeated(), Vec::<String>::new());
    let metrics = Api::new(&server.admin_url, "").get("/metrics").await.want(200).text;
    assert!(metrics.contains(&format!("cofferdam_http_shed_total {shed}\n")), "{metrics}");
    // And it is over as soon as it is over.
    provider.set(Behaviour::Accept);
    start(500).await.want(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_operators_are_answered_at_their_own_door_alone() {
    let place = Place::new("doors", "").with("COFFERDAM_LISTEN__ADMIN_CALLS_THERE", "true");
    let server = place.start().await;
    let (front, back) = (server.api(ADMIN), Api::new(&server.admin_url, ADMIN));
    let tenant = json!({ "name": "one" });
    assert_eq!(front.post("/v1/tenants", tenant.clone()).await.status, 404, "an admin's call at the front");
    assert_eq!(front.get("/metrics").await.status, 404, "metrics at the front");
    let made = back.post("/v1/tenants", tenant).await.want(201);
    back.get("/metrics").await.want(200);
    let (key, ask) = (made.text("keys.live"), json!({ "to": live(1) }));
    front.with_key(&key).post("/v1/assessments", ask.clone()).await.want(201);
    assert_eq!(back.with_key(&key).post("/v1/assessments", ask).await.status, 404, "a caller at the back");
    for door in [&front, &back] {
        door.get("/healthz").await.want(200);
        door.get("/readyz").await.want(200);
    }
}

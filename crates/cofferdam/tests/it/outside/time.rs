//! What ends by time ends, with a call and without one.

use super::dice::fictional;
use super::server::{Place, TEST, until};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_does_not_outlive_its_verification() {
    let place = Place::new("time", "");
    let server = place.start().await;
    let api = server.api(TEST);
    api.post("/v1/profiles", json!({ "name": "short", "lifetime_s": 2 })).await.want(201);
    let to = fictional(20);
    let started = api.post("/v1/verifications", json!({ "to": to, "profile": "short" })).await.want(201);
    let id = started.text("id");
    let code = api.code_of(&to).await;
    // The right code, too late: 410, and never approved afterwards.
    let untouched =
        api.post("/v1/verifications", json!({ "to": fictional(21), "profile": "short" })).await.want(201);
    until("it has expired by itself", Duration::from_secs(8), || async {
        api.get(&format!("/v1/verifications/{}", untouched.text("id"))).await.want(200).text("status")
            == "expired"
    })
    .await;
    for _ in 0..2 {
        let late = api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": code })).await;
        assert_eq!((late.status, late.code().as_str()), (410, "expired"), "{}", late.text);
    }
    let resend = api.post(&format!("/v1/verifications/{id}/resend"), json!({})).await;
    assert_eq!((resend.status, resend.code().as_str()), (410, "expired"), "{}", resend.text);
    assert_eq!(api.get(&format!("/v1/verifications/{id}")).await.want(200).text("status"), "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_dies_at_its_moment_even_before_the_job_comes() {
    let place = Place::new("moment", "");
    let server = place.start().await;
    let api = server.api(TEST);
    api.post("/v1/profiles", json!({ "name": "short", "lifetime_s": 1 })).await.want(201);
    let to = fictional(22);
    let began = tokio::time::Instant::now();
    let id =
        api.post("/v1/verifications", json!({ "to": to, "profile": "short" })).await.want(201).text("id");
    // The one wait of these tests for time itself: its passing is what is tested.
    tokio::time::sleep_until(began + Duration::from_millis(1600)).await;
    let late = api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": "000000" })).await;
    assert_eq!((late.status, late.code().as_str()), (410, "expired"), "{}", late.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expired_while_the_program_was_away_is_expired_when_it_comes_back() {
    let place = Place::new("away", "");
    let server = place.start().await;
    let api = server.api(TEST);
    api.post("/v1/profiles", json!({ "name": "short", "lifetime_s": 1 })).await.want(201);
    let to = fictional(23);
    let id =
        api.post("/v1/verifications", json!({ "to": to, "profile": "short" })).await.want(201).text("id");
    let code = api.code_of(&to).await;
    let began = tokio::time::Instant::now();
    server.kill();
    tokio::time::sleep_until(began + Duration::from_millis(2200)).await;
    let server = place.start().await;
    // Once more its life is allowed after a restart, where the wall clock is not trusted; not longer.
    let api = server.api(TEST);
    until("the old code is dead", Duration::from_secs(6), || async {
        api.get(&format!("/v1/verifications/{id}")).await.want(200).text("status") == "expired"
    })
    .await;
    let late = api.post(&format!("/v1/verifications/{id}/check"), json!({ "code": code })).await;
    assert_eq!((late.status, late.code().as_str()), (410, "expired"), "{}", late.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lifetime_below_thirty_seconds_is_for_the_test_world_alone() {
    let place = Place::new("life", "");
    let server = place.start().await;
    let keys = server.tenant("life").await;
    let refused =
        server.api(&keys.manage).post("/v1/profiles", json!({ "name": "short", "lifetime_s": 29 })).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.text("errors.0.field"), "lifetime_s", "{}", refused.text);
    server.api(&keys.test).post("/v1/profiles", json!({ "name": "short", "lifetime_s": 1 })).await.want(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_of_a_list_ends_when_it_said_it_would() {
    let place = Place::new("entry", "");
    let server = place.start().await;
    let api = server.api(TEST);
    let to = fictional(24);
    let soon = jiff::Timestamp::from_millisecond(now_ms() + 1500).unwrap().to_string();
    let entry = json!({ "value": to, "expires_at": soon });
    api.post("/v1/lists/deny/entries", entry).await.want(201);
    let blocked = api.post("/v1/verifications", json!({ "to": to })).await.want(201);
    assert_eq!(blocked.text("status"), "blocked", "{}", blocked.text);
    assert_eq!(blocked.text("assessment.reasons.0.code"), "list.deny", "{}", blocked.text);
    until("the entry has ended", Duration::from_secs(5), || async {
        api.post("/v1/assessments", json!({ "to": to })).await.want(201).text("decision") == "allow"
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "a caller outside the program knows its own wall clock")]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

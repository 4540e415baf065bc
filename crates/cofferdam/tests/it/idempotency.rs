//! The same call again gets the first answer again.

use crate::support::Program;
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_repetition_is_answered_again_and_sends_nothing() {
    let program = Program::start().await;
    let mut client = program.tester();
    let headers = [JSON, ("idempotency-key", "order-7")];
    let body = json!({"to": "+12125550123"}).to_string();
    let first = client.send("POST", "/v1/verifications", &headers, body.as_bytes()).await;
    let again = client.send("POST", "/v1/verifications", &headers, body.as_bytes()).await;
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(client.get("/v1/outbox").await.expect(200)["data"].as_array().unwrap().len(), 1);
    let other = json!({"to": "+12125550124"}).to_string();
    let mismatch = client.send("POST", "/v1/verifications", &headers, other.as_bytes()).await;
    mismatch.problem(422, "idempotency_mismatch");
    client
        .send("POST", "/v1/assessments", &headers, body.as_bytes())
        .await
        .problem(422, "idempotency_mismatch");
}

#[tokio::test]
async fn a_hundred_at_once_make_one() {
    let program = Program::start().await;
    let body = json!({"to": "+12125550123"}).to_string();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (mut client, body) = (program.tester(), body.clone());
            tokio::spawn(async move {
                client
                    .send("POST", "/v1/verifications", &[JSON, ("idempotency-key", "one")], body.as_bytes())
                    .await
            })
        })
        .collect();
    let mut ids = std::collections::HashSet::new();
    for call in calls {
        let reply = call.await.unwrap();
        match reply.status {
            201 => drop(ids.insert(reply.json()["id"].to_string())),
            _ => drop(reply.problem(409, "idempotency_in_progress")),
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(program.tester().get("/v1/outbox").await.expect(200)["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_are_shown_once_and_errors_that_pass_are_not_kept() {
    let program = Program::start().await;
    let mut manage = program.client(&program.manage);
    let headers = [JSON, ("idempotency-key", "k")];
    let body = json!({"scopes": ["read"]}).to_string();
    let first = manage.send("POST", "/v1/keys", &headers, body.as_bytes()).await.expect(201);
    let again = manage.send("POST", "/v1/keys", &headers, body.as_bytes()).await.expect(201);
    assert_eq!(first["id"], again["id"]);
    assert!(first["secret"].as_str().unwrap().starts_with("cfd_live_"));
    assert_eq!(again["secret"], json!(null));
    let mut test = program.tester();
    let made = test.post("/v1/verifications", &json!({"to": "+12125550123"})).await.expect(201);
    let path = format!("/v1/verifications/{}/resend", made["id"].as_str().unwrap());
    test.send("POST", &path, &headers, b"{}").await.problem(429, "too_soon");
    program.clock.step(120_000);
    test.send("POST", &path, &headers, b"{}").await.expect(200);
}

#[tokio::test]
async fn a_bad_key_is_named() {
    let program = Program::start().await;
    let mut client = program.tester();
    let long = "a".repeat(256);
    for key in ["", &long] {
        let reply = client.send("POST", "/v1/assessments", &[JSON, ("idempotency-key", key)], b"{}").await;
        assert_eq!(reply.expect(422)["errors"][0]["field"], "Idempotency-Key");
    }
}

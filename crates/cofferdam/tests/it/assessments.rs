//! Judgement alone, and what is told of it afterwards.

use crate::support::{ADMIN, Program};
use serde_json::{Value, json};

const TO: &str = "+12125550123";

async fn judged(program: &Program, to: &str) -> Value {
    program
        .tester()
        .post("/v1/assessments", &json!({"to": to, "client": {"ip": "192.0.2.7"}}))
        .await
        .expect(201)
}

#[tokio::test]
async fn an_attempt_is_judged_and_explained() {
    let program = Program::start().await;
    let made = judged(&program, TO).await;
    assert_eq!((&made["decision"], &made["enforced"]), (&json!("allow"), &json!(true)));
    assert_eq!(made["at"], "2026-11-20T12:00:00.000Z");
    assert_eq!(made["price"]["currency"], "USD");
    assert!((0.0..1.0).contains(&made["score"].as_f64().unwrap()));
    let mut client = program.tester();
    let path = format!("/v1/assessments/{}", made["id"].as_str().unwrap());
    let detail = client.get(&path).await.expect(200);
    assert_eq!(detail["id"], made["id"]);
    assert_eq!(detail["closest_change"], json!(null));
    let points: i64 =
        detail["waterfall"].as_array().unwrap().iter().map(|step| step["points"].as_i64().unwrap()).sum();
    assert_eq!(points, detail["points"].as_i64().unwrap());
    assert!(detail.get("known").is_none());
    let by_attempt =
        client.get(&format!("/v1/assessments?attempt={}", made["attempt"].as_str().unwrap())).await;
    assert_eq!(by_attempt.expect(200), detail);
    client.get("/v1/assessments").await.problem(422, "invalid");
    client.get("/v1/assessments/asm_00000000000000000000000000000000").await.problem(404, "not_found");
}

#[tokio::test]
async fn only_an_admin_sees_what_it_was_judged_from() {
    let program = Program::start().await;
    let mut live = program.client(&program.live);
    let made = live.post("/v1/assessments", &json!({"to": "+14155552671"})).await.expect(201);
    let path = format!("/v1/assessments/{}", made["id"].as_str().unwrap());
    assert!(live.get(&path).await.expect(200).get("known").is_none());
    let seen = program.client(ADMIN).get(&path).await.expect(200);
    assert!(seen["known"].is_object() && seen["needs"].is_array());
}

#[tokio::test]
async fn what_is_refused_says_why_and_what_would_have_let_it_through() {
    let program = Program::start().await;
    let made = judged(&program, "+12125550131").await;
    assert_eq!(made["decision"], "block");
    assert_eq!(made["reasons"][0]["code"], "number.tariff");
    assert!(made["reasons"][0]["text"].as_str().unwrap().len() > 10);
    let detail =
        program.tester().get(&format!("/v1/assessments/{}", made["id"].as_str().unwrap())).await.expect(200);
    let change = detail["closest_change"].as_str().unwrap();
    assert!(
        change.starts_with("It would have been sent but for this reason alone: `number.tariff`."),
        "{change}"
    );
    assert!(change.ends_with("no person receives codes on it."), "{change}");
    let page = program.stranger().get("/docs/reasons/number.tariff").await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_limit_met_is_a_block_here() {
    let program = Program::start().await;
    let mut client = program.tester();
    let profile = json!({"name": "tight", "limits": {"device": [{"max": 1, "window_s": 600}]}});
    client.post("/v1/profiles", &profile).await.expect(201);
    let body = json!({"to": TO, "profile": "tight", "client": {"device_id": "d"}});
    assert_eq!(client.post("/v1/assessments", &body).await.expect(201)["decision"], "allow");
    let refused = client.post("/v1/assessments", &body).await.expect(201);
    assert_eq!(
        (&refused["decision"], &refused["reasons"][0]["code"]),
        (&json!("block"), &json!("limit.device"))
    );
    assert!(refused["retry_after_s"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn events_are_taken_one_by_one_and_counted_once() {
    let program = Program::start().await;
    let made = judged(&program, TO).await;
    let attempt = made["attempt"].as_str().unwrap();
    let mut client = program.tester();
    let events = json!({"events": [
        {"type": "delivery", "attempt": attempt, "status": "delivered"},
        {"type": "delivery", "attempt": attempt, "status": "delivered"},
        {"type": "check", "attempt": attempt, "result": "maybe"},
        {"type": "check", "attempt": "att_00000000000000000000000000000000", "result": "ok"},
        {"type": "check", "attempt": attempt, "result": "ok"},
    ]});
    let results = client.post("/v1/events", &events).await.expect(202);
    let statuses: Vec<&str> =
        results["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["accepted", "duplicate", "invalid", "unknown", "accepted"]);
    assert!(results["results"][2]["detail"].as_str().unwrap().contains("`result`"));
    let lines = format!(
        "{{\"type\":\"label\",\"attempt\":\"{attempt}\",\"label\":\"good\"}}\nnonsense\n\n{{\"type\":\"check\",\"attempt\":\"{attempt}\",\"result\":\"ok\"}}\n"
    );
    let ndjson = [("content-type", "application/x-ndjson")];
    let results = client.send("POST", "/v1/events", &ndjson, lines.as_bytes()).await.expect(202);
    let statuses: Vec<&str> =
        results["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!((statuses[0], statuses[1]), ("accepted", "invalid"));
    let many = "{}\n".repeat(1_001);
    client.send("POST", "/v1/events", &ndjson, many.as_bytes()).await.problem(422, "invalid");
    client.send("POST", "/v1/assessments", &ndjson, b"{}").await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_label_is_kept_once() {
    let program = Program::start().await;
    let made = judged(&program, TO).await;
    let path = format!("/v1/assessments/{}/label", made["id"].as_str().unwrap());
    let mut client = program.tester();
    let body = json!({"label": "fraud", "note": "seen in the console"});
    assert_eq!(client.post(&path, &body).await.expect(200)["status"], "accepted");
    assert_eq!(client.post(&path, &body).await.expect(200)["status"], "duplicate");
    client
        .post("/v1/assessments/asm_00000000000000000000000000000000/label", &body)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_number_is_known_in_any_spelling() {
    let program = Program::start().await;
    let mut client = program.tester();
    let known = client.get("/v1/numbers/+442079460018").await.expect(200);
    assert_eq!(known["e164"], "+442079460018");
    assert_eq!(
        (&known["country"], &known["country3"], &known["calling_code"]),
        (&json!("GB"), &json!("GBR"), &json!("44"))
    );
    assert_eq!(
        (&known["kind"], &known["tariff"], &known["fictional"]),
        (&json!("fixed"), &json!("standard"), &json!(true))
    );
    assert_eq!(client.get("/v1/numbers/020%207946%200018?country=GB").await.expect(200), known);
    let body = json!({"number": "020 7946 0018", "country": "GB"});
    assert_eq!(client.post("/v1/numbers/lookup", &body).await.expect(200), known);
    for (text, why) in [("+4420", "too_short"), ("nonsense", "not_a_number")] {
        let refused = client.get(&format!("/v1/numbers/{text}")).await.problem(422, "invalid_number");
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!("number"), &json!(why))
        );
    }
    client.get("/v1/numbers/%2B442079460018?country=gb").await.problem(422, "invalid");
}

#[tokio::test]
async fn a_profile_without_evidence_judges_by_limits_alone_and_says_so() {
    let program = Program::start().await;
    let limits = json!({"device": [{"max": 2, "window_s": 600}]});
    let made = json!({"name": "alone", "evidence": false, "limits": limits});
    let mut manage = program.client(ADMIN);
    let profile = manage.post("/v1/profiles", &made).await.expect(201);
    assert_eq!(profile["evidence"], false);
    assert_eq!(manage.get("/v1/profiles/default").await.expect(200)["evidence"], true);
    let ask =
        json!({"to": "+14155552671", "profile": "alone", "client": {"device_id": "one", "ip": "192.0.2.7"}});
    for decision in ["allow", "allow", "block"] {
        let judged = manage.post("/v1/assessments", &ask).await.expect(201);
        assert_eq!((&judged["decision"], &judged["evidence"]), (&json!(decision), &json!(false)));
        let path = format!("/v1/assessments/{}", judged["id"].as_str().unwrap());
        let detail = manage.get(&path).await.expect(200);
        assert_eq!(detail["readings"], json!([]));
        assert_eq!(detail["known"]["evidence"]["readings"], json!([]));
        if decision == "block" {
            assert_eq!(judged["reasons"][0]["code"], "limit.device");
            let change = detail["closest_change"].as_str().unwrap();
            assert!(change.contains("`limits.device` allowed 3 or more"), "{change}");
        }
    }
    let back = manage.call("PATCH", "/v1/profiles/alone", &json!({"evidence": true})).await.expect(200);
    assert_eq!(back["evidence"], true);
    let judged = manage.post("/v1/assessments", &json!({"to": "+14155552671", "profile": "alone"})).await;
    assert_eq!(judged.expect(201).get("evidence"), None);
}

//! A verification from its start to its end.

use crate::support::Program;
use serde_json::json;

const TO: &str = "+12125550123";

#[tokio::test]
async fn a_code_is_sent_read_and_approved_once() {
    let program = Program::start().await;
    let mut client = program.tester();
    let body =
        json!({"to": TO, "client": {"ip": "192.0.2.7", "device_id": "d1"}, "metadata": {"order": "7"}});
    let made = client.post("/v1/verifications", &body).await.expect(201);
    assert_eq!(made["status"], "pending");
    assert_eq!(made["to"], TO);
    assert_eq!(made["country"], "US");
    assert_eq!(made["checks_left"], 5);
    assert_eq!(made["metadata"]["order"], "7");
    assert_eq!(made["attempts"][0]["status"], "sent");
    assert_eq!(made["assessment"]["decision"], "allow");
    assert_eq!(made["created_at"], "2026-11-20T12:00:00.000Z");
    let id = made["id"].as_str().unwrap().to_owned();
    let message = client.get("/v1/outbox/latest?to=%2B12125550123").await.expect(200);
    assert_eq!(message["verification"], id);
    let code = message["code"].as_str().unwrap().to_owned();
    assert!(message["body"].as_str().unwrap().contains(&code));
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let path = format!("/v1/verifications/{id}/check");
    let checked = client.post(&path, &json!({"code": wrong})).await.expect(200);
    assert_eq!((&checked["status"], &checked["checks_left"]), (&json!("pending"), &json!(4)));
    let checked = client.post(&path, &json!({"code": code})).await.expect(200);
    assert_eq!(checked["status"], "approved");
    client.post(&path, &json!({"code": code})).await.problem(409, "already_finished");
    client.post(&format!("/v1/verifications/{id}/cancel"), &json!({})).await.problem(409, "already_finished");
    let read = client.get(&format!("/v1/verifications/{id}")).await.expect(200);
    assert_eq!((&read["status"], &read["next"]), (&json!("approved"), &json!(null)));
}

#[tokio::test]
async fn a_form_with_brackets_does_the_same_as_json() {
    let program = Program::start().await;
    let mut client = program.tester();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"to=%2B1+212-555-0123&client[ip]=192.0.2.7&client[user_id]=u1&metadata[a]=b";
    let made = client.send("POST", "/v1/verifications", &form, body).await.expect(201);
    assert_eq!((&made["to"], &made["metadata"]["a"]), (&json!(TO), &json!("b")));
}

#[tokio::test]
async fn guesses_run_out_and_an_end_is_an_end() {
    let program = Program::start().await;
    let mut client = program.tester();
    let made = client.post("/v1/verifications", &json!({"to": TO})).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/verifications/{id}/check");
    for left in (0..5).rev() {
        let checked = client.post(&path, &json!({"code": "xxxxxx"})).await.expect(200);
        let status = if left == 0 { "too_many_checks" } else { "pending" };
        assert_eq!((&checked["status"], &checked["checks_left"]), (&json!(status), &json!(left)));
    }
    assert_eq!(client.post(&path, &json!({"code": "xxxxxx"})).await.expect(200)["status"], "too_many_checks");
    client.post(&format!("/v1/verifications/{id}/resend"), &json!({})).await.problem(409, "already_finished");
}

#[tokio::test]
async fn a_resend_waits_its_time_and_a_verification_ends_by_itself() {
    let program = Program::start().await;
    let mut client = program.tester();
    let made = client.post("/v1/verifications", &json!({"to": TO})).await.expect(201);
    let path = format!("/v1/verifications/{}/resend", made["id"].as_str().unwrap());
    let early = client.post(&path, &json!({})).await;
    early.problem(429, "too_soon");
    assert!(early.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert!(early.header("ratelimit").is_some());
    program.clock.step(120_000);
    let again = client.post(&path, &json!({})).await.expect(200);
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2);
    program.clock.step(120_000);
    client.post(&path, &json!({"channel": "voice"})).await.problem(422, "not_available");
    program.clock.step(3_600_000);
    client.post(&path, &json!({})).await.problem(410, "expired");
}

#[tokio::test]
async fn canceling_is_an_end_and_what_is_blocked_is_a_result() {
    let program = Program::start().await;
    let mut client = program.tester();
    let made = client.post("/v1/verifications", &json!({"to": TO})).await.expect(201);
    let path = format!("/v1/verifications/{}/cancel", made["id"].as_str().unwrap());
    assert_eq!(client.post(&path, &json!({})).await.expect(200)["status"], "canceled");
    let blocked = client.post("/v1/verifications", &json!({"to": "+12125550110"})).await.expect(201);
    assert_eq!(blocked["status"], "blocked");
    assert_eq!(blocked["attempts"][0]["status"], "blocked");
    assert!(!blocked["assessment"]["reasons"].as_array().unwrap().is_empty());
    let asked = client.post("/v1/verifications", &json!({"to": "+12125550111"})).await.expect(201);
    assert_eq!(
        (&asked["status"], &asked["challenge"]["kind"]),
        (&json!("challenge_required"), &json!("test"))
    );
    let path = format!("/v1/verifications/{}/challenge", asked["id"].as_str().unwrap());
    assert_eq!(client.post(&path, &json!({"answer": "pass"})).await.expect(200)["status"], "pending");
}

#[tokio::test]
async fn lists_go_page_by_page_and_cursors_are_not_carried_elsewhere() {
    let program = Program::start().await;
    let mut client = program.tester();
    let mut made = Vec::new();
    for n in 0..5 {
        program.clock.step(1);
        let body = json!({"to": format!("+1212555015{n}")});
        made.push(client.post("/v1/verifications", &body).await.expect(201)["id"].clone());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/v1/verifications?limit=2&order=asc{cursor}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let newest = client.get("/v1/verifications?limit=1").await.expect(200);
    assert_eq!(newest["data"][0]["id"], made[4]);
    let cursor = newest["next_cursor"].as_str().unwrap().to_owned();
    let of = client.get("/v1/verifications?to=%2B12125550152").await.expect(200);
    assert_eq!((of["data"].as_array().unwrap().len(), &of["data"][0]["id"]), (1, &made[2]));
    for path in [
        format!("/v1/verifications?limit=1&order=asc&cursor={cursor}"),
        format!("/v1/verifications?limit=1&status=pending&cursor={cursor}"),
        format!("/v1/profiles?cursor={cursor}"),
        format!("/v1/verifications?cursor=A{}", &cursor[1..]),
    ] {
        let refused = client.get(&path).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], "cursor", "{path}");
    }
}

#[tokio::test]
async fn another_worlds_and_another_tenants_are_alike_to_unknown_ones() {
    let program = Program::start().await;
    let made = program.tester().post("/v1/verifications", &json!({"to": TO})).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let mut admin = program.client(crate::support::ADMIN);
    let other = admin.post("/v1/tenants", &json!({"name": "other"})).await.expect(201);
    let other_key = other["keys"]["test"].as_str().unwrap().to_owned();
    let unknown = format!("{}{}", &id[..id.len() - 4], "0000");
    for key in [&program.live, &other_key] {
        let mut client = program.client(key);
        for (method, tail) in [("GET", ""), ("POST", "/check"), ("POST", "/cancel"), ("POST", "/resend")] {
            let body = if tail == "/check" { json!({"code": "123456"}) } else { json!({}) };
            let mut seen = Vec::new();
            for id in [&id, &unknown] {
                let reply = client.call(method, &format!("/v1/verifications/{id}{tail}"), &body).await;
                let request_id = reply.header("request-id").unwrap().to_owned();
                reply.problem(404, "not_found");
                seen.push(reply.text().replace(&request_id, "-"));
            }
            assert_eq!(seen[0], seen[1]);
        }
    }
}

#[tokio::test]
async fn live_keys_refuse_fiction_and_send_nothing_that_is_not_available() {
    let program = Program::start().await;
    let mut live = program.client(&program.live);
    let refused = live.post("/v1/verifications", &json!({"to": TO})).await.problem(422, "invalid_number");
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("to"), &json!("fictional"))
    );
    live.get("/v1/outbox").await.problem(404, "not_found");
    live.post("/v1/verifications", &json!({"to": TO, "fraud_check": false})).await.problem(403, "forbidden");
    let mut test = program.tester();
    for (body, field) in [
        (json!({"to": TO, "channel": "voice"}), "channel"),
        (json!({"to": TO, "fraud_check": false, "waiver_reason": "x"}), "fraud_check"),
        (json!({"to": TO, "workflow": [{"channel": "sms", "timeout_s": 30}]}), "workflow"),
    ] {
        let refused = test.post("/v1/verifications", &body).await.problem(422, "not_available");
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let refused = test.post("/v1/verifications", &json!({"to": "12"})).await.problem(422, "invalid_number");
    assert_eq!(refused["errors"][0]["field"], "to");
}

#[tokio::test]
async fn a_limit_says_which_and_when_to_come_again() {
    let program = Program::start().await;
    let mut client = program.tester();
    let profile = json!({"name": "tight", "limits": {"number": [{"max": 1, "window_s": 600}]}});
    client.post("/v1/profiles", &profile).await.expect(201);
    let body = json!({"to": TO, "profile": "tight"});
    client.post("/v1/verifications", &body).await.expect(201);
    let refused = client.post("/v1/verifications", &body).await;
    let problem = refused.problem(429, "limited");
    assert_eq!(problem["limit"], "number");
    assert!(problem["attempt"].as_str().unwrap().starts_with("att_"));
    assert!((1..=610).contains(&refused.header("retry-after").unwrap().parse::<u32>().unwrap()));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"number\";q=1;w=600"));
    let why = client
        .get(&format!("/v1/assessments?attempt={}", problem["attempt"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(why["reasons"][0]["code"], "limit.number");
}

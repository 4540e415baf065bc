//! Standing things: profiles, lists, keys, tenants, audit; and the outbox.

use crate::support::{ADMIN, Program};
use serde_json::json;

#[tokio::test]
async fn profiles_are_made_changed_and_ended() {
    let program = Program::start().await;
    let mut manage = program.client(&program.manage);
    let body = json!({"name": "signup", "code_length": 8, "destinations": {"sms": ["GB", "US"]}, "locked_country": "GB"});
    let made = manage.post("/v1/profiles", &body).await.expect(201);
    assert_eq!((&made["code_length"], &made["locked_country"]), (&json!(8), &json!("GB")));
    assert_eq!(made["destinations"]["sms"], json!(["GB", "US"]));
    manage.post("/v1/profiles", &json!({"name": "signup"})).await.problem(409, "duplicate");
    let path = format!("/v1/profiles/{}", made["id"].as_str().unwrap());
    let changed =
        manage.call("PATCH", &path, &json!({"locked_country": null, "mode": "shadow"})).await.expect(200);
    assert_eq!(
        (&changed["locked_country"], &changed["mode"], &changed["code_length"]),
        (&json!(null), &json!("shadow"), &json!(8))
    );
    assert_eq!(manage.get("/v1/profiles/signup").await.expect(200), changed);
    for (body, field) in [
        (json!({"checks": 0}), "checks"),
        (json!({"code_length": 3}), "code_length"),
        (json!({"lifetime_s": 1}), "lifetime_s"),
        (json!({"locked_country": "XX"}), "locked_country"),
        (json!({"level": "paranoid"}), "level"),
        (json!({"limits": {"moon": []}}), "limits.moon"),
        (json!({"limits": {"number": [{"max": 1}]}}), "limits.number.0.window_s"),
        (json!({"destinations": {"sms": ["XX"]}}), "destinations.sms"),
    ] {
        let refused = manage.call("PATCH", &path, &body).await.problem(422, "invalid");
        let named = refused["errors"][0]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{body}: {named}");
    }
    assert_eq!(manage.delete(&path).await.status, 204);
    manage.get(&path).await.problem(404, "not_found");
    manage.delete("/v1/profiles/default").await.problem(409, "state");
    let names: Vec<_> = manage.get("/v1/profiles").await.expect(200)["data"].as_array().unwrap().clone();
    assert_eq!(names.len(), 1);
}

#[tokio::test]
async fn lists_take_every_kind_of_value_once_and_act_at_once() {
    let program = Program::start().await;
    let mut client = program.tester();
    for (value, kind) in [
        ("+1 212 555 0123", "number"),
        ("+44770090*", "prefix"),
        ("192.0.2.7", "address"),
        ("198.51.100.0/24", "cidr"),
    ] {
        program.clock.step(1);
        let made =
            client.post("/v1/lists/deny/entries", &json!({"value": value, "note": "n"})).await.expect(201);
        assert_eq!(made["kind"], kind, "{value}");
        client.post("/v1/lists/deny/entries", &json!({"value": value})).await.problem(409, "duplicate");
    }
    let refused = client.post("/v1/assessments", &json!({"to": "+12125550123"})).await.expect(201);
    assert_eq!(
        (&refused["decision"], &refused["reasons"][0]["code"]),
        (&json!("block"), &json!("list.deny"))
    );
    let all = client.get("/v1/lists/deny/entries?order=asc").await.expect(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 4);
    assert_eq!(all["data"][0]["value"], "+12125550123");
    let path = format!("/v1/lists/deny/entries/{}", all["data"][0]["id"].as_str().unwrap());
    assert_eq!(client.delete(&path.replace("deny", "safe")).await.status, 404);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(
        client.post("/v1/assessments", &json!({"to": "+12125550123"})).await.expect(201)["decision"],
        "allow"
    );
    let bad = client.post("/v1/lists/safe/entries", &json!({"value": "garbage here"})).await;
    assert_eq!((bad.status, &bad.json()["errors"][0]["field"]), (422, &json!("value")));
}

#[tokio::test]
async fn changes_stand_in_the_audit_without_secrets() {
    let program = Program::start().await;
    let mut manage = program.client(&program.manage);
    let made = manage.post("/v1/keys", &json!({"scopes": ["read"], "name": "cron"})).await.expect(201);
    manage.post("/v1/lists/safe/entries", &json!({"value": "+442079460018"})).await.expect(201);
    let audit = manage.get("/v1/audit").await;
    let entries = audit.expect(200);
    let actions: Vec<&str> =
        entries["data"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert!(actions.iter().any(|action| action.starts_with("list.safe")), "{actions:?}");
    assert!(actions.iter().any(|action| action.starts_with("key.")), "{actions:?}");
    let text = audit.text();
    assert!(!text.contains(made["secret"].as_str().unwrap()) && !text.contains("2079460018"));
}

#[tokio::test]
async fn a_tenant_has_three_keys_and_sees_nothing_of_others() {
    let program = Program::start().await;
    let mut admin = program.client(ADMIN);
    let made = admin.post("/v1/tenants", &json!({"name": "acme"})).await.expect(201);
    admin.post("/v1/tenants", &json!({"name": "acme"})).await.problem(409, "duplicate");
    for name in ["live", "manage", "test"] {
        assert!(made["keys"][name].as_str().unwrap().starts_with("cfd_"));
    }
    program.tester().post("/v1/verifications", &json!({"to": "+12125550123"})).await.expect(201);
    let mut theirs = program.client(made["keys"]["test"].as_str().unwrap());
    for path in ["/v1/verifications", "/v1/outbox", "/v1/lists/deny/entries"] {
        assert_eq!(theirs.get(path).await.expect(200)["data"], json!([]), "{path}");
    }
    let names = admin.get("/v1/tenants?order=asc").await.expect(200);
    let names: Vec<&str> =
        names["data"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "acme"]);
}

#[tokio::test]
async fn the_outbox_is_oldest_first_and_can_be_emptied() {
    let program = Program::start().await;
    let mut client = program.tester();
    for n in 3..5 {
        program.clock.step(1);
        client.post("/v1/verifications", &json!({"to": format!("+1212555012{n}")})).await.expect(201);
    }
    let all = client.get("/v1/outbox").await.expect(200);
    let to: Vec<&str> = all["data"].as_array().unwrap().iter().map(|m| m["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["+12125550123", "+12125550124"]);
    assert_eq!(client.get("/v1/outbox/latest").await.expect(200)["to"], "+12125550124");
    assert_eq!(client.delete("/v1/outbox?to=%2B12125550124").await.status, 204);
    client.get("/v1/outbox/latest?to=%2B12125550124&wait_s=0").await.problem(404, "not_found");
    assert_eq!(client.delete("/v1/outbox").await.status, 204);
    assert_eq!(client.get("/v1/outbox").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_waiting_reader_gets_the_message_that_comes() {
    let program = Program::start().await;
    let mut waiting = program.tester();
    let reader =
        tokio::spawn(async move { waiting.get("/v1/outbox/latest?to=%2B12125550123&wait_s=30").await });
    program.tester().post("/v1/verifications", &json!({"to": "+12125550123"})).await.expect(201);
    assert_eq!(reader.await.unwrap().expect(200)["to"], "+12125550123");
}

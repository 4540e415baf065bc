//! Standing blocks over HTTP: an attack opens one; it is listed, shown, lifted, and nobody else's.

use crate::support::{ADMIN, Client, Program};
use serde_json::{Value, json};

/// Messages to one run of fictional numbers, asked for from everywhere and answered by nobody, until a
/// block stands.
async fn attack(program: &Program, client: &mut Client) -> Value {
    for n in 0..390 {
        program.clock.step(3_000);
        pump(client, n).await;
        let blocks = client.get("/v1/blocks").await.expect(200);
        if let Some(block) = blocks["data"].get(0) {
            return block.clone();
        }
    }
    panic!("four hundred messages to one run of numbers, and nothing was shut");
}

async fn pump(client: &mut Client, n: u32) -> Value {
    let body = json!({
        "to": format!("+447700900{:03}", 100 * (n / 50) + 50 + n % 50),
        "price": {"amount": "0.30", "currency": "USD"},
        "client": {"ip": format!("198.51.100.{}", n % 250), "device_id": format!("device {n}")},
    });
    client.post("/v1/assessments", &body).await.expect(201)
}

#[tokio::test]
async fn a_block_is_listed_shown_and_lifted_by_its_own_world_alone() {
    let program = Program::start().await;
    let mut client = program.tester();
    assert_eq!(client.get("/v1/blocks").await.expect(200)["data"], json!([]));
    let block = attack(&program, &mut client).await;
    let path = format!("/v1/blocks/{}", block["id"].as_str().unwrap());
    assert!(block["id"].as_str().unwrap().starts_with("blk_"));
    assert_eq!((&block["state"], &block["channels"]), (&json!("shut"), &json!(["sms"])));
    let refused = pump(&mut client, 385).await;
    assert_eq!(
        (&refused["decision"], &refused["reasons"][0]["code"]),
        (&json!("block"), &json!("block.standing"))
    );
    assert_eq!(refused["scope"]["kind"], block["scope"]["kind"]);
    assert_eq!(refused["until"], block["until"]);
    let shown = client.get(&path).await.expect(200);
    assert_eq!((&shown["stopped"], &shown["spared"]["amount"]), (&json!(1), &json!("0.3")));
    // Filters.
    let of = |kind: &str| format!("/v1/blocks?kind={kind}");
    let kind = block["scope"]["kind"].as_str().unwrap();
    assert_eq!(client.get(&of(kind)).await.expect(200)["data"].as_array().unwrap().len(), 1);
    assert_eq!(client.get(&of("device")).await.expect(200)["data"], json!([]));
    assert_eq!(client.get("/v1/blocks?state=ended").await.expect(200)["data"], json!([]));
    client.get("/v1/blocks?state=sometimes").await.problem(422, "invalid");
    // Another tenant, and the other world of the same.
    let made = program.client(ADMIN).post("/v1/tenants", &json!({"name": "acme"})).await.expect(201);
    let mut others =
        [program.client(made["keys"]["test"].as_str().unwrap()), program.client(&program.manage)];
    for other in &mut others {
        assert_eq!(other.get("/v1/blocks").await.expect(200)["data"], json!([]));
        other.get(&path).await.problem(404, "not_found");
        other.delete(&path).await.problem(404, "not_found");
        other.post(&format!("{path}/lift"), &json!({})).await.problem(404, "not_found");
    }
    // Lifted.
    client.post(&format!("{path}/lift"), &json!({"trusted_for_s": 86_401})).await.problem(422, "invalid");
    let ask = json!({"trusted_for_s": 600, "note": "ours"});
    let lifted = client.post(&format!("{path}/lift"), &ask).await.expect(200);
    assert_eq!((&lifted["state"], &lifted["until"]), (&json!("ended"), &json!(null)));
    assert!(lifted["trusted_until"].is_string());
    assert_eq!(pump(&mut client, 386).await["decision"], "allow");
    client.delete(&path).await.problem(409, "state");
    let ended = client.get("/v1/blocks?state=ended").await.expect(200);
    assert_eq!(ended["data"][0]["id"], block["id"]);
    let audit = client.get("/v1/audit").await.expect(200);
    let lift =
        audit["data"].as_array().unwrap().iter().find(|entry| entry["action"] == "block.lift").unwrap();
    assert_eq!((&lift["subject"], &lift["detail"]["note"]), (&block["id"], &json!("ours")));
}

#[tokio::test]
async fn a_block_that_is_deleted_is_lifted() {
    let program = Program::start().await;
    let mut client = program.tester();
    let block = attack(&program, &mut client).await;
    let path = format!("/v1/blocks/{}", block["id"].as_str().unwrap());
    assert_eq!(client.delete(&path).await.status, 204);
    let shown = client.get(&path).await.expect(200);
    assert_eq!((&shown["state"], &shown["trusted_until"]), (&json!("ended"), &json!(null)));
    client.get("/v1/blocks/blk_nothing").await.problem(404, "not_found");
}

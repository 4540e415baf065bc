//! The floor: an empty handler, owned JSON in and out, of the same sizes.

use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[allow(dead_code)]
struct Asked {
    to: String,
    channel: String,
    profile: String,
    client: Client,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Client {
    ip: String,
    device_id: String,
    session_id: String,
    user_id: String,
    user_agent: String,
}

#[derive(Serialize)]
struct Judged {
    id: String,
    attempt: String,
    decision: &'static str,
    score: f64,
    enforced: bool,
    level: &'static str,
    mode: &'static str,
    reasons: Vec<Reason>,
    scope: Option<String>,
    until: Option<String>,
    retry_after_s: Option<u64>,
    price: Money,
    expected_loss: Money,
    policy: String,
    edition: String,
    at: String,
}

#[derive(Serialize)]
struct Reason {
    code: String,
    points: i32,
    text: String,
    evidence: Evidence,
}

#[derive(Serialize)]
struct Evidence {
    key: String,
    window_s: u32,
    seen: f64,
    expected: f64,
    converted: Option<f64>,
}

#[derive(Serialize)]
struct Money {
    amount: String,
    currency: String,
}

async fn judge(Json(asked): Json<Asked>) -> (axum::http::StatusCode, Json<Judged>) {
    let money = || Money { amount: "0.0742".to_owned(), currency: "USD".to_owned() };
    let judged = Judged {
        id: "asm_06gzhmza03xeswehs11sejetcggtwjd2".to_owned(),
        attempt: "att_06gzhmza002fjnwf7sdk33ee7xk2f48k".to_owned(),
        decision: "allow",
        score: 0.001_999,
        enforced: true,
        level: "standard",
        mode: "enforce",
        reasons: vec![Reason {
            code: "number.kind".to_owned(),
            points: 0,
            text: "The number is of a kind that this channel seldom or never reaches.".to_owned(),
            evidence: Evidence { key: asked.to, window_s: 600, seen: 1.0, expected: 5.0, converted: None },
        }],
        scope: None,
        until: None,
        retry_after_s: None,
        price: money(),
        expected_loss: money(),
        policy: "pol_built_in@1".to_owned(),
        edition: "2026-11-20".to_owned(),
        at: "2026-11-20T12:00:00.000Z".to_owned(),
    };
    (axum::http::StatusCode::CREATED, Json(judged))
}

/// Serves it.
pub fn serve(address: &str) {
    crate::on_one_thread(async {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        axum::serve(listener, Router::new().route("/v1/assessments", post(judge))).await.unwrap();
    });
}

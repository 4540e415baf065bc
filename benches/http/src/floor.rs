//! The floor: an empty handler, owned JSON in and out. What it answers is an answer of ours.

use axum::extract::State;
use axum::http::StatusCode;
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
    ip_country: Option<String>,
    device_id: String,
    session_id: String,
    user_id: String,
    user_agent: String,
}

/// An answer of ours, read once. What is text of ours is borrowed from it for good, what differs from call to
/// call is owned and made anew for each.
#[derive(Clone, Serialize, Deserialize)]
struct Judged {
    id: String,
    attempt: String,
    decision: &'static str,
    score: f64,
    enforced: bool,
    level: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<bool>,
    reasons: Vec<Reason>,
    scope: Option<Scope>,
    until: Option<String>,
    retry_after_s: Option<u64>,
    price: Money,
    expected_loss: Money,
    policy: String,
    edition: String,
    at: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Reason {
    code: &'static str,
    points: i32,
    text: String,
    evidence: Evidence,
}

#[derive(Clone, Serialize, Deserialize)]
struct Evidence {
    key: Option<String>,
    window_s: Option<u32>,
    seen: f64,
    expected: f64,
    converted: Option<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rounded: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Scope {
    kind: &'static str,
    value: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Money {
    amount: String,
    currency: &'static str,
}

async fn judge(State(answer): State<&'static Judged>, Json(_): Json<Asked>) -> (StatusCode, Json<Judged>) {
    (StatusCode::CREATED, Json(answer.clone()))
}

/// Serves an answer of ours, which stands in a file.
pub fn serve(address: &str, answer: &str) {
    let text: &'static str = std::fs::read_to_string(answer).unwrap().leak();
    let judged: &'static Judged = Box::leak(Box::new(serde_json::from_str(text).unwrap()));
    assert_eq!(serde_json::to_string(judged).unwrap(), text, "the same is answered, byte for byte");
    crate::on_one_thread(async {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let router = Router::new().route("/v1/assessments", post(judge)).with_state(judged);
        axum::serve(listener, router).await.unwrap();
    });
}

//! What each way of answering, and of not answering, means.

use super::sim::{Does, Sim};
use super::{ATTEMPT, message, plain};
use crate::clock::Stopwatch;
use crate::provider::http::HttpProvider;
use crate::provider::{Accepted, Money, Provider as _, SendError};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

async fn send(does: Does) -> (Result<Accepted, SendError>, Vec<String>, Duration) {
    let sim = Sim::start(does).await;
    let provider = HttpProvider::new("main", plain(&sim.url()), None).unwrap();
    let watch = Stopwatch::start();
    let result = provider.send(&message("your code is 482913")).await;
    (result, sim.requests(), watch.elapsed())
}

fn answer(status: u16, body: &Value) -> Does {
    Does::Answer(status, "", body.to_string())
}

#[tokio::test]
async fn without_a_template_the_body_is_what_the_contract_says() {
    let body = json!({"id": "m-1", "price": {"amount": "0.0742", "currency": "EUR"}});
    let (result, requests, _) = send(answer(202, &body)).await;
    let price = Some(Money { micros: 74_200, currency: "EUR".to_owned() });
    assert_eq!(result, Ok(Accepted { reference: Some("m-1".to_owned()), price, queued: false }));
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let expected = json!({"to": "+447700900123", "from": null, "body": "your code is 482913", "ref": ATTEMPT, "channel": "sms"});
    assert_eq!(body, expected);
    assert!(head.starts_with("POST /messages HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains(&format!("\r\nidempotency-key: {ATTEMPT}\r\n")), "{head}");
    assert!(head.to_lowercase().contains("\r\ncontent-type: application/json\r\n"), "{head}");
}

#[tokio::test]
async fn the_status_decides() {
    for status in [200, 201, 202, 204] {
        assert!(send(answer(status, &json!({}))).await.0.is_ok(), "{status}");
    }
    for status in [400, 401, 403, 404, 409, 422] {
        let result = send(answer(status, &json!({}))).await.0;
        assert!(matches!(result, Err(SendError::Rejected { .. })), "{status}: {result:?}");
    }
    for status in [429, 503] {
        let result = send(answer(status, &json!({}))).await.0;
        assert!(matches!(result, Err(SendError::Unavailable { .. })), "{status}: {result:?}");
    }
    for status in [301, 302, 307, 308, 500, 502, 504, 599] {
        let result = send(answer(status, &json!({}))).await.0;
        assert!(matches!(result, Err(SendError::Unknown { .. })), "{status}: {result:?}");
    }
}

#[tokio::test]
async fn a_wait_that_is_named_is_kept() {
    let result = send(Does::Answer(503, "retry-after: 7\r\n", String::new())).await.0;
    let Err(SendError::Unavailable { retry_after, .. }) = result else { panic!("{result:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    let result =
        send(Does::Answer(429, "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n", String::new())).await.0;
    assert!(matches!(result, Err(SendError::Unavailable { retry_after: None, .. })));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Sim::start(answer(200, &json!({}))).await;
    let sim = Sim::start(Does::Answer(307, "", String::new())).await;
    let to = format!("location: {}\r\n", other.url()).leak();
    let redirecting = Sim::start(Does::Answer(307, to, String::new())).await;
    for sim in [sim, redirecting] {
        let provider = HttpProvider::new("main", plain(&sim.url()), None).unwrap();
        let result = provider.send(&message("x")).await;
        assert!(matches!(result, Err(SendError::Unknown { .. })), "{result:?}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_certainly_no_message() {
    // The port was ours a moment ago, and nobody listens there now.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let provider = HttpProvider::new("main", plain(&format!("http://{address}/")), None).unwrap();
    let result = provider.send(&message("x")).await;
    assert!(
        matches!(&result, Err(error @ SendError::Unavailable { .. }) if error.next_route_may_be_tried()),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_handshake_that_fails_is_certainly_no_message() {
    let sim = Sim::start(answer(200, &json!({}))).await;
    let provider = HttpProvider::new("main", plain(&format!("https://{}/", sim.address)), None).unwrap();
    let result = provider.send(&message("x")).await;
    assert!(matches!(result, Err(SendError::Unavailable { .. } | SendError::Unknown { .. })), "{result:?}");
    assert!(sim.requests().is_empty());
}

#[tokio::test]
async fn silence_breaks_and_garbage_are_unknown_and_never_repeated() {
    for (name, does) in [
        ("hang", Does::Hang),
        ("reset", Does::Reset),
        ("garbage", Does::Garbage),
        ("drip", Does::Drip),
        ("cut", Does::Cut),
    ] {
        let (result, requests, took) = send(does).await;
        let Err(error) = &result else { panic!("{name}: {result:?}") };
        assert!(matches!(error, SendError::Unknown { .. }), "{name}: {error:?}");
        assert!(!error.next_route_may_be_tried(), "{name}");
        assert_eq!(requests.len(), 1, "{name}: handed over once");
        assert!(took < Duration::from_millis(1500), "{name}: {took:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_accepts_is_unknown_in_time() {
    // The kernel takes the connection, nobody reads.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider =
        HttpProvider::new("main", plain(&format!("http://{}/", listener.local_addr().unwrap())), None);
    let watch = Stopwatch::start();
    let result = provider.unwrap().send(&message("x")).await;
    assert!(matches!(result, Err(SendError::Unknown { .. })), "{result:?}");
    assert!(watch.elapsed() < Duration::from_millis(1500));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_and_was_still_a_yes() {
    let (result, requests, took) = send(Does::Huge).await;
    assert_eq!(result, Ok(Accepted::default()));
    assert_eq!(requests.len(), 1);
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_a_yes_without_a_reference() {
    let (result, ..) = send(Does::Answer(200, "", "OK 12345".to_owned())).await;
    assert_eq!(result, Ok(Accepted::default()));
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let sim = Sim::start(answer(200, &json!({"id": "m"}))).await;
    let provider = HttpProvider::new("main", plain(&sim.url()), None).unwrap();
    for _ in 0..5 {
        provider.send(&message("x")).await.unwrap();
    }
    assert_eq!(sim.requests().len(), 5);
}

#[tokio::test]
async fn words_of_the_provider_lose_numbers_and_codes() {
    let mut settings = plain("http://127.0.0.1:9/");
    settings.answer.detail = Some("/message".to_owned());
    settings.answer.code = Some("/code".to_owned());
    let body = json!({"code": 21211, "message": "'+44 7700 900123' is not valid for 482913"});
    let sim = Sim::start(answer(400, &body)).await;
    settings.url = plain(&sim.url()).url;
    let provider = HttpProvider::new("main", settings, None).unwrap();
    let error = provider.send(&message("x")).await.unwrap_err().to_string();
    assert!(error.contains("code `21211`") && error.contains("HTTP 400"), "{error}");
    assert!(!error.contains("900123") && !error.contains("482913"), "{error}");
}

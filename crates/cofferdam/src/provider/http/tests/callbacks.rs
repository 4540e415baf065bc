//! Delivery callbacks: believed only with the token, and with the signature where one is described.

use crate::config::{ProviderKind, Settings};
use crate::provider::http::HttpProvider;
use crate::provider::{Callback, CallbackError, DeliveryOf, Provider as _};
use cofferdam_engine::outcome::DeliveryStatus;
use std::collections::BTreeMap;

const AT_MS: i64 = 1_790_000_000_000;

fn provider(delivery: &str) -> HttpProvider {
    let text =
        format!("[provider.main]\nurl = \"https://sms.example/\"\n[provider.main.delivery]\n{delivery}");
    let settings = Settings::read("test", &text, []).unwrap();
    let ProviderKind::Http(settings) = settings.provider("main").unwrap().kind.clone() else { panic!() };
    HttpProvider::new("main", *settings, None).unwrap()
}

fn read(
    provider: &HttpProvider,
    token_ok: bool,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(DeliveryOf, DeliveryStatus), CallbackError> {
    let headers: BTreeMap<String, String> =
        headers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let callback = Callback {
        method: "POST",
        url: "https://verify.example/v1/deliveries/main/t",
        headers: &headers,
        body,
        token_ok,
        at_ms: AT_MS,
    };
    provider.delivery(&callback).map(|delivery| (delivery.of, delivery.status))
}

const PLAIN: &str = "reference = \"/id\"\nattempt = \"/ref\"\nstatuses = { ok = \"delivered\", bad = \"failed\", way = \"nothing\" }";

#[test]
fn without_the_token_nothing_is_read() {
    let provider = provider(PLAIN);
    let body = br#"{"id":"m-1","status":"ok"}"#;
    assert_eq!(read(&provider, false, &[], body), Err(CallbackError::NotAuthentic));
    let told = (DeliveryOf::Reference("m-1".to_owned()), DeliveryStatus::Delivered);
    assert_eq!(read(&provider, true, &[], body), Ok(told));
}

#[test]
fn our_own_identifier_goes_first_and_only_if_it_is_one() {
    let provider = provider(PLAIN);
    let body = format!(r#"{{"id":"m-1","ref":"{}","status":"bad"}}"#, super::ATTEMPT);
    let told = (DeliveryOf::Attempt(super::ATTEMPT.to_owned()), DeliveryStatus::Failed);
    assert_eq!(read(&provider, true, &[], body.as_bytes()), Ok(told));
    let body = br#"{"id":"m-1","ref":"att_x","status":"bad"}"#;
    assert_eq!(read(&provider, true, &[], body).unwrap().0, DeliveryOf::Reference("m-1".to_owned()));
}

#[test]
fn what_says_nothing_or_cannot_be_read_is_told_apart() {
    let provider = provider(PLAIN);
    for body in [r#"{"id":"m","status":"way"}"#, r#"{"id":"m","status":"new to us"}"#] {
        assert_eq!(read(&provider, true, &[], body.as_bytes()), Err(CallbackError::Nothing), "{body}");
    }
    for body in ["", "{", "[]", r#"{"id":"m"}"#, r#"{"status":"ok"}"#, r#"{"id":{},"status":"ok"}"#, "\u{0}"]
    {
        let result = read(&provider, true, &[], body.as_bytes());
        assert!(matches!(result, Err(CallbackError::Malformed(_))), "{body}: {result:?}");
    }
    let long = format!(r#"{{"id":"{}","status":"ok"}}"#, "x".repeat(1000));
    assert!(read(&provider, true, &[], long.as_bytes()).is_err(), "a name that nobody gives");
}

#[test]
fn a_signature_covers_the_body() {
    let provider = provider(&format!(
        "{PLAIN}\nsignature = {{ key = \"shared\", header = \"X-Sig\", encoding = \"hex\", prefix = \"sha256=\" }}"
    ));
    let body = br#"{"id":"m-1","status":"ok"}"#;
    // printf '{"id":"m-1","status":"ok"}' | openssl dgst -sha256 -hmac shared
    let right = "sha256=2b60050fa54c0067de158c51a855778a86c3b2e1a7dfcffa8a8dd6248b6a3632";
    assert!(read(&provider, true, &[("x-sig", right)], body).is_ok());
    assert_eq!(
        read(&provider, false, &[("x-sig", right)], body),
        Err(CallbackError::NotAuthentic),
        "the token too"
    );
    let changed = br#"{"id":"m-2","status":"ok"}"#;
    assert_eq!(read(&provider, true, &[("x-sig", right)], changed), Err(CallbackError::NotAuthentic));
    for wrong in ["", "sha256=", "sha256=00", "sha256=zz", &right[7..], "sha256=é"] {
        assert_eq!(
            read(&provider, true, &[("x-sig", wrong)], body),
            Err(CallbackError::NotAuthentic),
            "{wrong}"
        );
    }
    assert_eq!(read(&provider, true, &[], body), Err(CallbackError::NotAuthentic));
}

#[test]
fn an_old_or_early_time_is_not_believed() {
    let provider = provider(&format!(
        "{PLAIN}\nsignature = {{ key = \"shared\", header = \"x-sig\", signed = [\"timestamp\", \".\", \"body\"], timestamp_header = \"x-time\" }}"
    ));
    let body = br#"{"id":"m-1","status":"ok"}"#;
    let at_s = AT_MS / 1000;
    for (stamp, good) in [(at_s, true), (at_s - 300, true), (at_s - 301, false), (at_s + 301, false)] {
        let signed = [stamp.to_string().as_bytes(), b".", body].concat();
        let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"shared"), &signed);
        let tag = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag);
        let result = read(&provider, true, &[("x-sig", &tag), ("x-time", &stamp.to_string())], body);
        assert_eq!(result.is_ok(), good, "{stamp}");
        let moved = read(&provider, true, &[("x-sig", &tag), ("x-time", &(stamp - 1).to_string())], body);
        assert!(moved.is_err(), "the time is signed");
    }
}

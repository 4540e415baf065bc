//! The ready templates of `examples/providers`, each against a simulator of its provider's wire and a
//! delivery callback as that provider posts and signs it.

use super::sim::{Does, Sim};
use super::{ATTEMPT, message};
use crate::config::{ProviderKind, Settings};
use crate::provider::http::HttpProvider;
use crate::provider::{
    Accepted, Callback, CallbackError, Delivery, DeliveryOf, Money, Provider as _, SendError,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cofferdam_engine::outcome::DeliveryStatus;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CALLBACK: &str = "https://verify.example/v1/deliveries/main/secret-token";
const AT_MS: i64 = 1_790_000_000_000;

/// The template of a provider, its address changed to the simulator's as an operator would: by the environment.
fn provider(name: &str, url: &str, vars: &[(&str, &str)]) -> HttpProvider {
    let file = format!("{}/../../examples/providers/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap();
    let upper = name.to_uppercase();
    let mut environment = vec![(format!("COFFERDAM_PROVIDER__{upper}__URL"), url.to_owned())];
    for (var, value) in vars {
        environment.push((format!("COFFERDAM_PROVIDER__{upper}__VARS__{var}"), (*value).to_owned()));
    }
    let settings = Settings::read(&file, &text, environment).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.routes, [name]);
    let ProviderKind::Http(http) = settings.provider(name).unwrap().kind.clone() else { panic!() };
    HttpProvider::new(name, *http, Some(CALLBACK.to_owned())).unwrap()
}

async fn sent(
    name: &str,
    path: &str,
    vars: &[(&str, &str)],
    status: u16,
    answer: Value,
) -> (Result<Accepted, SendError>, String, String) {
    let sim = Sim::start(Does::Answer(status, "", answer.to_string())).await;
    let provider = provider(name, &format!("http://{}{path}", sim.address), vars);
    let result = provider.send(&message("Your code is 482913 & nothing else")).await;
    let request = sim.requests().pop().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (result, head.to_owned(), body.to_owned())
}

fn told(provider: &HttpProvider, headers: &[(&str, &str)], body: &str) -> Result<Delivery, CallbackError> {
    let headers: BTreeMap<String, String> =
        headers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    provider.delivery(&Callback {
        method: "POST",
        url: CALLBACK,
        headers: &headers,
        body: body.as_bytes(),
        token_ok: true,
        at_ms: AT_MS,
    })
}

fn basic(user: &str, password: &str) -> String {
    format!("authorization: basic {}", STANDARD.encode(format!("{user}:{password}")).to_lowercase())
}

const TWILIO: [(&str, &str); 2] =
    [("ACCOUNT", "AC0123456789abcdef0123456789abcdef"), ("TOKEN", "auth-token")];
const TWILIO_PATH: &str = "/2010-04-01/Accounts/{vars.account}/Messages.json";

#[tokio::test]
async fn twilio_takes_a_form_and_answers_a_message() {
    let answer =
        json!({"sid": "SM1", "status": "queued", "price": null, "price_unit": "USD", "error_code": null});
    let (result, head, body) = sent("twilio", TWILIO_PATH, &TWILIO, 201, answer).await;
    assert_eq!(result.unwrap(), Accepted { reference: Some("SM1".to_owned()), ..Accepted::default() });
    assert!(
        head.starts_with("POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json "),
        "{head}"
    );
    assert!(head.to_lowercase().contains(&basic(TWILIO[0].1, TWILIO[1].1)), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"));
    assert_eq!(
        body,
        "Body=Your+code+is+482913+%26+nothing+else&From=%2B12125550142&StatusCallback=https%3A%2F%2Fverify.example%2Fv1%2Fdeliveries%2Fmain%2Fsecret-token&To=%2B447700900123"
    );
}

#[tokio::test]
async fn twilio_refusals_are_told_apart_by_their_codes() {
    for (status, code, expected) in [
        (400, 21211, "rejected"),
        (400, 21408, "unreachable"),
        (403, 30450, "suspected"),
        (401, 20003, "unavailable"),
        (429, 20429, "unavailable"),
        (400, 99999, "rejected"),
        (500, 20500, "unknown"),
    ] {
        let answer = json!({"code": code, "message": "no", "more_info": "…", "status": status});
        let (result, ..) = sent("twilio", TWILIO_PATH, &TWILIO, status, answer).await;
        assert_eq!(word(&result.unwrap_err()), expected, "{status} {code}");
    }
}

fn word(error: &SendError) -> &'static str {
    match error {
        SendError::Rejected { .. } => "rejected",
        SendError::SuspectedFraud { .. } => "suspected",
        SendError::Unreachable { .. } => "unreachable",
        SendError::Unavailable { .. } => "unavailable",
        SendError::Unknown { .. } => "unknown",
    }
}

#[test]
fn twilio_signs_address_and_sorted_fields() {
    let provider = provider("twilio", "https://api.twilio.com/x", &TWILIO);
    let body =
        "MessageSid=SM1&MessageStatus=delivered&AccountSid=AC0123&To=%2B447700900123&ApiVersion=2010-04-01";
    // base64(HMAC-SHA1("auth-token", address + sorted names and values)), computed apart from this program.
    let signature = "8eZWhNOObV7zQ5PeHBw5+DWK80A=";
    let delivery = told(&provider, &[("x-twilio-signature", signature)], body).unwrap();
    let of = DeliveryOf::Reference("SM1".to_owned());
    assert_eq!(delivery, Delivery { of, status: DeliveryStatus::Delivered, price: None });
    let changed = body.replace("delivered", "failed");
    assert_eq!(
        told(&provider, &[("x-twilio-signature", signature)], &changed),
        Err(CallbackError::NotAuthentic)
    );
    assert_eq!(told(&provider, &[], body), Err(CallbackError::NotAuthentic));
}

const VONAGE: [(&str, &str); 2] = [("KEY", "abcd1234"), ("SECRET", "secret")];

#[tokio::test]
async fn vonage_takes_json_and_answers_a_uuid() {
    let answer = json!({"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"});
    let (result, head, body) = sent("vonage", "/v1/messages", &VONAGE, 202, answer).await;
    assert_eq!(result.unwrap().reference.as_deref(), Some("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"));
    assert!(head.to_lowercase().contains(&basic("abcd1234", "secret")), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let expected = json!({"message_type": "text", "channel": "sms", "to": "447700900123", "from": "Example",
        "text": "Your code is 482913 & nothing else", "client_ref": ATTEMPT, "webhook_url": CALLBACK, "webhook_version": "v1"});
    assert_eq!(body, expected);
    for (status, expected) in [
        (401, "unavailable"),
        (402, "unavailable"),
        (422, "rejected"),
        (429, "unavailable"),
        (500, "unknown"),
    ] {
        let problem = json!({"type": "https://…", "title": "no", "detail": "not so", "instance": "x"});
        let (result, ..) = sent("vonage", "/v1/messages", &VONAGE, status, problem).await;
        assert_eq!(word(&result.unwrap_err()), expected, "{status}");
    }
}

#[test]
fn vonage_tells_by_our_own_reference_with_the_price() {
    let provider = provider("vonage", "https://api.nexmo.com/v1/messages", &VONAGE);
    let body = json!({"message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "to": "447700900123", "from": "Example",
        "timestamp": "2026-11-21T12:00:00Z", "status": "delivered", "client_ref": ATTEMPT, "channel": "sms",
        "usage": {"currency": "EUR", "price": "0.0333"}});
    let delivery = told(&provider, &[], &body.to_string()).unwrap();
    let price = Some(Money { micros: 33_300, currency: "EUR".to_owned() });
    let of = DeliveryOf::Attempt(ATTEMPT.to_owned());
    assert_eq!(delivery, Delivery { of, status: DeliveryStatus::Delivered, price });
    let submitted = body.to_string().replace("\"delivered\"", "\"submitted\"");
    assert_eq!(told(&provider, &[], &submitted), Err(CallbackError::Nothing));
}

fn telnyx() -> (Ed25519KeyPair, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = STANDARD.encode(pair.public_key());
    (pair, public)
}

#[tokio::test]
async fn telnyx_takes_json_and_answers_data() {
    let (_, public) = telnyx();
    let vars = [("KEY", "KEY0123"), ("PUBLIC_KEY", public.as_str())];
    let answer = json!({"data": {"id": "40385f64-5717-4562-b3fc-2c963f66afa6", "record_type": "message",
        "cost": {"amount": 0.0051, "currency": "USD"}, "to": [{"status": "queued"}], "errors": []}});
    let (result, head, body) = sent("telnyx", "/v2/messages", &vars, 200, answer).await;
    let accepted = result.unwrap();
    assert_eq!(accepted.reference.as_deref(), Some("40385f64-5717-4562-b3fc-2c963f66afa6"));
    assert_eq!(accepted.price, Some(Money { micros: 5_100, currency: "USD".to_owned() }));
    assert!(head.to_lowercase().contains("authorization: bearer key0123"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let expected = json!({"to": "+447700900123", "from": "+12125550142", "text": "Your code is 482913 & nothing else",
        "webhook_url": CALLBACK, "use_profile_webhooks": false});
    assert_eq!(body, expected);
    for (status, code, expected) in [
        (422, "10016", "rejected"),
        (401, "10009", "unavailable"),
        (429, "10011", "unavailable"),
        (400, "40309", "unreachable"),
    ] {
        let answer = json!({"errors": [{"code": code, "title": "no", "detail": "not so"}]});
        let (result, ..) = sent("telnyx", "/v2/messages", &vars, status, answer).await;
        assert_eq!(word(&result.unwrap_err()), expected, "{code}");
    }
}

#[test]
fn telnyx_signs_time_and_body_with_ed25519() {
    let (pair, public) = telnyx();
    let provider =
        provider("telnyx", "https://api.telnyx.com/v2/messages", &[("KEY", "k"), ("PUBLIC_KEY", &public)]);
    let body =
        json!({"data": {"event_type": "message.finalized", "id": "e", "record_type": "event", "payload": {
        "id": "40385f64-5717-4562-b3fc-2c963f66afa6", "cost": {"amount": "0.0051", "currency": "USD"},
        "to": [{"phone_number": "+447700900123", "status": "delivery_failed"}]}}})
        .to_string();
    let stamp = (AT_MS / 1000).to_string();
    let signature = STANDARD.encode(pair.sign(format!("{stamp}|{body}").as_bytes()));
    let headers = [("telnyx-timestamp", stamp.as_str()), ("telnyx-signature-ed25519", signature.as_str())];
    let delivery = told(&provider, &headers, &body).unwrap();
    assert_eq!(delivery.status, DeliveryStatus::Undelivered);
    assert_eq!(delivery.price, Some(Money { micros: 5_100, currency: "USD".to_owned() }));
    assert_eq!(
        told(&provider, &headers, &body.replace("0.0051", "0.0052")),
        Err(CallbackError::NotAuthentic)
    );
    let old = (AT_MS / 1000 - 301).to_string();
    let signature = STANDARD.encode(pair.sign(format!("{old}|{body}").as_bytes()));
    let headers = [("telnyx-timestamp", old.as_str()), ("telnyx-signature-ed25519", signature.as_str())];
    assert_eq!(told(&provider, &headers, &body), Err(CallbackError::NotAuthentic), "too old");
}

//! What callers send stays a value: in addresses, forms, JSON and headers.

use super::message;
use super::sim::{Does, Sim};
use crate::config::{HttpSettings, ProviderKind, Settings};
use crate::provider::http::{HttpProvider, encode};
use crate::provider::{Provider as _, SendError};
use proptest::prelude::*;
use serde_json::Value;

fn settings(text: &str) -> HttpSettings {
    let settings = Settings::read("test", text, []).unwrap();
    match settings.provider("main").unwrap().kind.clone() {
        ProviderKind::Http(settings) => *settings,
        ProviderKind::Outbox => panic!("kind http"),
    }
}

async fn sent(template: &str, body: &'static str) -> (Result<(), SendError>, Vec<String>) {
    let sim = Sim::start(Does::Answer(200, "", "{}".to_owned())).await;
    let text = format!("[provider.main]\nurl = \"http://{}/a/{{body}}/z\"\n{template}", sim.address);
    let provider = HttpProvider::new("main", settings(&text), None).unwrap();
    let result = provider.send(&message(body)).await.map(drop);
    (result, sim.requests())
}

const HOSTILE: &str = "a\"}&b=c/../?x#y%zz\r\nInjected: 1\r\n\r\nü{to}\\";

#[tokio::test]
async fn a_hostile_text_stays_one_value_in_json_and_in_the_address() {
    let (result, requests) =
        sent("[provider.main.body.json]\na = { b = [\"{body}\", 1, true] }\nc = \"x{{}}y\"", HOSTILE).await;
    result.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, serde_json::json!({"a": {"b": [HOSTILE, 1, true]}, "c": "x{}y"}));
    let path = head.split(' ').nth(1).unwrap();
    assert!(path.starts_with("/a/") && path.ends_with("/z") && path.matches('/').count() == 3, "{path}");
    assert!(!head.to_lowercase().contains("injected: 1"), "{head}");
}

#[tokio::test]
async fn a_hostile_text_stays_one_field_of_a_form() {
    let (result, requests) = sent(
        "[provider.main.body.form]\n\"Bo dy\" = \"{body}\"\nLocale = \"{locale}\"\nEnd = \"1&2\"",
        HOSTILE,
    )
    .await;
    result.unwrap();
    let (_, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let fields = super::super::delivery::form(body.as_bytes()).unwrap();
    let expected = [("Bo dy", HOSTILE), ("End", "1&2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(fields, expected, "a place without a value takes its field with it");
}

#[tokio::test]
async fn a_line_break_in_a_header_is_refused_before_anything_leaves() {
    let (result, requests) = sent("[provider.main.headers]\nx-text = \"{body}\"", HOSTILE).await;
    assert!(matches!(result, Err(SendError::Rejected { .. })), "{result:?}");
    assert!(requests.is_empty());
}

proptest! {
    #[test]
    fn whatever_is_put_into_an_address_comes_out_of_it(text in ".*") {
        let url = format!("http://h/a/{}/z?q={}", encode::in_url(&text), encode::in_url(&text));
        let url = reqwest::Url::parse(&url).unwrap();
        // `.` and `..` are the two segments that an address cannot hold, escaped or not.
        if text != "." && text != ".." {
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
        }
        let (_, value) = url.query_pairs().next().unwrap();
        prop_assert_eq!(value, text);
        prop_assert_eq!(url.query_pairs().count(), 1);
    }

    #[test]
    fn whatever_is_put_into_a_form_comes_out_of_it(name in ".*", value in ".*") {
        let body = format!("{}={}", encode::in_form(&name), encode::in_form(&value));
        let fields = super::super::delivery::form(body.as_bytes()).unwrap();
        prop_assert_eq!(fields, vec![(name, value)]);
    }

    #[test]
    fn any_callback_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = super::super::delivery::form(&body);
    }
}

//! Lines of a stream: what is read, what is refused and how it is named, and that nothing panics.

use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use cofferdam_engine::{Channel, Decision};
use cofferdam_sim::stream::line::{LINE_MAX, LineError, read};
use cofferdam_sim::stream::write;
use cofferdam_sim::{AttemptEvent, Became, Decided, Event, OutcomeEvent};
use proptest::prelude::*;

fn attempt(line: &str) -> AttemptEvent {
    match read(line.as_bytes()) {
        Ok(Some(Event::Attempt(attempt))) => attempt,
        other => panic!("{line}: {other:?}"),
    }
}

fn outcome(line: &str) -> OutcomeEvent {
    match read(line.as_bytes()) {
        Ok(Some(Event::Outcome(outcome))) => outcome,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn an_attempt_with_every_field() {
    let full = attempt(
        r#" {"type":"attempt","id":"a1","ts":1741564814836,"phone":"+447700900123","channel":"voice","price":0.0854,"profile":"sign\u0075p","ip":"2001:db8::1","asn":4200000037,"ip_country":"FR","device_id":"d39e86","session_id":"s54cb","user_id":"u\\1","user_agent":"A \ud83d\ude00 \"b\"","more":{"a":[1,{"b":null}]}}"#,
    );
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        full,
        AttemptEvent {
            id: "a1".into(),
            at_ms: 1_741_564_814_836,
            phone: "+447700900123".into(),
            channel: Channel::Voice,
            price_micros: Some(85_400),
            ip: text("2001:db8::1"),
            asn: Some(4_200_000_037),
            ip_country: text("FR"),
            device_id: text("d39e86"),
            session_id: text("s54cb"),
            user_id: text("u\\1"),
            user_agent: text("A 😀 \"b\""),
            profile: text("signup"),
        }
    );
}

#[test]
fn an_attempt_with_hardly_any() {
    let bare = attempt(
        "{\"type\":\"attempt\",\"id\":\"a2\",\"ts\":\"2025-03-10T00:00:25.794Z\",\"phone\":\"\",\"ip\":null}\r\n",
    );
    assert_eq!(
        (bare.at_ms, bare.channel, bare.ip, bare.price_micros),
        (1_741_564_825_794, Channel::Sms, None, None)
    );
}

#[test]
fn every_outcome() {
    let ok = Became::Check(CheckResult::Ok);
    for (body, is) in [
        (r#""type":"challenge","result":"passed""#, Became::Challenge { passed: true }),
        (r#""type":"challenge","result":"failed""#, Became::Challenge { passed: false }),
        (r#""type":"delivery","status":"delivered""#, Became::Delivery(DeliveryStatus::Delivered)),
        (r#""type":"delivery","status":"undelivered""#, Became::Delivery(DeliveryStatus::Undelivered)),
        (r#""type":"delivery","status":"failed""#, Became::Delivery(DeliveryStatus::Failed)),
        (r#""type":"delivery","status":"expired""#, Became::Delivery(DeliveryStatus::Expired)),
        (r#""type":"delivery","status":"unknown""#, Became::Delivery(DeliveryStatus::Unknown)),
        (r#""type":"check","result":"ok""#, ok),
        (r#""type":"check","result":"wrong""#, Became::Check(CheckResult::Wrong)),
        (r#""type":"check","result":"expired""#, Became::Check(CheckResult::Expired)),
        (r#""type":"conversion","result":"ok""#, ok),
    ] {
        let read = outcome(&format!(r#"{{"attempt_id":"a1","ts":5,{body}}}"#));
        assert_eq!((read.attempt_id.as_str(), read.at_ms, read.what), ("a1", 5, is), "{body}");
    }
}

#[test]
fn what_is_not_known_is_ignored() {
    for line in ["", "  \r\n", "\t", r#"{"type":"weather","ts":"soon","id":7,"id":8}"#, r#"{"type":""}"#] {
        assert_eq!(read(line.as_bytes()), Ok(None), "{line}");
    }
    assert_eq!(
        attempt(r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","channel":"carrier pigeon"}"#).channel,
        Channel::Sms
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (line, says) in [
        ("{", "byte 2"),
        ("[]", "an object"),
        ("{} x", "the end of the line"),
        (r#"{"type":"attempt",}"#, "a text in double quotes"),
        (r#"{"type":"att"#, "the end of a text"),
        ("{}", "`type` is missing"),
        (r#"{"type":1}"#, "`type` should be a text"),
        (r#"{"type":"attempt","ts":1,"phone":"+1"}"#, "`id` is missing"),
        (r#"{"type":"attempt","id":"a","phone":"+1"}"#, "`ts` is missing"),
        (r#"{"type":"attempt","id":"a","ts":1}"#, "`phone` is missing"),
        (r#"{"type":"attempt","id":"","ts":1,"phone":"+1"}"#, "`id` should be of 1 to 64"),
        (r#"{"type":"attempt","id":5,"ts":1,"phone":"+1"}"#, "`id` should be a text"),
        (r#"{"type":"attempt","id":"a","id":"b","ts":1,"phone":"+1"}"#, "`id` stands twice"),
        (r#"{"type":"attempt","id":"a","ts":1.5,"phone":"+1"}"#, "`ts` should be"),
        (r#"{"type":"attempt","id":"a","ts":99999999999999999999,"phone":"+1"}"#, "`ts` should be"),
        (r#"{"type":"attempt","id":"a","ts":"2025-03-10T00:00:25","phone":"+1"}"#, "`ts` should be"),
        (r#"{"type":"attempt","id":"a","ts":true,"phone":"+1"}"#, "`ts` should be"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","price":1e400}"#, "`price` should be below"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","price":-1}"#, "`price` should be nought or more"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","price":"1"}"#, "`price` should be a number"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","asn":4294967296}"#, "`asn` should be"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","asn":-1}"#, "`asn` should be"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"+1","ip":{}}"#, "`ip` should be a text"),
        (r#"{"type":"attempt","id":"a","ts":1,"phone":"\ud800"}"#, "surrogate"),
        (
            r#"{"type":"check","attempt_id":"a","ts":1,"result":"OK"}"#,
            "`result` should be `ok`, `wrong` or `expired`",
        ),
        (r#"{"type":"check","attempt_id":"a","ts":1}"#, "`result` is missing"),
        (r#"{"type":"conversion","attempt_id":"a","ts":1,"result":"wrong"}"#, "`result` should be `ok`"),
        (r#"{"type":"delivery","attempt_id":"a","ts":1,"status":"sent"}"#, "`status` should be"),
        (r#"{"type":"delivery","ts":1,"status":"failed"}"#, "`attempt_id` is missing"),
        (
            r#"{"type":"challenge","attempt_id":"a","ts":1,"result":"ok"}"#,
            "`result` should be `passed` or `failed`",
        ),
    ] {
        let error = read(line.as_bytes()).expect_err(line).to_string();
        assert!(error.contains(says), "{line}: {error}");
    }
    assert_eq!(read(b"{\"type\":\"\xff\"}"), Err(LineError::NotUtf8(10)));
    let long = format!(r#"{{"type":"weather","much":"{}"}}"#, "x".repeat(LINE_MAX));
    assert_eq!(read(long.as_bytes()), Err(LineError::TooLong));
    let deep = format!(r#"{{"type":"weather","deep":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert!(matches!(read(deep.as_bytes()), Err(LineError::NotJson(_, "less nesting"))));
}

#[test]
fn an_identifier_has_at_most_64_characters_however_many_bytes() {
    let line = |id: &str| format!(r#"{{"type":"attempt","id":"{id}","ts":1,"phone":"+1"}}"#);
    assert!(read(line(&"é".repeat(64)).as_bytes()).is_ok());
    assert!(read(line(&"é".repeat(65)).as_bytes()).is_err());
}

#[test]
fn decisions_are_written_as_the_format_has_them() {
    let mut decided = Decided {
        decision: Decision::Block,
        score: Some(0.021_3),
        reasons: vec!["network.volume".into(), "prefix.density".into()],
        evidence: Some(r#"{"key":"k"}"#.into()),
    };
    let written = |decided: &Decided| {
        let mut line = String::new();
        write::decision("a\"1", decided, &mut line);
        line
    };
    assert_eq!(
        written(&decided),
        "{\"attempt_id\":\"a\\\"1\",\"decision\":\"block\",\"score\":0.0213,\"reasons\":[\"network.volume\",\"prefix.density\"],\"evidence\":{\"key\":\"k\"}}\n"
    );
    decided = Decided { decision: Decision::Allow, score: None, reasons: vec![], evidence: None };
    assert_eq!(written(&decided), "{\"attempt_id\":\"a\\\"1\",\"decision\":\"allow\",\"reasons\":[]}\n");
    for (score, text) in
        [(0.0, "0"), (1.0, "1"), (0.5, "0.5"), (1e-9, "0"), (0.999_999_9, "1"), (f64::NAN, "0.5")]
    {
        decided.score = Some(score);
        assert!(written(&decided).contains(&format!("\"score\":{text},")), "{score}");
    }
}

fn texts() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(any::<String>().prop_map(|text| text.chars().take(40).collect()))
}

prop_compose! {
    fn attempts()(
        id in "[ -~é😀]{1,64}", at_ms in -62_167_219_200_000_i64..253_402_300_799_000, phone in any::<String>(),
        channel in prop::sample::select(vec![Channel::Sms, Channel::Voice, Channel::Whatsapp, Channel::Email]),
        price_micros in proptest::option::of(0_i64..1_000_000_000_000_000), asn in any::<Option<u32>>(),
        [ip, ip_country, device_id, session_id, user_id, user_agent, profile] in [
            texts(), texts(), texts(), texts(), texts(), texts(), texts(),
        ],
    ) -> AttemptEvent {
        AttemptEvent { id, at_ms, phone, channel, price_micros, ip, asn, ip_country, device_id, session_id, user_id, user_agent, profile }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes are an event, nothing, or an error; never a panic.
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    /// Bytes that nearly are a line.
    #[test]
    fn a_broken_line_is_answered(attempt in attempts(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut line = String::new();
        write::event(&Event::Attempt(attempt), &mut line);
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = read(&bytes);
    }

    /// What is written is read back, by us and by everybody.
    #[test]
    fn what_is_written_is_read_back(attempt in attempts()) {
        let event = Event::Attempt(attempt);
        let mut line = String::new();
        write::event(&event, &mut line);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{}", line);
        if line.len() <= LINE_MAX {
            prop_assert_eq!(read(line.as_bytes()), Ok(Some(event)));
        }
    }

    /// An object is one for us when it is one for the usual library.
    #[test]
    fn json_is_what_others_take_for_json(text in r#"\{("[a-c\\u0d8]{0,5}"|[:,\[\]{}]|-?[0-9.eE+]{1,4}|true|null| ){0,12}\}"#) {
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
        let ours = read(text.as_bytes());
        // The library refuses numbers that no float can hold; to us they are text until somebody asks.
        let too_large = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        prop_assert_eq!(theirs.is_ok() || too_large, !matches!(ours, Err(LineError::NotJson(..))), "{}: {:?} {:?}", text, theirs, ours);
    }

    /// Any moment, in any offset, is the one that another implementation reads.
    #[test]
    fn times_agree_with_another_reader(at_ms in -62_135_596_800_000_i64..253_402_207_200_000, minutes in -1_080_i32..1_080) {
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        let text = jiff::Timestamp::from_millisecond(at_ms).unwrap().display_with_offset(offset).to_string();
        if text.starts_with('-') { return Ok(()); } // a year before nought
        let line = format!(r#"{{"type":"attempt","id":"a","ts":"{text}","phone":"+1"}}"#);
        match read(line.as_bytes()) {
            Ok(Some(event)) => prop_assert_eq!(event.at_ms(), at_ms, "{}", text),
            other => prop_assert!(false, "{}: {:?}", text, other),
        }
    }
}

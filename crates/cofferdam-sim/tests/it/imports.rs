//! Exports of providers: the same afternoon in eight formats, all numbers reserved for fiction.

use cofferdam_engine::Channel;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use cofferdam_sim::import::{FORMATS, Imported, format};
use cofferdam_sim::stream::{line, write};
use cofferdam_sim::{AttemptEvent, Became, Event};
use std::path::Path;

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exports");
    let file = ["csv", "jsonl"]
        .iter()
        .map(|end| folder.join(format!("{name}.sample.{end}")))
        .find(|file| file.exists());
    std::fs::read_to_string(file.unwrap_or_else(|| panic!("no sample of {name}"))).unwrap()
}

fn attempts(imported: &Imported) -> Vec<&AttemptEvent> {
    imported
        .events
        .iter()
        .filter_map(|event| if let Event::Attempt(attempt) = event { Some(attempt) } else { None })
        .collect()
}

fn became(imported: &Imported, what: Became) -> usize {
    imported
        .events
        .iter()
        .filter(|event| matches!(event, Event::Outcome(outcome) if outcome.what == what))
        .count()
}

const OK: Became = Became::Check(CheckResult::Ok);
const DELIVERED: Became = Became::Delivery(DeliveryStatus::Delivered);

#[test]
fn every_format_tells_of_the_same_afternoon() {
    for known in FORMATS {
        let imported =
            known.import(&sample(known.name)).unwrap_or_else(|error| panic!("{}: {error}", known.name));
        let attempts = attempts(&imported);
        assert_eq!(attempts.len(), 24, "{}", known.name);
        assert_eq!(attempts[0].phone, "+46701740676", "{}", known.name);
        assert_eq!(attempts[0].at_ms, 1_773_453_600_000, "{}", known.name);
        assert_eq!(attempts[5].phone, "+447700900410", "{}", known.name);
        assert!(imported.events.is_sorted_by_key(Event::at_ms), "{}", known.name);
        assert_eq!(attempts[0].price_micros, Some(52_000), "{}", known.name);
        assert_eq!(attempts[23].price_micros, Some(8_300), "{}", known.name);
        assert!(imported.currency.is_some(), "{}", known.name);
        assert!(imported.prices.len() >= 4, "{}: {:?}", known.name, imported.prices);
        let converted = became(&imported, OK);
        assert_eq!(converted, if known.name.contains("verify") { 8 } else { 0 }, "{}", known.name);
        if known.name != "vonage-verify" {
            assert!(became(&imported, DELIVERED) >= 20, "{}", known.name);
        }
        // What was read can be written as a stream, and read again.
        for event in &imported.events {
            let mut text = String::new();
            write::event(event, &mut text);
            assert_eq!(line::read(text.as_bytes()), Ok(Some(event.clone())));
        }
    }
}

#[test]
fn columns_are_read_by_name_in_any_order_and_case() {
    let text = "STATUS,Direction,sid,To,SentDate\ndelivered,outbound-api,SM1,12125550123,2026-03-14 02:00:00\nreceived,inbound,SM2,12125550199,2026-03-14 02:00:00\n";
    let imported = format("twilio-messages").unwrap().import(text).unwrap();
    assert_eq!((attempts(&imported).len(), imported.left_out), (1, 1));
    assert_eq!(attempts(&imported)[0].phone, "+12125550123");
}

#[test]
fn the_newest_may_come_first() {
    let text = sample("twilio-messages");
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let forward = format("twilio-messages").unwrap().import(&text).unwrap();
    let backward = format("twilio-messages").unwrap().import(&lines.join("\n")).unwrap();
    assert_eq!(forward.events, backward.events);
}

#[test]
fn a_price_that_is_missing_is_learned_from_the_network_or_country() {
    let head = "To,Status,SentDate,Sid,Price\n";
    let row = |n: u32, to: &str, price: &str| format!("{to},sent,2026-03-14T02:00:0{n}Z,SM{n},{price}\n");
    let text = [
        head.to_owned(),
        row(1, "+12125550123", "-0.0083"),
        row(2, "+12125550124", "-0.0083"),
        row(3, "+12125550125", "-0.0100"),
        row(4, "+13105550126", ""),
        row(5, "+447700900123", ""),
    ]
    .concat();
    let imported = format("twilio-messages").unwrap().import(&text).unwrap();
    let prices: Vec<Option<i64>> = attempts(&imported).iter().map(|attempt| attempt.price_micros).collect();
    assert_eq!(prices, [Some(8_300), Some(8_300), Some(10_000), Some(8_300), None]);
    assert_eq!(imported.priced, 1);
}

#[test]
fn a_verification_of_several_messages_is_several_attempts() {
    let text = "request_id,to,date_received,verify_status,sms_event_count,tts_event_count,estimated_price,date_finalized\nr1,447700900123,2026-03-14T02:00:00+0000,SUCCESS,2,1,0.138,2026-03-14T02:06:00+0000\n";
    let imported = format("vonage-verify").unwrap().import(text).unwrap();
    let attempts = attempts(&imported);
    let ids: Vec<&str> = attempts.iter().map(|attempt| attempt.id.as_str()).collect();
    assert_eq!(ids, ["r1", "r1.2", "r1.3"]);
    assert!(attempts.iter().all(|attempt| attempt.session_id.as_deref() == Some("r1")));
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.price_micros == Some(46_000) && attempt.channel == Channel::Sms)
    );
    let checks: Vec<&Event> =
        imported.events.iter().filter(|event| matches!(event, Event::Outcome(_))).collect();
    assert!(matches!(checks[..], [Event::Outcome(check)] if check.attempt_id == "r1.3" && check.what == OK));
}

#[test]
fn what_is_wrong_is_named() {
    let twilio = format("twilio-messages").unwrap();
    for (text, says) in [
        ("", "not even a header"),
        ("a,b\n1,2\n", "no column `to`"),
        ("a,b\n1,2\n", "known are plivo-mdr, telnyx-mdr"),
        ("To,Status,Sid\n", "no column `sentdate`"),
        (
            "To,Status,SentDate,Sid\n+1,sent,2026-03-14T02:00:00Z,SM1\n,sent,2026-03-14T02:00:00Z,SM2\n",
            "line 3: `to` is empty",
        ),
        ("To,Status,SentDate,Sid\n+1,sent,yesterday,SM1\n", "line 2: `yesterday` is no time"),
        (
            "To,Status,SentDate,Sid,Price\n+1,sent,2026-03-14T02:00:00Z,SM1,much\n",
            "line 2: `price` should be an amount",
        ),
        ("To,Status,SentDate,Sid\n+1,sent,2026-03-14T02:00:00Z,\n", "line 2: `sid` is empty"),
    ] {
        let error = twilio.import(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    let other = twilio.import(&sample("telnyx-mdr")).unwrap_err().to_string();
    assert!(other.contains("that of `telnyx-mdr`"), "{other}");
    let unknown = format("sinch").err().unwrap().to_string();
    assert!(unknown.contains("`sinch`") && unknown.contains("vonage-verify"), "{unknown}");
}

#[test]
fn no_text_makes_an_importer_panic() {
    let mut dice = cofferdam_sim::Dice::new(3);
    for known in FORMATS {
        let text = sample(known.name);
        for _ in 0..300 {
            let mut bytes = text.clone().into_bytes();
            bytes.truncate(dice.below(bytes.len() as u64) as usize + 1);
            for _ in 0..3 {
                let at = dice.below(bytes.len() as u64) as usize;
                bytes[at] = b"\",;\n\r{}:0-+9\xffa"[dice.below(14) as usize];
            }
            let _ = known.import(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn every_file_of_a_format_is_in_the_table_and_in_the_guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = std::fs::read_dir(root.join("src/import"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        .filter(|name| !["table", "prices"].contains(&name.as_str()))
        .collect();
    files.sort();
    assert_eq!(files, FORMATS.map(|format| format.name));
    let guide = std::fs::read_to_string(root.join("../../docs/guides/replay.md")).unwrap();
    for format in FORMATS {
        assert!(guide.contains(&format!("| `{}` | {} |", format.name, format.about)), "{}", format.name);
    }
}

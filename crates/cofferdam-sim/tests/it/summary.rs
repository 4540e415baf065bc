//! What a replay came to, on a stream whose figures are known.

use cofferdam_engine::Decision;
use cofferdam_sim::stream::line::read;
use cofferdam_sim::{AttemptEvent, Became, Decided, Event, Judge, Pipe, Summary};

/// Blocks, challenges or allows by the first letter of the identifier.
struct ByLetter;

impl Judge for ByLetter {
    fn decide(&mut self, attempt: &AttemptEvent, _: i64) -> Decided {
        let (decision, reasons) = match attempt.id.as_bytes()[0] {
            b'b' => (Decision::Block, vec!["prefix.density".to_owned()]),
            b'c' => (Decision::Challenge, vec![]),
            _ => (Decision::Allow, vec![]),
        };
        Decided { decision, score: Some(0.5), reasons, evidence: None }
    }

    fn learn(&mut self, _: &str, _: Became, _: i64) {}
}

fn summary(lines: &[&str]) -> Summary {
    let mut summary = Summary::default();
    let mut pipe = Pipe::new(ByLetter);
    for line in lines {
        let event = read(line.as_bytes()).unwrap().unwrap();
        let asked = if let Event::Attempt(attempt) = &event { Some(summary.asked(attempt)) } else { None };
        let told = pipe.push_noted(&event, |decision| asked.map(|asked| asked.note(decision)).unwrap());
        summary.told(&event, asked, &told, pipe.now_ms());
    }
    summary
}

#[test]
fn money_and_people_are_counted_as_they_were_decided() {
    let summary = summary(&[
        r#"{"type":"attempt","id":"a1","ts":1000,"phone":"+12125550123","price":0.01}"#,
        r#"{"type":"attempt","id":"c1","ts":2000,"phone":"+12125550124","price":0.02}"#,
        r#"{"type":"attempt","id":"c2","ts":2500,"phone":"+447700900123","price":0.04}"#,
        r#"{"type":"challenge","attempt_id":"c1","ts":3000,"result":"passed"}"#,
        r#"{"type":"challenge","attempt_id":"c2","ts":3100,"result":"failed"}"#,
        r#"{"type":"attempt","id":"b1","ts":4000,"phone":"+447700900124","price":0.05}"#,
        r#"{"type":"attempt","id":"b2","ts":5000,"phone":"+447700900125","price":0.05}"#,
        r#"{"type":"check","attempt_id":"a1","ts":6000,"result":"ok"}"#,
        r#"{"type":"check","attempt_id":"c1","ts":6000,"result":"wrong"}"#,
        r#"{"type":"check","attempt_id":"c1","ts":6000,"result":"ok"}"#,
        r#"{"type":"check","attempt_id":"c2","ts":6000,"result":"ok"}"#,
        r#"{"type":"check","attempt_id":"b1","ts":6000,"result":"ok"}"#,
        r#"{"type":"check","attempt_id":"b1","ts":6000,"result":"ok"}"#,
        r#"{"type":"attempt","id":"a1","ts":10,"phone":"nonsense"}"#,
        r#"{"type":"attempt","id":"a2","ts":7000,"phone":"+12125550125"}"#,
    ]);
    let all = &summary.all;
    assert_eq!((all.attempts, all.allowed, all.challenged, all.blocked), (7, 3, 2, 2));
    assert_eq!((all.challenge_passed, all.challenge_failed), (1, 1));
    assert_eq!((all.converted, all.blocked_converted, all.challenged_converted), (2, 1, 1));
    let example = summary.all.would_micros - 170_000;
    assert!(example > 0, "an attempt without a price has the example price of its country");
    assert_eq!((summary.priced, summary.priced_by_example), (5, 1));
    assert_eq!(all.spent_micros, 30_000 + example);
    assert_eq!((all.blocked_micros, all.saved_micros()), (100_000, 140_000));
    assert_eq!(all.first_stop, Some((4000, 2)), "two were sent before it");
    assert_eq!((summary.repeated, summary.unordered), (1, 1));
    assert_eq!(summary.outcomes, [5, 2, 1]);
    assert_eq!(summary.reasons(), [("prefix.density", 2, 100_000)]);
    assert_eq!(summary.prefixes(9)[0].1, 2);
    assert_eq!(summary.prefixes(9)[0].0.to_string(), "+44770090");
    assert_eq!((summary.stops.len(), summary.stops[0].attempt), (2, 4));

    let countries = summary.countries();
    let names: Vec<_> =
        countries.iter().map(|(country, _)| country.map(cofferdam_atlas::Country::iso2)).collect();
    assert_eq!(names, [Some("GB"), Some("US"), None], "most saved first");
    assert_eq!(countries[0].1.would_micros, 140_000);
    let series: i64 = summary.series.spans().map(|span| span.sums.spent_micros).sum();
    assert_eq!(series, all.spent_micros, "the curve holds the money of passed challenges too");
}

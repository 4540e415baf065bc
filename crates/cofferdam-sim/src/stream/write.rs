//! Writes lines: events, and the decisions about them. Nothing is sorted or left to a machine's taste,
//! so the same values are the same bytes everywhere.

use super::{AttemptEvent, Became, Event, OutcomeEvent};
use crate::judge::Decided;
use alloc::string::String;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use cofferdam_engine::{Channel, Decision};
use core::fmt::Write as _;

/// Appends an event as one line, with its end.
pub fn event(event: &Event, line: &mut String) {
    match event {
        Event::Attempt(attempt) => attempt_line(attempt, line),
        Event::Outcome(outcome) => outcome_line(outcome, line),
    }
}

fn attempt_line(attempt: &AttemptEvent, line: &mut String) {
    line.push_str(r#"{"type":"attempt","id":"#);
    text(&attempt.id, line);
    let _ = write!(line, r#","ts":{},"phone":"#, attempt.at_ms);
    text(&attempt.phone, line);
    if attempt.channel != Channel::Sms {
        line.push_str(r#","channel":"#);
        text(channel_name(attempt.channel), line);
    }
    if let Some(micros) = attempt.price_micros {
        line.push_str(r#","price":"#);
        money(micros, line);
    }
    optional("ip", attempt.ip.as_deref(), line);
    if let Some(asn) = attempt.asn {
        let _ = write!(line, r#","asn":{asn}"#);
    }
    optional("ip_country", attempt.ip_country.as_deref(), line);
    optional("device_id", attempt.device_id.as_deref(), line);
    optional("session_id", attempt.session_id.as_deref(), line);
    optional("user_id", attempt.user_id.as_deref(), line);
    optional("user_agent", attempt.user_agent.as_deref(), line);
    optional("profile", attempt.profile.as_deref(), line);
    line.push_str("}\n");
}

fn outcome_line(outcome: &OutcomeEvent, line: &mut String) {
    let (kind, field, value) = match outcome.what {
        Became::Challenge { passed: true } => ("challenge", "result", "passed"),
        Became::Challenge { passed: false } => ("challenge", "result", "failed"),
        Became::Delivery(status) => ("delivery", "status", status_name(status)),
        Became::Check(result) => ("check", "result", result_name(result)),
    };
    let _ = write!(line, r#"{{"type":"{kind}","attempt_id":"#);
    text(&outcome.attempt_id, line);
    let _ = writeln!(line, r#","ts":{},"{field}":"{value}"}}"#, outcome.at_ms);
}

/// Appends what was decided about an attempt as one line, with its end.
pub fn decision(attempt_id: &str, decided: &Decided, line: &mut String) {
    line.push_str(r#"{"attempt_id":"#);
    text(attempt_id, line);
    line.push_str(r#","decision":""#);
    line.push_str(decision_name(decided.decision));
    line.push('"');
    if let Some(score) = decided.score {
        line.push_str(r#","score":"#);
        probability(score, line);
    }
    line.push_str(r#","reasons":["#);
    for (at, reason) in decided.reasons.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        text(reason, line);
    }
    line.push(']');
    if let Some(evidence) = &decided.evidence {
        line.push_str(r#","evidence":"#);
        line.push_str(evidence);
    }
    line.push_str("}\n");
}

/// Its name in the format.
pub fn decision_name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Challenge => "challenge",
        Decision::Block => "block",
    }
}

/// Its name in the format.
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "sms",
        Channel::Voice => "voice",
        Channel::Whatsapp => "whatsapp",
        Channel::Email => "email",
    }
}

fn status_name(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Undelivered => "undelivered",
        DeliveryStatus::Failed => "failed",
        DeliveryStatus::Expired => "expired",
        DeliveryStatus::Unknown => "unknown",
    }
}

fn result_name(result: CheckResult) -> &'static str {
    match result {
        CheckResult::Ok => "ok",
        CheckResult::Wrong => "wrong",
        CheckResult::Expired => "expired",
    }
}

fn optional(name: &str, value: Option<&str>, line: &mut String) {
    if let Some(value) = value {
        let _ = write!(line, r#","{name}":"#);
        text(value, line);
    }
}

/// A probability in millionths: finer, no calibration can tell.
fn probability(score: f64, line: &mut String) {
    // What is no number is certainly nothing that anybody should rely on.
    let millionths = if score.is_nan() { 500_000 } else { libm::round(score.clamp(0.0, 1.0) * 1e6) as i64 };
    money(millionths, line);
}

/// Millionths as a decimal number without needless noughts.
pub(crate) fn money(micros: i64, line: &mut String) {
    if micros < 0 {
        line.push('-');
    }
    let micros = micros.unsigned_abs();
    let _ = write!(line, "{}", micros / 1_000_000);
    let mut part = micros % 1_000_000;
    if part > 0 {
        line.push('.');
        let mut unit = 100_000;
        while part > 0 {
            line.push(char::from(b'0' + (part / unit) as u8));
            part %= unit;
            unit /= 10;
        }
    }
}

/// A JSON text.
pub(crate) fn text(value: &str, line: &mut String) {
    line.push('"');
    let mut plain = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        line.push_str(value.get(plain..at).unwrap_or(""));
        plain = at + 1;
        match byte {
            b'"' => line.push_str("\\\""),
            b'\\' => line.push_str("\\\\"),
            b'\n' => line.push_str("\\n"),
            b'\t' => line.push_str("\\t"),
            _ => {
                let _ = write!(line, "\\u{byte:04x}");
            }
        }
    }
    line.push_str(value.get(plain..).unwrap_or(""));
    line.push('"');
}

//! `POST /v1/events`: what happened to attempts afterwards, up to a thousand at once, as a JSON list or
//! line by line. Each item is taken or refused by itself, so that one bad line costs no other.

use super::auth::Access;
use super::body::{self, Format, Part};
use super::json::{self, Fields, ITEMS_MAX, Json};
use super::problem::Problem;
use super::route::{BodySize, Route};
use super::shape::{Checker, Kind, Shape, may, must};
use super::wire::{Answer, Call, Result};
use crate::store::row::ToldOf;
use crate::verify::KeyScope;
use crate::verify::report::{self, ReportAnswer, Reported};
use cofferdam_engine::outcome::{ActivityKind, CheckResult, DeliveryStatus, What};
use hyper::StatusCode;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

static TYPES: &[&str] =
    &["challenge", "sent", "not_sent", "delivery", "check", "conversion", "price", "label", "activity"];

static EVENT: Shape = Shape {
    name: "Event",
    fields: &[
        must("type", Kind::OneOf(TYPES), "What happened."),
        may("attempt", Kind::Text(64), "Of which attempt, `att_…`."),
        may("verification", Kind::Text(64), "Or of which verification, `ver_…`: its newest attempt."),
        may("at", Kind::Time, "When; now, if it isn't said."),
        may(
            "result",
            Kind::Text(16),
            "Of a `challenge`: `passed` or `failed`. Of a `check`: `ok`, `wrong` or `expired`.",
        ),
        may(
            "status",
            Kind::Text(16),
            "Of a `delivery`: `delivered`, `undelivered`, `failed`, `expired` or `unknown`.",
        ),
        may("price", Kind::Money, "Of `sent`, `not_sent` and `price`."),
        may("label", Kind::Text(16), "`good`, `fraud` or `unsure`."),
        may("note", Kind::Note(500), "Beside a label."),
        may("kind", Kind::Text(64), "Of an `activity`: `login`, `purchase` or another word."),
    ],
};

static EVENTS: Shape =
    Shape { name: "Events", fields: &[must("events", Kind::Items(&EVENT, ITEMS_MAX), "At most 1,000.")] };

/// Lines of the table.
pub const ROUTES: &[Route] = &[Route::post(
    "/v1/events",
    Access::Any(&[KeyScope::Assess, KeyScope::Verify]),
    "Reports what happened to attempts afterwards",
    |call| Box::pin(take(call)),
)
.body(&EVENTS)
.size(BodySize::BigLines)
.answers(202, Some("EventResults"), "What became of each; told twice, counted once")];

/// What became of each event, in their order.
#[derive(Serialize, ToSchema)]
pub struct EventResults {
    results: Vec<EventResult>,
}

/// What became of one.
#[derive(Serialize, ToSchema)]
pub struct EventResult {
    /// Its place in the list, from 0.
    index: usize,
    /// `accepted`, `duplicate`, `unknown` or `invalid`.
    #[schema(value_type = String)]
    status: &'static str,
    /// Why it is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Cow<'static, str>>,
}

async fn take(call: Call) -> Result {
    let read = if body::format(&call.headers)? == Format::Lines { lines(&call.body)? } else { items(&call)? };
    let mut results = Vec::with_capacity(read.len());
    let mut reported = Vec::with_capacity(read.len());
    for (index, event) in read.into_iter().enumerate() {
        match event {
            Ok(event) => {
                reported.push(event);
                results.push(EventResult { index, status: "accepted", detail: None });
            }
            Err(why) => results.push(EventResult { index, status: "invalid", detail: Some(why.into()) }),
        }
    }
    if !reported.is_empty() {
        let answers = report::report(&call.app, &call.caller, reported).await?;
        let open = results.iter_mut().filter(|result| result.status == "accepted");
        for (result, answer) in open.zip(answers) {
            (result.status, result.detail) = match answer {
                ReportAnswer::Accepted => ("accepted", None),
                ReportAnswer::Duplicate => ("duplicate", None),
                ReportAnswer::Unknown => ("unknown", None),
                ReportAnswer::Invalid(why) => ("invalid", Some(why.into())),
            };
        }
    }
    Ok(Answer::json(StatusCode::ACCEPTED, &EventResults { results }))
}

type Read = std::result::Result<Reported, String>;

fn items(call: &Call) -> Result<Vec<Read>> {
    let doc = call.body(&EVENTS)?;
    Ok(doc.part().list("events").iter().map(event).collect())
}

/// One value a line; a line that is no JSON is refused by itself.
fn lines(bytes: &[u8]) -> Result<Vec<Read>> {
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut read = Vec::new();
    for line in lines {
        if read.len() == ITEMS_MAX {
            return Err(Problem::field("events", "too_many", format!("at most {ITEMS_MAX} items")));
        }
        read.push(match json::parse(line) {
            Ok(value) => event(&value),
            Err(fault) if fault.field.is_empty() => Err(fault.detail),
            Err(fault) => Err(format!("`{}`: {}", fault.field, fault.detail)),
        });
    }
    Ok(read)
}

fn event(value: &Json<'_>) -> Read {
    let Json::Object(fields) = value else {
        return Err(format!("an object is expected, this is {}", value.noun()));
    };
    let mut checker = Checker::new(false);
    checker.object(&EVENT, fields);
    if let Some(fault) = checker.faults.first() {
        return Err(format!("`{}`: {}", fault.field, fault.detail));
    }
    reported(fields)
}

fn reported(fields: &Fields<'_>) -> Read {
    let part = Part::new(fields, false);
    let of = match (part.text("attempt"), part.text("verification")) {
        (Some(attempt), None) => ToldOf::Attempt(attempt),
        (None, Some(verification)) => ToldOf::Verification(verification),
        _ => return Err("say either `attempt` or `verification`".to_owned()),
    };
    Ok(Reported { of, at_ms: part.time("at"), what: what(part)? })
}

/// Which fields go with which type.
fn what(part: Part<'_, '_>) -> std::result::Result<What, String> {
    let kind = part.str("type").unwrap_or_default();
    let fitting: &[&str] = match kind {
        "challenge" | "check" | "conversion" => &["result"],
        "sent" | "not_sent" | "price" => &["price"],
        "delivery" => &["status", "price"],
        "label" => &["label", "note"],
        _ => &["kind"],
    };
    for (name, _) in part.fields() {
        if !["type", "attempt", "verification", "at"].contains(&name.as_ref())
            && !fitting.contains(&name.as_ref())
        {
            return Err(format!("`{name}` does not go with the type `{kind}`"));
        }
    }
    let wants = |name: &str, words: &str| format!("`{name}`: one of: {words}");
    let price = part.money("price");
    if price.is_some_and(|(_, currency)| currency != "USD") {
        return Err("`price.currency`: prices are in `USD`".to_owned());
    }
    let price = price.map(|(micros, _)| micros);
    match kind {
        "challenge" => match part.str("result") {
            Some("passed") => Ok(What::Challenge { passed: true }),
            Some("failed") => Ok(What::Challenge { passed: false }),
            _ => Err(wants("result", "passed, failed")),
        },
        "sent" => Ok(What::Sent { price_micros: price }),
        "not_sent" => Ok(What::NotSent),
        "price" => price
            .map(|price_micros| What::Price { price_micros })
            .ok_or_else(|| "`price`: this field is required".to_owned()),
        "delivery" => part
            .word::<DeliveryStatus>("status")
            .map(|status| What::Delivery { status })
            .ok_or_else(|| wants("status", "delivered, undelivered, failed, expired, unknown")),
        "check" | "conversion" => part
            .word::<CheckResult>("result")
            .map(|result| What::Check { result })
            .ok_or_else(|| wants("result", "ok, wrong, expired")),
        "label" => part
            .word("label")
            .map(|label| What::Label { label })
            .ok_or_else(|| wants("label", "good, fraud, unsure")),
        _ => Ok(What::Activity {
            kind: match part.str("kind") {
                Some("login") => ActivityKind::Login,
                Some("purchase") => ActivityKind::Purchase,
                Some(_) => ActivityKind::Other,
                None => return Err("`kind`: this field is required".to_owned()),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Read {
        event(&json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn every_type_is_read_with_its_own_fields() {
        for text in [
            r#"{"type":"challenge","attempt":"att_1","result":"passed"}"#,
            r#"{"type":"sent","attempt":"att_1","price":{"amount":"0.07","currency":"USD"}}"#,
            r#"{"type":"not_sent","verification":"ver_1","at":"2026-11-20T08:00:00.000Z"}"#,
            r#"{"type":"delivery","attempt":"att_1","status":"delivered"}"#,
            r#"{"type":"check","attempt":"att_1","result":"ok"}"#,
            r#"{"type":"conversion","attempt":"att_1","result":"ok"}"#,
            r#"{"type":"price","attempt":"att_1","price":{"amount":"0.07","currency":"USD"}}"#,
            r#"{"type":"label","attempt":"att_1","label":"fraud","note":"seen"}"#,
            r#"{"type":"activity","attempt":"att_1","kind":"login"}"#,
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text).err());
        }
    }

    #[test]
    fn what_is_wrong_with_one_is_said_with_its_field() {
        for (text, named) in [
            ("[]", "an object"),
            (r#"{"attempt":"att_1"}"#, "`type`"),
            (r#"{"type":"sent"}"#, "`attempt`"),
            (r#"{"type":"sent","attempt":"a","verification":"v"}"#, "either"),
            (r#"{"type":"explode","attempt":"a"}"#, "`type`"),
            (r#"{"type":"sent","attempt":"a","at":"now"}"#, "`at`"),
            (r#"{"type":"sent","attempt":"a","extra":1}"#, "`extra`"),
            (r#"{"type":"sent","attempt":"a","result":"ok"}"#, "`result`"),
            (r#"{"type":"check","attempt":"a"}"#, "`result`"),
            (r#"{"type":"delivery","attempt":"a","status":"gone"}"#, "`status`"),
            (r#"{"type":"price","attempt":"a"}"#, "`price`"),
            (r#"{"type":"price","attempt":"a","price":{"amount":"1","currency":"EUR"}}"#, "`price.currency`"),
            (r#"{"type":"price","attempt":"a","price":{"amount":"x","currency":"USD"}}"#, "`price`"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(named), "{text}: {why}");
        }
    }
}

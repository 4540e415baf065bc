//! From what was seen on the wire to our meanings.
//!
//! The provider's code decides if the template lists it, then the HTTP status, then its class, then
//! what every HTTP service means: 2xx took it, 429 and 503 did not, other 4xx refused it, and of
//! anything else nobody knows.

use super::client::said;
use super::json;
use crate::config::HttpSettings;
use crate::config::provider::Meaning;
use crate::provider::{Accepted, SendError};
use crate::telemetry::Redact;
use serde_json::Value;
use std::time::Duration;

/// A longest wait that we believe.
const RETRY_AFTER_S_MAX: u64 = 24 * 3600;

/// An answer, as far as it could be read.
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// Seconds, if it named them.
    pub retry_after: Option<Duration>,
    /// The body; `None` where it was no JSON, or longer than we read.
    pub body: Option<Value>,
}

/// What became of the message.
pub fn result(answer: &Answer, settings: &HttpSettings) -> Result<Accepted, SendError> {
    let template = &settings.answer;
    let none = Value::Null;
    let body = answer.body.as_ref().unwrap_or(&none);
    let code = json::text(body, template.code.as_deref());
    let detail = || {
        let words = json::text(body, template.detail.as_deref());
        let code = code.as_deref().map(|code| format!(", code `{}`", short(code)));
        let words = words.map(|words| format!(", in its words: {}", Redact(&words)));
        format!("HTTP {}{}{}", answer.status, code.unwrap_or_default(), words.unwrap_or_default())
    };
    match meaning(answer, settings, code.as_deref()) {
        meaning @ (Meaning::Accepted | Meaning::Queued) => Ok(Accepted {
            reference: json::text(body, template.id.as_deref()),
            price: json::price(
                body,
                template.price.as_deref(),
                template.currency.as_deref(),
                &template.currency_default,
            ),
            queued: meaning == Meaning::Queued,
        }),
        Meaning::Rejected => Err(SendError::Rejected { detail: detail() }),
        Meaning::SuspectedFraud => Err(SendError::SuspectedFraud { detail: detail() }),
        Meaning::Unreachable => Err(SendError::Unreachable { detail: detail() }),
        Meaning::Unavailable => {
            Err(SendError::Unavailable { detail: detail(), retry_after: answer.retry_after })
        }
        Meaning::Unknown => Err(SendError::Unknown { detail: detail() }),
    }
}

fn meaning(answer: &Answer, settings: &HttpSettings, code: Option<&str>) -> Meaning {
    let template = &settings.answer;
    if let Some(meaning) = code.and_then(|code| template.codes.get(code).copied().or(template.other_codes)) {
        return meaning;
    }
    let (status, class) = (answer.status.to_string(), format!("{}xx", answer.status / 100));
    if let Some(meaning) = template.statuses.get(&status).or_else(|| template.statuses.get(&class)) {
        return *meaning;
    }
    match answer.status {
        // Where the body decides, a 2xx whose body cannot be read has not said that it took the message.
        200..=299 if template.other_codes.is_some() => Meaning::Unknown,
        200..=299 => Meaning::Accepted,
        429 | 503 => Meaning::Unavailable,
        400..=499 => Meaning::Rejected,
        _ => Meaning::Unknown,
    }
}

/// There was no answer. Only a connection that was never made is certainly no message.
pub fn no_answer(error: reqwest::Error) -> SendError {
    let certain = error.is_connect() || error.is_builder();
    let detail = said(error);
    if certain { SendError::Unavailable { detail, retry_after: None } } else { SendError::Unknown { detail } }
}

/// `Retry-After` in seconds; a date is not worth reading.
pub fn retry_after(text: &str) -> Option<Duration> {
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_S_MAX)))
}

/// A provider's code: short, and of letters, digits and a few signs, or it is not shown.
fn short(code: &str) -> &str {
    let good = code.len() <= 6 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if good { code } else { "?" }
}

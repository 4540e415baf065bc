//! Reads a delivery callback, after proving that it is the provider's.

use super::{json, signature};
use crate::config::provider::{DeliverySettings, Told};
use crate::provider::{Callback, CallbackError, Delivery, DeliveryOf};
use serde_json::{Map, Value};

/// What the callback tells. The token is checked first, then the signature, then the words.
pub fn read(settings: Option<&DeliverySettings>, callback: &Callback<'_>) -> Result<Delivery, CallbackError> {
    if !callback.token_ok {
        return Err(CallbackError::NotAuthentic);
    }
    let settings = settings.ok_or(CallbackError::Nothing)?;
    let form = if settings.form { Some(form(callback.body)?) } else { None };
    if let Some(signed) = &settings.signature
        && !signature::is_right(signed, callback, form.as_deref())
    {
        return Err(CallbackError::NotAuthentic);
    }
    let body = match form {
        Some(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, value.into())).collect::<Map<_, _>>())
        }
        None => serde_json::from_slice(callback.body)
            .map_err(|error| CallbackError::Malformed(format!("line {} is no JSON", error.line())))?,
    };
    let status = json::text(&body, Some(&settings.status))
        .ok_or_else(|| CallbackError::Malformed(format!("`{}` is missing", settings.status)))?;
    let status = match settings.statuses.get(&status) {
        Some(Told::Status(status)) => *status,
        Some(Told::Nothing) | None => return Err(CallbackError::Nothing),
    };
    // Our own identifier is the surer one: it is there even if the answer to the message was lost.
    let attempt = json::text(&body, settings.attempt.as_deref())
        .filter(|attempt| crate::id::is(crate::id::Noun::Attempt, attempt));
    let of = match attempt {
        Some(attempt) => DeliveryOf::Attempt(attempt),
        None => DeliveryOf::Reference(
            json::text(&body, settings.reference.as_deref())
                .ok_or_else(|| CallbackError::Malformed("it names no message".to_owned()))?,
        ),
    };
    let price = json::price(&body, settings.price.as_deref(), settings.currency.as_deref(), "USD");
    Ok(Delivery { of, status, price })
}

/// The fields of a form, in order.
pub(super) fn form(body: &[u8]) -> Result<Vec<(String, String)>, CallbackError> {
    let malformed = || CallbackError::Malformed("the form is not UTF-8".to_owned());
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Ok((unescape(name).ok_or_else(malformed)?, unescape(value).ok_or_else(malformed)?))
        })
        .collect()
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (char::from(bytes.next()?), char::from(bytes.next()?));
                u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok()?
            }
            b => b,
        });
    }
    String::from_utf8(out).ok()
}

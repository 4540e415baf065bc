//! Writes a message as the template says, hands it over once, reads the answer.

use super::encode;
use super::errors::{Answer, no_answer, result, retry_after};
use crate::config::HttpSettings;
use crate::config::pattern::{Pattern, Slot};
use crate::config::provider::{Auth, Body};
use crate::provider::{Accepted, Message, SendError};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::borrow::Cow;

/// As much of an answer is read; what is longer is not worth reading.
const ANSWER_MAX: usize = 64 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request. It fails only before anything left.
pub fn request(
    client: &Client,
    settings: &HttpSettings,
    message: &Message<'_>,
    delivery_url: Option<&str>,
) -> Result<RequestBuilder, SendError> {
    let fill = |slot: Slot| encode::value(slot, message, settings.from.as_deref(), delivery_url);
    let url = settings.url.fill(fill, encode::in_url).unwrap_or_default();
    let method = if settings.method == "PUT" { Method::PUT } else { Method::POST };
    let mut request = auth(client.request(method, url), &settings.auth)?;
    for (name, pattern) in &settings.headers {
        let Some(value) = pattern.fill(fill, encode::plain) else { continue };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("the name of a header"))?;
        request = request.header(name, header(&value, false)?);
    }
    Ok(match &settings.body {
        Body::Plain => plain(request, message, &fill)?,
        Body::Json(shape) => json_body(request, &encode::json(shape, &fill).unwrap_or_else(|| json!({}))),
        Body::Form(fields) => form_body(request, fields, &fill),
    })
}

/// Without a template: what the API's contract says.
fn plain<'a>(
    request: RequestBuilder,
    message: &Message<'a>,
    fill: &dyn Fn(Slot) -> Option<Cow<'a, str>>,
) -> Result<RequestBuilder, SendError> {
    let body = json!({
        "to": fill(Slot::To),
        "from": fill(Slot::From),
        "body": message.body,
        "ref": message.attempt,
        "channel": fill(Slot::Channel),
    });
    Ok(json_body(request.header(IDEMPOTENCY_KEY, header(message.attempt, false)?), &body))
}

fn json_body(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.to_string())
}

fn form_body<'a>(
    request: RequestBuilder,
    fields: &[(String, Pattern)],
    fill: &dyn Fn(Slot) -> Option<Cow<'a, str>>,
) -> RequestBuilder {
    let mut body = String::new();
    for (name, pattern) in fields {
        // Encoded as a whole, so that the operator's own text cannot break the form either.
        let Some(value) = pattern.fill(fill, encode::plain) else { continue };
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(&encode::in_form(name));
        body.push('=');
        body.push_str(&encode::in_form(&value));
    }
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.header(CONTENT_TYPE, kind).body(body)
}

fn auth(request: RequestBuilder, auth: &Auth) -> Result<RequestBuilder, SendError> {
    Ok(match auth {
        Auth::None => request,
        Auth::Basic { user, password } => {
            request.basic_auth(user.expose_secret(), Some(password.expose_secret()))
        }
        Auth::Bearer(token) => {
            request.header(AUTHORIZATION, header(&format!("Bearer {}", token.expose_secret()), true)?)
        }
        Auth::Header { name, value } => {
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("the name of a header"))?;
            request.header(name, header(value.expose_secret(), true)?)
        }
    })
}

fn header(value: &str, secret: bool) -> Result<HeaderValue, SendError> {
    // Bytes, so that UTF-8 passes; line breaks and other control characters never do.
    let mut value =
        HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refused("the value of a header"))?;
    value.set_sensitive(secret);
    Ok(value)
}

fn refused(what: &str) -> SendError {
    SendError::Rejected { detail: format!("{what} cannot be written") }
}

/// Hands the message over and reads what the provider says.
pub async fn hand_over(request: RequestBuilder, settings: &HttpSettings) -> Result<Accepted, SendError> {
    let response = request.send().await.map_err(no_answer)?;
    let status = response.status().as_u16();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
    let body = body(response).await?;
    result(&Answer { status, retry_after: wait, body }, settings)
}

/// The body as JSON, if it is some and not too long. A connection that breaks within it leaves the
/// outcome unknown: the status alone was not the whole answer.
async fn body(mut response: Response) -> Result<Option<Value>, SendError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        if bytes.len() + chunk.len() > ANSWER_MAX {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&bytes).ok())
}

//! Errors as RFC 9457 problems: one closed list of codes, each with a page of its own under
//! `/docs/errors/`. A problem tells the caller what to mend; causes of ours stay in the log.

use super::json::Fault;
use super::wire::{Answer, JSON_PROBLEM};
use crate::store::StoreError;
use crate::verify::{FieldError, VerifyError};
use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use std::borrow::Cow;

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $title:literal $about:literal,)*) => {
        /// Every code that a problem may carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each has a page of its own")]
        pub enum Code { $($name,)* }

        impl Code {
            /// All, in the order of their pages.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// As written.
            pub fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// Its status.
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// In a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// What it means and what to do: its page.
            pub fn about(self) -> &'static str {
                match self { $(Code::$name => $about,)* }
            }
        }
    };
}

codes! {
    Malformed "malformed" 400 "The call cannot be read"
        "The body, the query string or the address is not what it claims to be: not JSON, not UTF-8, a key said twice, nested too deep, or a broken percent-encoding. `detail` says where. Mend the call; sending it again unchanged gives the same answer.",
    Unauthorized "unauthorized" 401 "No valid key"
        "Every call but the health checks, this documentation and delivery callbacks needs `Authorization: Bearer <key>`. A key that is unknown, revoked or over is answered alike.",
    Forbidden "forbidden" 403 "The key may not do this"
        "The key is valid, but lacks the scope that this call needs. `detail` names the scopes that would do; make such a key with `POST /v1/keys`.",
    NotFound "not_found" 404 "There is no such thing"
        "The address is unknown, or what it names does not exist for this key: what belongs to another tenant or to the other world (live, test) is answered exactly like what never was.",
    MethodNotAllowed "method_not_allowed" 405 "The address does not take this method"
        "The header `Allow` lists the methods that it takes.",
    NotAcceptable "not_acceptable" 406 "No such representation"
        "The header `Accept` excludes what this address answers with: `application/json`, and `application/problem+json` for errors.",
    RequestTimeout "request_timeout" 408 "The body did not arrive in time"
        "A body must have arrived whole within 20 seconds of its head. Nothing was done. Send it again.",
    AlreadyFinished "already_finished" 409 "The verification has ended"
        "It was approved, canceled, blocked, has failed or has used up its guesses before. Start another one.",
    Duplicate "duplicate" 409 "It stands already"
        "An entry with the same normalised value, or something of the same name, exists. `existing` is its identifier.",
    Pending "pending" 409 "Another verification of this number is pending"
        "The profile's `restart` is `conflict`. `verification` is the pending one: go on with it, cancel it, or wait until it expires.",
    State "state" 409 "Not possible in this state"
        "`detail` says what stands in the way.",
    IdempotencyInProgress "idempotency_in_progress" 409 "The first call with this key is still running"
        "Ask again in a second with the same `Idempotency-Key`: its answer will be given again.",
    Expired "expired" 410 "The verification has expired"
        "Its time is over. Start another one.",
    BodyTooLarge "body_too_large" 413 "The body is too large"
        "Bodies may have 64 KiB; those of events and list entries 8 MiB.",
    UnsupportedMediaType "unsupported_media_type" 415 "The body's type is not taken here"
        "Send `application/json` or `application/x-www-form-urlencoded` in UTF-8; events also as `application/x-ndjson`. Content encodings such as gzip are not taken.",
    Invalid "invalid" 422 "A field is not valid"
        "`errors` names each field by its dotted path, with a code and a sentence. Unknown fields are refused, so that a misspelt one cannot be ignored.",
    InvalidNumber "invalid_number" 422 "The phone number is not valid"
        "`errors` carries the reason: `not_a_number`, `unknown_calling_code`, `too_short`, `too_long`, `unassigned`, `country_needed` (a national form without `country`), or `fictional` (a live key refuses numbers that are reserved for fiction). It still counts against the limits of the address.",
    NotAvailable "not_available" 422 "Not available yet"
        "The field or value is part of the API and not served by this version.",
    IdempotencyMismatch "idempotency_mismatch" 422 "The key was used for another call"
        "The first call with this `Idempotency-Key` had another address or body. Use a new key for each call that is not a repetition.",
    Limited "limited" 429 "A limit is met"
        "`detail` names the limit, `Retry-After` says when to come again, `attempt` and `assessment` what was judged. No verification was made and nothing was sent.",
    TooSoon "too_soon" 429 "Too soon"
        "A check or a resend came before the moment that the verification's `next` states. `Retry-After` says when to come again. Nothing was compared or sent.",
    Internal "internal" 500 "Something broke on our side"
        "A fault of the program, never of the call. The log has the cause under `request_id`; nothing of it is told here.",
    StoreAway "store_away" 503 "The store is away"
        "State cannot be read or made durable just now. Nothing was sent. Come again after `Retry-After`.",
    Overloaded "overloaded" 503 "Too much at once"
        "The server sheds load before it does any work. Nothing was done. Come again after `Retry-After`.",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// Why a call was not done.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// Members of its own: `attempt`, `existing` …
    more: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let inner =
            Inner { code, detail: detail.into(), errors: Vec::new(), more: Vec::new(), headers: Vec::new() };
        Self(Box::new(inner))
    }

    /// Fields whose values can't be taken.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.first() {
            Some(first) if errors.len() == 1 => format!("`{}`: {}", first.field, first.detail),
            Some(first) => format!("`{}`: {} (and {} more)", first.field, first.detail, errors.len() - 1),
            None => "a field is not valid".to_owned(),
        };
        let mut problem = Self::new(Code::Invalid, detail);
        problem.0.errors = errors;
        problem
    }

    /// One field that can't be taken.
    pub fn field(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.to_owned(), code, detail: detail.into() }])
    }

    /// A body that is no tree of ours.
    pub fn fault(fault: Fault) -> Self {
        let mut problem = Self::new(Code::Malformed, fault.detail.clone());
        let field = if fault.field.is_empty() { "body".to_owned() } else { fault.field };
        problem.0.errors = vec![FieldError { field, code: fault.code, detail: fault.detail }];
        problem
    }

    /// Unknown or foreign: every caller uses this, so that the two are alike.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is no such thing")
    }

    /// Its code.
    #[cfg(test)]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// With a member of its own.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.more.push((name, value.into()));
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// With a field as this resource names it.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for error in self.0.errors.iter_mut().filter(|error| error.field == from) {
            to.clone_into(&mut error.field);
        }
        self
    }

    /// With the moment to come again.
    #[must_use]
    pub fn retry_after_ms(self, ms: i64) -> Self {
        let seconds = ms.max(0).div_euclid(1_000) + i64::from(ms.rem_euclid(1_000) > 0);
        self.header(RETRY_AFTER, &seconds.max(1).to_string())
    }

    /// With the methods that an address takes.
    #[must_use]
    pub fn allow(self, methods: &str) -> Self {
        self.header(ALLOW, methods)
    }

    /// The answer that carries it.
    pub fn answer(self, request_id: &str) -> Answer {
        let Inner { code, detail, errors, more, headers } = *self.0;
        let body = Body {
            r#type: Page(code),
            title: code.title(),
            status: code.status(),
            detail: &detail,
            code: code.text(),
            errors: errors
                .iter()
                .map(|e| ErrorView { field: &e.field, code: e.code, detail: &e.detail })
                .collect(),
            request_id,
            more: More(&more),
        };
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Answer::json(status, &body);
        answer.content_type = JSON_PROBLEM;
        answer.headers = headers;
        if code == Code::Unauthorized {
            answer.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        answer
    }
}

/// A problem as written; the document describes it too.
#[derive(Serialize)]
struct Body<'a> {
    r#type: Page,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorView<'a>>,
    request_id: &'a str,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    field: &'a str,
    code: &'static str,
    detail: &'a str,
}

struct Page(Code);

impl Serialize for Page {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("/docs/errors/{}", self.0))
    }
}

struct More<'a>(&'a [(&'static str, String)]);

impl Serialize for More<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // The cause names files and hosts of ours: it goes into the log and no further.
        tracing::warn!(target: "cofferdam::store", %error, "the store did not do it");
        Self::new(Code::StoreAway, "state cannot be read or kept just now").retry_after_ms(1_000)
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::InvalidNumber { reason } => {
                let mut problem = Self::field("to", reason, format!("the number is not valid: {reason}"));
                problem.0.code = Code::InvalidNumber;
                problem
            }
            VerifyError::Invalid(errors) => Self::fields(errors),
            VerifyError::NotAvailable { field } => {
                let mut problem = Self::field(field, "not_available", "this is not available yet");
                problem.0.code = Code::NotAvailable;
                problem
            }
            VerifyError::Limited { scope, attempt, assessment, retry_after_ms, max, window_s } => {
                let name = scope.name();
                let wait = (retry_after_ms.max(0) + 999) / 1_000;
                Self::new(Code::Limited, format!("limited by `{name}`: {max} in {window_s} s"))
                    .with("attempt", attempt)
                    .with("assessment", assessment)
                    .with("limit", name)
                    .retry_after_ms(retry_after_ms)
                    .header(HeaderName::from_static("ratelimit"), &format!("\"{name}\";r=0;t={wait}"))
                    .header(
                        HeaderName::from_static("ratelimit-policy"),
                        &format!("\"{name}\";q={max};w={window_s}"),
                    )
            }
            VerifyError::TooSoon { retry_after_ms } => {
                let wait = (retry_after_ms.max(0) + 999) / 1_000;
                Self::new(Code::TooSoon, "too soon: `next` says when")
                    .retry_after_ms(retry_after_ms)
                    .header(HeaderName::from_static("ratelimit"), &format!("\"next\";r=0;t={wait}"))
            }
            VerifyError::AlreadyFinished(status) => Self::new(
                Code::AlreadyFinished,
                format!("the verification has ended: {}", super::view::status(status)),
            ),
            VerifyError::Expired => Self::new(Code::Expired, "the verification has expired"),
            VerifyError::NotFound => Self::not_found(),
            VerifyError::Pending(id) => {
                Self::new(Code::Pending, "another verification of this number is pending")
                    .with("verification", id)
            }
            VerifyError::Duplicate(id) => {
                Self::new(Code::Duplicate, "it stands already").with("existing", id)
            }
            VerifyError::State(why) => Self::new(Code::State, why),
            VerifyError::Crowded => {
                Self::new(Code::Overloaded, "too many wait for a message already").retry_after_ms(1_000)
            }
            VerifyError::Store(error) => error.into(),
        }
    }
}

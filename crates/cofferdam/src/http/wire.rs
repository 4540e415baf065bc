//! A call as a resource sees it, and the answer it gives. No bytes of HTTP here, and no resource.

use super::body::{self, Doc};
use super::page;
use super::problem::{Code, Problem};
use super::shape::Shape;
use crate::app::App;
use crate::store::row::{IdempotencyKey, PageAsk, World};
use crate::verify::{Caller, KeyScope};
use bytes::Bytes;
use cofferdam_atlas::Prefix;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;
use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;

/// Type of nearly every answer.
pub const JSON: &str = "application/json";
/// Type of errors.
pub const JSON_PROBLEM: &str = "application/problem+json";
/// Type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// What a resource's function gives back.
pub type Result<T = Answer> = std::result::Result<T, Problem>;

/// A running resource function.
pub type Running = Pin<Box<dyn Future<Output = Result> + Send>>;

/// An answer that waits for nothing.
pub fn ready(result: Result) -> Running {
    Box::pin(std::future::ready(result))
}

/// A call, read whole, by a known caller.
pub struct Call {
    /// The program.
    pub app: Arc<App>,
    /// What the API itself holds.
    pub api: Arc<super::Api>,
    /// Who calls. Calls without a key come from nobody, who may do nothing.
    pub caller: Caller,
    /// The template of its address.
    pub path: &'static str,
    /// Values of the address's fields, in their order, decoded.
    pub params: Vec<String>,
    /// The query string, undecoded.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The idempotency key it holds the lease of.
    pub idempotency: Option<IdempotencyKey>,
}

impl Call {
    /// A field of the address.
    pub fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }

    /// The body, checked against its table.
    pub fn body(&self, shape: &'static Shape) -> Result<Doc<'_>> {
        body::read(&self.headers, &self.body, shape)
    }

    /// The query string, checked against its table.
    pub fn query(&self, shape: &'static Shape) -> Result<Doc<'static>> {
        body::query(self.query.as_deref().unwrap_or(""), shape)
    }

    /// Which page a list is asked for; `query` must have the fields of [`super::shapes::PAGE`].
    pub fn page(&self, query: &Doc<'_>) -> Result<PageAsk> {
        page::ask(self, query)
    }

    /// Whether the caller has a scope; an admin has them all.
    pub fn may(&self, scope: KeyScope) -> bool {
        self.caller.scopes.contains(&scope) || self.caller.scopes.contains(&KeyScope::Admin)
    }

    /// Whether it acts in the test world.
    pub fn is_test(&self) -> bool {
        self.caller.owner.world == World::Test
    }
}

/// Where a number is, as far as a log may know it.
#[derive(Debug, Clone, Copy)]
pub struct LogPlace {
    /// Two letters.
    pub country: Option<&'static str>,
    /// The network's stable identifier.
    pub network: Option<u32>,
    /// The number without its last four digits.
    pub prefix: Prefix,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
    /// Its body's type.
    pub content_type: &'static str,
    /// Headers of its own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is kept for a replay, where that is less than the body: secrets are shown once.
    pub replay: Option<Bytes>,
    /// What the log may say of the number.
    pub place: Option<LogPlace>,
    /// The verification or list entry whose number it repeats, so that erasing the number finds a kept
    /// answer too.
    pub about: Option<String>,
}

impl Answer {
    /// With a body of any type.
    pub fn of(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            body: body.into(),
            content_type,
            headers: Vec::new(),
            replay: None,
            place: None,
            about: None,
        }
    }

    /// With a JSON body.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self::of(status, JSON, written(body))
    }

    /// 200.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 201.
    pub fn created(body: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, JSON, Bytes::new())
    }

    /// With less to keep for a replay.
    #[must_use]
    pub fn replayed_as(mut self, body: &impl Serialize) -> Self {
        self.replay = Some(written(body));
        self
    }

    /// With the verification or list entry whose number it repeats.
    #[must_use]
    pub fn about(mut self, id: &str) -> Self {
        self.about = Some(id.to_owned());
        self
    }

    /// With a place for the log.
    #[must_use]
    pub fn at(mut self, place: Option<LogPlace>) -> Self {
        self.place = place;
        self
    }
}

/// More is not kept for the next answer.
const ROOM_MAX: usize = 64 << 10;

thread_local! {
    /// Where an answer is written before its length is known: always the same bytes, which are warm. A buffer for
    /// the longest answer would be one of those allocations that are dear.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn written(body: &impl Serialize) -> Bytes {
    let mut room = ROOM.take();
    room.clear();
    // Writing our own types into memory can't fail; an empty body would show in every test.
    if serde_json::to_writer(&mut room, body).is_err() {
        room.clear();
    }
    let out = Bytes::copy_from_slice(&room);
    if room.capacity() <= ROOM_MAX {
        ROOM.set(room);
    }
    out
}

/// Refuses what this version doesn't serve yet.
pub fn not_available(field: &'static str) -> Problem {
    Problem::from(crate::verify::VerifyError::NotAvailable { field })
}

/// The text of an outcome that must not be shown but as a code.
pub fn internal() -> Problem {
    Problem::new(Code::Internal, "something broke on our side; the log has the cause under `request_id`")
}

//! One call from its head to its answer, in order.

use super::auth::{self, Access};
use super::idempotency::{self, Begin};
use super::problem::{Code, Problem};
use super::route::{BodySize, Method, Route, query_fits};
use super::wire::{Answer, Call, HTML, JSON, Result, internal};
use super::{Api, metrics};
use crate::clock::Stopwatch;
use crate::id::{self, Noun};
use crate::verify::KeyScope;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{HeaderMap, Request, Response, StatusCode};
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Pages may load our own style and nothing else.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// By which listener a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// Callers' calls are answered.
    pub calls: bool,
    /// Operators' calls are answered: `/metrics`.
    pub operators: bool,
    /// Calls that need an admin key are answered.
    pub admin: bool,
}

impl Door {
    /// The one listener of `dev`: everything.
    pub const ALL: Self = Self { calls: true, operators: true, admin: true };
}

/// What is known of a call when its answer is written.
struct Told {
    method: &'static str,
    template: &'static str,
    request_id: String,
    tenant: Option<String>,
    head_only: bool,
}

impl Api {
    /// Answers one call. It never fails: every failure is an answer.
    pub async fn answer<B>(self: Arc<Self>, door: Door, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let watch = Stopwatch::start();
        let now = self.app.clock.now_ms();
        let mut told = Told {
            method: "other",
            template: "unknown",
            request_id: id::new(Noun::Request, now, &*self.app.dice),
            tenant: None,
            head_only: request.method() == hyper::Method::HEAD,
        };
        let answer = match self.answered(door, request, &mut told).await {
            Ok(answer) => answer,
            Err(problem) => problem.answer(&told.request_id),
        };
        let took = watch.elapsed();
        self.app.metrics.answered(
            told.method,
            told.template,
            metrics::status(answer.status),
            took.as_secs_f64(),
        );
        log(&told, &answer, took);
        response(answer, told)
    }

    async fn answered<B>(self: &Arc<Self>, door: Door, request: Request<B>, told: &mut Told) -> Result
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let found = self.router.find(head.uri.path())?;
        told.template = found.template;
        query_fits(head.uri.query())?;
        let seen = || found.routes.iter().copied().filter(|route| door.takes(route));
        if seen().next().is_none() {
            return Err(Problem::not_found());
        }
        if head.method == hyper::Method::OPTIONS {
            told.method = "OPTIONS";
            let mut answer = Answer::nothing();
            answer.headers.extend(HeaderValue::from_str(&allow(seen())).ok().map(|allow| (ALLOW, allow)));
            return Ok(answer);
        }
        let wanted = match head.method.as_str() {
            "HEAD" => "GET",
            other => other,
        };
        let Some(route) = seen().find(|route| route.method.text() == wanted) else {
            return Err(Problem::new(
                Code::MethodNotAllowed,
                "the header `Allow` lists the methods of this address",
            )
            .allow(&allow(seen())));
        };
        told.method = route.method.text();
        let caller = auth::caller(&self.app, &head.headers, route.access, &told.request_id)?;
        if route.access != Access::Open
            && tracing::enabled!(target: "cofferdam::request", tracing::Level::ERROR)
        {
            told.tenant = Some(caller.owner.tenant.clone());
        }
        acceptable(route, &head.headers)?;
        let body = self.whole(route, &head.headers, body).await?;
        let _place = Busy::take(self, route)?;
        let call = Call {
            app: self.app.clone(),
            api: self.clone(),
            caller,
            path: found.template,
            params: found.params,
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            idempotency: None,
        };
        let path = head.uri.path_and_query().map_or("", hyper::http::uri::PathAndQuery::as_str);
        if !route.outlives && !call.headers.contains_key(idempotency::KEY) {
            // Nothing of it is kept for a repetition, so `work` has nothing to put around it.
            return Caught((route.run)(call)).await.unwrap_or_else(|()| Err(internal()));
        }
        if !route.outlives {
            return Caught(Box::pin(work(route, call, path))).await.unwrap_or_else(|()| Err(internal()));
        }
        // What a caller began is finished although he hangs up: a guess that was paid is compared.
        let (route, path): (&'static Route, String) = (route, path.to_owned());
        let running = tokio::spawn(async move { work(route, call, &path).await });
        running.await.unwrap_or_else(|_| Err(internal()))
    }

    /// The body, read whole before any place among the busy is taken.
    async fn whole<B>(&self, route: &Route, headers: &HeaderMap, body: B) -> Result<Bytes>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if route.method == Method::Get {
            return Ok(Bytes::new());
        }
        let limits = &self.app.settings.limits;
        let most = match route.size {
            BodySize::Small => limits.body_bytes_max,
            BodySize::Big | BodySize::BigLines => limits.bulk_bytes_max,
        };
        let too_large = || Problem::new(Code::BodyTooLarge, format!("the body may have {most} bytes"));
        let said = headers.get(CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<usize>().ok());
        if said.is_some_and(|said| said > most) {
            return Err(too_large());
        }
        let mut reading = std::pin::pin!(Limited::new(body, most).collect());
        // Most bodies came with their heads: a timer is for those that did not.
        let at_once = std::future::poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await;
        let read = match at_once {
            Poll::Ready(read) => Ok(read),
            Poll::Pending => tokio::time::timeout(self.app.settings.listen.body_timeout, reading).await,
        };
        match read {
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(Problem::new(Code::Malformed, "the body ended before its end")),
            Err(_) => Err(Problem::new(Code::RequestTimeout, "the body did not arrive in time")),
        }
    }
}

/// The call's work, with what an idempotency key asks for around it.
async fn work(route: &'static Route, mut call: Call, path: &str) -> Result {
    // A look-up changes nothing, and its answer holds a whole number, which is not worth keeping.
    let looks_up = route.path == super::numbers::LOOK_UP_PATH;
    if route.method != Method::Post || route.access == Access::Open || looks_up {
        return (route.run)(call).await;
    }
    let method_path = [route.method.text(), path];
    let began = Stopwatch::start();
    let begun = idempotency::begin(&call.app, &call.caller, &call.headers, method_path, &call.body).await?;
    let key = match begun {
        Begin::Lease(key) => key,
        Begin::Replay(answer) => return Ok(answer),
        Begin::Made(id) => return idempotency::made(&call, &id).await,
        Begin::None => return (route.run)(call).await,
    };
    call.idempotency = Some(key.clone());
    let (app, request_id) = (call.app.clone(), call.caller.request_id.clone());
    let answer = Caught((route.run)(call))
        .await
        .unwrap_or_else(|()| Err(internal()))
        .unwrap_or_else(|problem| problem.answer(&request_id));
    idempotency::end(&app, &key, &answer, began).await;
    Ok(answer)
}

impl Door {
    fn takes(self, route: &Route) -> bool {
        let admin_only = route.access == Access::Any(&[KeyScope::Admin]);
        let everywhere = matches!(route.path, "/healthz" | "/readyz");
        match (route.operators, admin_only) {
            (true, _) => self.operators,
            (false, true) => self.admin,
            (false, false) => self.calls || everywhere,
        }
    }
}

fn allow(routes: impl Iterator<Item = &'static Route>) -> String {
    let mut methods: Vec<&str> = routes.map(|route| route.method.text()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

/// Whether the caller takes what we write.
fn acceptable(route: &Route, headers: &HeaderMap) -> Result<()> {
    let mut all = headers.get_all(ACCEPT).iter().peekable();
    if all.peek().is_none() || route.access == Access::Open {
        return Ok(());
    }
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or("").to_ascii_lowercase();
        let none = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        !none
            && matches!(
                media.as_str(),
                "*/*" | "application/*" | "application/json" | "application/problem+json"
            )
    };
    if all.any(|value| value.to_str().is_ok_and(|text| text.split(',').any(takes))) {
        return Ok(());
    }
    Err(Problem::new(Code::NotAcceptable, "answers are `application/json`"))
}

/// A place among the calls being worked on, given back when it is dropped.
struct Busy<'a>(&'a Api);

impl<'a> Busy<'a> {
    /// Checks are served while starts are shed already: who waits with a code in his hand comes first.
    fn take(api: &'a Api, route: &Route) -> Result<Self> {
        let most = api.app.settings.limits.requests_max;
        let starts = route.method == Method::Post && route.path == super::verifications::PATH;
        let most = if starts { most - most / 4 } else { most };
        let before = api.busy.fetch_add(1, Ordering::Relaxed);
        let place = Self(api);
        if before >= most && route.access != Access::Open {
            api.app.metrics.shed.inc();
            return Err(Problem::new(Code::Overloaded, "too much is asked at once").retry_after_ms(1_000));
        }
        Ok(place)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A future whose panic costs its own call alone.
struct Caught<'a>(Pin<Box<dyn Future<Output = Result> + Send + 'a>>);

impl Future for Caught<'_> {
    type Output = std::result::Result<Result, ()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = std::panic::AssertUnwindSafe(|| self.0.as_mut().poll(context));
        match std::panic::catch_unwind(poll) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
            Err(_) => Poll::Ready(Err(())),
        }
    }
}

fn response(answer: Answer, told: Told) -> Response<Full<Bytes>> {
    let bare = answer.status == StatusCode::NO_CONTENT;
    let length = answer.body.len();
    let body = if told.head_only || bare { Bytes::new() } else { answer.body };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.reserve(8);
    if !bare {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    if told.head_only {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(told.request_id)) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.content_type == HTML {
        headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    } else if answer.content_type != JSON {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    }
    for (name, value) in answer.headers {
        headers.insert(name, value);
    }
    response
}

/// One line a call: never a number, a code, a key, a body or a query string.
fn log(told: &Told, answer: &Answer, took: std::time::Duration) {
    let status = answer.status.as_u16();
    let ms = took.as_secs_f64() * 1_000.0;
    let Told { method, template, request_id, tenant, .. } = told;
    let country = answer.place.and_then(|place| place.country);
    let network = answer.place.and_then(|place| place.network);
    let prefix = answer.place.map(|place| tracing::field::display(place.prefix));
    if status == 500 {
        tracing::error!(target: "cofferdam::request", method, route = template, status, ms, request_id, tenant, "answered");
    } else if matches!(*template, "/healthz" | "/readyz" | "/metrics") && status == 200 {
        // Balancers and scrapers ask all the time: what they hear is worth a line when it is bad.
        tracing::debug!(target: "cofferdam::request", method, route = template, status, ms, request_id, "answered");
    } else {
        tracing::info!(
            target: "cofferdam::request",
            method, route = template, status, ms, request_id, tenant, country, network, prefix, "answered"
        );
    }
}

//! Our own API: what callers may rely on, and nothing of how it is done.
//!
//! It reads a call whole, finds out who calls, turns text into typed inputs, asks one use case of
//! [`crate::verify`], and writes its answer. It decides nothing. One file a resource; the table of all
//! lines is [`ROUTES`]. `cli` starts it with [`serve`]; tests call [`Api::answer`] without a socket.

mod answer;
mod assessments;
mod audit;
mod auth;
mod blocks;
mod body;
mod checks;
mod deliveries;
mod docs;
mod events;
mod form;
mod health;
mod idempotency;
mod json;
mod keys;
mod lists;
mod metrics;
mod numbers;
mod openapi;
mod outbox;
mod page;
mod problem;
mod profiles;
mod route;
mod server;
mod shape;
mod shapes;
mod status;
mod tenants;
mod verifications;
mod view;
mod wire;

pub use answer::Door;
pub use problem::Code;
pub use server::{Listeners, serve};

use crate::app::App;
use crate::clock::Stopwatch;
use bytes::Bytes;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

/// The table of the API.
pub(crate) static ROUTES: &[&[route::Route]] = &[
    verifications::ROUTES,
    checks::ROUTES,
    assessments::ROUTES,
    events::ROUTES,
    numbers::ROUTES,
    profiles::ROUTES,
    lists::ROUTES,
    blocks::ROUTES,
    keys::ROUTES,
    tenants::ROUTES,
    outbox::ROUTES,
    deliveries::ROUTES,
    audit::ROUTES,
    status::ROUTES,
    health::ROUTES,
    metrics::ROUTES,
    openapi::ROUTES,
    docs::ROUTES,
];

/// What the API itself holds.
pub struct Api {
    app: Arc<App>,
    router: route::Router,
    /// Calls being worked on.
    busy: AtomicUsize,
    /// The document, once it was asked for.
    document: OnceLock<Bytes>,
    started: Stopwatch,
}

impl Api {
    /// The API over a program.
    pub fn new(app: Arc<App>) -> Arc<Self> {
        Arc::new(Self {
            app,
            router: route::Router::new(ROUTES),
            busy: AtomicUsize::new(0),
            document: OnceLock::new(),
            started: Stopwatch::start(),
        })
    }
}

/// What a reason means, in a sentence: for pages that are not served here.
pub fn reason_about(code: cofferdam_engine::signal::Code) -> &'static str {
    docs::reasons::about(code).0
}

/// The pages of `docs/reference` that speak of the API, by file name.
pub fn reference() -> Vec<(&'static str, String)> {
    vec![
        ("errors.md", docs::markdown::errors()),
        ("reasons.md", docs::markdown::reasons()),
        ("endpoints.md", docs::markdown::endpoints(&table())),
        ("openapi.json", document()),
    ]
}

/// The API's document, for the reference pages.
pub fn document() -> String {
    openapi::text()
}

/// Every line of the API as method, address and scopes, for the access tests.
pub fn table() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let scopes = |access| match access {
        auth::Access::Open => Vec::new(),
        auth::Access::Any(scopes) => {
            scopes.iter().map(|scope: &crate::verify::KeyScope| auth::name(*scope)).collect()
        }
    };
    ROUTES.iter().copied().flatten().map(|r| (r.method.text(), r.path, scopes(r.access))).collect()
}

//! `/metrics`: what is counted about ourselves. The names are one list in [`crate::telemetry`].

use super::auth::Access;
use super::route::Route;
use super::wire::{Answer, Call, ready};
use crate::store::health::Part;
use hyper::StatusCode;

/// Lines of the table.
pub const ROUTES: &[Route] =
    &[Route::get("/metrics", Access::Open, "Metrics, as OpenMetrics text", |call| ready(Ok(read(&call))))
        .operators()];

fn read(call: &Call) -> Answer {
    let store = &call.app.store;
    let size = store.tallies.size();
    call.app.metrics.state(size.keys, size.bytes, size.full, store.records.journal_lost());
    call.app.metrics.clock_apart(store.records.clock_apart_ms().unwrap_or(0));
    for part in Part::ALL {
        let state = call.app.health.of(part);
        call.app.metrics.part(part.name(), state.ok, state.since_ms);
    }
    let text = call.app.metrics.scrape();
    Answer::of(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
}

/// A status as a label: the closed set of those that the API answers with.
pub fn status(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        406 => "406",
        408 => "408",
        409 => "409",
        410 => "410",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}

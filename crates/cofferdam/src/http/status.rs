//! `/v1/status`: how this server is.

use super::auth::Access;
use super::health::PartState;
use super::route::Route;
use super::view::Time;
use super::wire::{Answer, Call, ready};
use crate::store::health::Part;
use crate::verify::KeyScope;
use serde::Serialize;
use utoipa::ToSchema;

/// Lines of the table.
pub const ROUTES: &[Route] = &[Route::get(
    "/v1/status",
    Access::Any(&[KeyScope::Read, KeyScope::Manage]),
    "Says how this server is",
    |call| ready(Ok(read(&call))),
)
.answers(200, Some("Status"), "How it is")];

/// How this server is.
#[derive(Serialize, ToSchema)]
pub struct Status {
    /// Of the program.
    #[schema(value_type = String)]
    version: &'static str,
    /// Of the judgement.
    engine: u32,
    /// Of which date the reference data is.
    #[schema(value_type = String)]
    edition: String,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Since when this process runs, in seconds.
    uptime_s: u64,
    /// `live` or `test`: the world of the calling key.
    #[schema(value_type = String)]
    world: &'static str,
    records: PartState,
    tallies: TalliesStatus,
    /// How far this machine's clock is ahead of the records', in milliseconds; none where the store is one machine's.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_apart_ms: Option<i64>,
    /// Journal entries that were lost because their queue was full.
    journal_lost: u64,
    /// Whom this world sends through, in their order.
    #[schema(value_type = Vec<String>)]
    providers: Vec<String>,
}

/// How the tallies are.
#[derive(Serialize, ToSchema)]
pub struct TalliesStatus {
    ok: bool,
    /// Since when they answer, or do not.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// Live keys.
    keys: u64,
    /// Bytes held for them.
    bytes: u64,
    /// The share of `store.tally_keys_max` in use. At 1, newcomers share records, and limits refuse them early.
    full: f64,
}

fn read(call: &Call) -> Answer {
    let store = &call.app.store;
    let (size, tallies) = (store.tallies.size(), call.app.health.of(Part::Tallies));
    let mine = call.app.providers.iter().filter(|provider| !call.is_test() || provider.stays_in_house());
    let providers = mine.map(|provider| provider.name().to_owned()).collect();
    Answer::ok(&Status {
        version: env!("CARGO_PKG_VERSION"),
        engine: cofferdam_engine::ENGINE,
        edition: cofferdam_atlas::edition().to_string(),
        at: Time(call.app.clock.now_ms()),
        uptime_s: call.api.started.elapsed().as_secs(),
        world: if call.is_test() { "test" } else { "live" },
        records: PartState::of(call, Part::Records),
        tallies: TalliesStatus {
            ok: tallies.ok,
            since: Time(tallies.since_ms),
            keys: size.keys,
            bytes: size.bytes,
            full: (size.full * 10_000.0).round() / 10_000.0,
        },
        clock_apart_ms: store.records.clock_apart_ms(),
        journal_lost: store.records.journal_lost(),
        providers,
    })
}

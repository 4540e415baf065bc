//! `/healthz`: the process answers. `/readyz`: it can work, and which part of the store is away. No key,
//! and nothing told beyond that.

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::view::Time;
use super::wire::{Answer, Call, Result, ready};
use crate::store::health::Part;
use serde::Serialize;
use utoipa::ToSchema;

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get("/healthz", Access::Open, "Says that the process answers", |call| ready(Ok(alive(&call))))
        .answers(200, Some("Alive"), "It does"),
    Route::get("/readyz", Access::Open, "Says whether it can work", |call| Box::pin(able(call)))
        .answers(200, Some("Ready"), "It can")
        .errors(&[Code::StoreAway]),
];

/// All is well.
#[derive(Serialize, ToSchema)]
pub struct Alive {
    /// `ok`.
    #[schema(value_type = String)]
    status: &'static str,
}

fn alive(_call: &Call) -> Answer {
    Answer::ok(&Alive { status: "ok" })
}

/// What it can do.
#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// `ok`, or `blind` while attempts are judged without the tallies that are shared.
    #[schema(value_type = String)]
    status: &'static str,
    records: PartState,
    tallies: PartState,
}

/// How a part of the store is.
#[derive(Serialize, ToSchema)]
pub struct PartState {
    /// It answers.
    ok: bool,
    /// Since when it does, or does not, as far back as this process knows.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

impl PartState {
    /// As it was found last.
    pub fn of(call: &Call, part: Part) -> Self {
        let state = call.app.health.of(part);
        Self { ok: state.ok, since: Time(state.since_ms) }
    }
}

/// Records must answer; tallies may be away, since judging goes on without them.
async fn able(call: Call) -> Result {
    let answers = call.app.store.records.ping().await.is_ok();
    call.app.health.found(Part::Records, answers, call.app.clock.now_ms());
    let (records, tallies) = (PartState::of(&call, Part::Records), PartState::of(&call, Part::Tallies));
    if !answers {
        let since = serde_json::to_value(records.since).unwrap_or_default();
        let detail = format!("the records do not answer since {}", since.as_str().unwrap_or("just now"));
        return Err(Problem::new(Code::StoreAway, detail).retry_after_ms(1_000));
    }
    let status = if tallies.ok { "ok" } else { "blind" };
    Ok(Answer::ok(&Ready { status, records, tallies }))
}

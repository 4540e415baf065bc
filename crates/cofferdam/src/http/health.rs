//! `/healthz`: the process answers. `/readyz`: it can work. No key, and nothing told beyond that.

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::wire::{Answer, Call, Result, ready};
use serde::Serialize;
use utoipa::ToSchema;

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get("/healthz", Access::Open, "Says that the process answers", |call| ready(Ok(alive(&call))))
        .answers(200, Some("Alive"), "It does"),
    Route::get("/readyz", Access::Open, "Says whether it can work", |call| Box::pin(able(call)))
        .answers(200, Some("Alive"), "It can")
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

/// Records must answer; tallies may be away, since judging goes on without them.
async fn able(call: Call) -> Result {
    match call.app.store.records.ping().await {
        Ok(()) => Ok(Answer::ok(&Alive { status: "ok" })),
        Err(_) => Err(Problem::new(Code::StoreAway, "the records do not answer").retry_after_ms(1_000)),
    }
}

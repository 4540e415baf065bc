//! `/v1/blocks`: what the engine has shut, for how long, and how to open it.

use super::auth::Access;
use super::page;
use super::problem::Code;
use super::route::Route;
use super::shape::{Kind, NOTHING, Shape, may};
use super::shapes::{CURSOR, LIMIT, ORDER};
use super::view::BlockView;
use super::wire::{Answer, Call, Result, ready};
use crate::verify::KeyScope;
use crate::verify::blocks::{self, Which};

const READ: Access = Access::Any(&[KeyScope::Read, KeyScope::Manage]);
const MANAGE: Access = Access::Any(&[KeyScope::Manage]);
const PATH: &str = "/v1/blocks";
const ONE: &str = "/v1/blocks/{id}";

static LIST: Shape = Shape {
    name: "BlockQuery",
    fields: &[
        LIMIT,
        CURSOR,
        ORDER,
        may(
            "state",
            Kind::OneOf(&["active", "ended"]),
            "Those that stand, or those that are over; the former if it isn't said.",
        ),
        may("kind", Kind::Text(32), "Of one kind of scope: `prefix`, `network`, `ip`, `device` …"),
    ],
};

static LIFT: Shape = Shape {
    name: "BlockLift",
    fields: &[
        may(
            "trusted_for_s",
            Kind::Int(0, 86_400),
            "For so many seconds nothing shuts it again, and what it covered is sent whatever its score.",
        ),
        may("note", Kind::Note(500), "For the audit."),
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(PATH, READ, "Lists standing blocks", |call| ready(list(&call))).query(&LIST).answers(
        200,
        Some("BlockList"),
        "A page of them",
    ),
    Route::get(ONE, READ, "Shows a block", |call| ready(read(&call))).answers(
        200,
        Some("Block"),
        "As it stands",
    ),
    Route::post("/v1/blocks/{id}/lift", MANAGE, "Lifts a block, and keeps it open for a while", |call| {
        Box::pin(lift(call))
    })
    .body(&LIFT)
    .answers(200, Some("Block"), "As it ended")
    .errors(&[Code::State]),
    Route::delete(ONE, MANAGE, "Lifts a block", |call| Box::pin(end(call)))
        .answers(204, None, "Lifted")
        .errors(&[Code::State]),
];

fn list(call: &Call) -> Result {
    let query = call.query(&LIST)?;
    let ask = call.page(&query)?;
    let part = query.part();
    let which = Which { ended: part.str("state") == Some("ended"), kind: part.text("kind") };
    let found = blocks::list(&call.app, &call.caller, &which, &ask);
    let next = page::next(call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(BlockView::of).collect(), next_cursor: next }))
}

fn read(call: &Call) -> Result {
    let found = blocks::get(&call.app, &call.caller, call.param(0))?;
    Ok(Answer::ok(&BlockView::of(&found)))
}

async fn lift(call: Call) -> Result {
    let (for_s, note) = {
        let doc = call.body(&LIFT)?;
        let body = doc.part();
        (body.int("trusted_for_s").unwrap_or(0), body.text("note"))
    };
    let lifted = blocks::lift(&call.app, &call.caller, call.param(0), for_s, note.as_deref()).await?;
    Ok(Answer::ok(&BlockView::of(&lifted)))
}

async fn end(call: Call) -> Result {
    call.body(&NOTHING)?;
    blocks::lift(&call.app, &call.caller, call.param(0), 0, None).await?;
    Ok(Answer::nothing())
}

//! `/v1/outbox`: the messages of the test world, as a person would have got them. With a live key there is
//! no such thing.

use super::auth::Access;
use super::page;
use super::problem::{Code, Problem};
use super::route::Route;
use super::shape::{Kind, Shape, may};
use super::shapes::{CURSOR, LIMIT, ORDER};
use super::view::OutboxView;
use super::wire::{Answer, Call, Result};
use crate::verify::{KeyScope, outbox};
use cofferdam_atlas::Country;

/// The one list that is oldest first, if nothing is said.
pub const PATH: &str = "/v1/outbox";
const READ: Access = Access::Any(&[KeyScope::Verify, KeyScope::Read]);

static LIST: Shape = Shape {
    name: "OutboxQuery",
    fields: &[
        may("to", Kind::Text(256), "To this number. Write `+` as `%2B`."),
        may("country", Kind::Country, "Country of a number in national form."),
        LIMIT,
        CURSOR,
        ORDER,
    ],
};

static LATEST: Shape = Shape {
    name: "LatestQuery",
    fields: &[
        may("to", Kind::Text(256), "To this number. Write `+` as `%2B`."),
        may("country", Kind::Country, "Country of a number in national form."),
        may("wait_s", Kind::Int(0, 30), "How long to wait for one."),
    ],
};

static CLEAR: Shape = Shape {
    name: "ClearOutboxQuery",
    fields: &[
        may("to", Kind::Text(256), "To this number only. Write `+` as `%2B`."),
        may("country", Kind::Country, "Country of a number in national form."),
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(PATH, READ, "Lists messages of the test world, oldest first", |call| Box::pin(list(call)))
        .query(&LIST)
        .answers(200, Some("OutboxMessageList"), "A page of them")
        .errors(&[Code::InvalidNumber]),
    Route::get("/v1/outbox/latest", READ, "Waits for the newest message", |call| Box::pin(latest(call)))
        .query(&LATEST)
        .answers(200, Some("OutboxMessage"), "One bare message; 404 if none came")
        .errors(&[Code::InvalidNumber]),
    Route::delete(PATH, Access::Any(&[KeyScope::Verify, KeyScope::Manage]), "Empties the outbox", |call| {
        Box::pin(clear(call))
    })
    .query(&CLEAR)
    .answers(204, None, "Emptied")
    .errors(&[Code::InvalidNumber]),
];

fn test_only(call: &Call) -> Result<()> {
    if call.is_test() { Ok(()) } else { Err(Problem::not_found()) }
}

async fn list(call: Call) -> Result {
    test_only(&call)?;
    let query = call.query(&LIST)?;
    let ask = call.page(&query)?;
    let found = outbox::list(&call.app, &call.caller, to(query.part()), &ask).await?;
    let next = page::next(&call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(OutboxView::of).collect(), next_cursor: next }))
}

async fn latest(call: Call) -> Result {
    test_only(&call)?;
    let query = call.query(&LATEST)?;
    let wait_s = query.part().int("wait_s").unwrap_or(0);
    let message = outbox::latest(&call.app, &call.caller, to(query.part()), wait_s).await?;
    Ok(Answer::ok(&OutboxView::of(&message)))
}

async fn clear(call: Call) -> Result {
    test_only(&call)?;
    let query = call.query(&CLEAR)?;
    outbox::clear(&call.app, &call.caller, to(query.part())).await?;
    Ok(Answer::nothing())
}

fn to<'q>(part: super::body::Part<'q, '_>) -> Option<(&'q str, Option<Country>)> {
    part.str("to").map(|to| (to, part.country("country")))
}

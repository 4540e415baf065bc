//! `/v1/numbers`: what is known of a number, and how it is known.

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::shape::{Kind, Shape, may, must};
use super::view::NumberView;
use super::wire::{Answer, Call, LogPlace, Result};
use crate::verify::{KeyScope, numbers};
use cofferdam_atlas::Country;

/// The address of look-ups.
pub const LOOK_UP_PATH: &str = "/v1/numbers/lookup";
const READ: Access = Access::Any(&[KeyScope::Read, KeyScope::Verify, KeyScope::Assess]);

static QUERY: Shape = Shape {
    name: "NumberQuery",
    fields: &[may("country", Kind::Country, "Country of a number in national form.")],
};

static LOOK_UP: Shape = Shape {
    name: "LookUpNumber",
    fields: &[
        must("number", Kind::Text(256), "As people type it."),
        may("country", Kind::Country, "Country of a number in national form."),
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get("/v1/numbers/{number}", READ, "Says what is known of a number", |call| Box::pin(read(call)))
        .query(&QUERY)
        .answers(200, Some("Number"), "What is known of it")
        .errors(&[Code::InvalidNumber]),
    Route::post(LOOK_UP_PATH, READ, "The same, for those who want no number in an address", |call| {
        Box::pin(look_up(call))
    })
    .body(&LOOK_UP)
    .answers(200, Some("Number"), "What is known of it")
    .errors(&[Code::InvalidNumber])
    .light(),
];

async fn read(call: Call) -> Result {
    let query = call.query(&QUERY)?;
    let text = call.param(0);
    if text.chars().count() > 256 {
        return Err(Problem::field("number", "too_long", "at most 256 characters"));
    }
    known(&call, text, query.part().country("country")).await
}

async fn look_up(call: Call) -> Result {
    let doc = call.body(&LOOK_UP)?;
    let body = doc.part();
    known(&call, body.str("number").unwrap_or_default(), body.country("country")).await
}

async fn known(call: &Call, text: &str, country: Option<Country>) -> Result {
    let known = numbers::number(&call.app, &call.caller, text, country)
        .await
        .map_err(|error| Problem::from(error).renamed("to", "number"))?;
    let place = LogPlace {
        country: known.destination.country.map(Country::iso2),
        network: known.destination.network.map(cofferdam_atlas::Network::id),
        prefix: known.destination.number.prefix(4),
    };
    Ok(Answer::ok(&NumberView::of(&known)).at(Some(place)))
}

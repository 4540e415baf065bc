//! `/v1/lists/{safe,deny}/entries`: who is never stopped, and who always is.

use super::auth::Access;
use super::page;
use super::problem::Code;
use super::route::{BodySize, Route};
use super::shape::{Kind, Shape, may, must};
use super::shapes::PAGE;
use super::view::EntryView;
use super::wire::{Answer, Call, Result};
use crate::verify::KeyScope;
use crate::verify::lists::{self, ListName, NewEntry};

const READ: Access = Access::Any(&[KeyScope::Read, KeyScope::Manage]);
const MANAGE: Access = Access::Any(&[KeyScope::Manage]);
const SAFE: &str = "/v1/lists/safe/entries";
const DENY: &str = "/v1/lists/deny/entries";

static ENTRY: Shape = Shape {
    name: "NewListEntry",
    fields: &[
        must(
            "value",
            Kind::Text(320),
            "A number as people type it, a prefix (`+1415555*`), an address, a CIDR, or an e-mail domain.",
        ),
        may("country", Kind::Country, "Country of a number in national form."),
        may("expires_at", Kind::Time, "When it ends by itself."),
        may("note", Kind::Note(500), "For people."),
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(SAFE, READ, "Lists the safe list", |call| Box::pin(list(call, ListName::Safe)))
        .query(&PAGE)
        .answers(200, Some("ListEntryList"), "A page of it"),
    Route::post(SAFE, MANAGE, "Adds to the safe list", |call| Box::pin(add(call, ListName::Safe)))
        .body(&ENTRY)
        .size(BodySize::Big)
        .answers(201, Some("ListEntry"), "As added, in its normal form")
        .errors(&[Code::Duplicate, Code::InvalidNumber]),
    Route::delete("/v1/lists/safe/entries/{id}", MANAGE, "Removes from the safe list", |call| {
        Box::pin(remove(call, ListName::Safe))
    })
    .answers(204, None, "Removed"),
    Route::get(DENY, READ, "Lists the deny list", |call| Box::pin(list(call, ListName::Deny)))
        .query(&PAGE)
        .answers(200, Some("ListEntryList"), "A page of it"),
    Route::post(DENY, MANAGE, "Adds to the deny list", |call| Box::pin(add(call, ListName::Deny)))
        .body(&ENTRY)
        .size(BodySize::Big)
        .answers(201, Some("ListEntry"), "As added, in its normal form")
        .errors(&[Code::Duplicate, Code::InvalidNumber]),
    Route::delete("/v1/lists/deny/entries/{id}", MANAGE, "Removes from the deny list", |call| {
        Box::pin(remove(call, ListName::Deny))
    })
    .answers(204, None, "Removed"),
];

async fn list(call: Call, which: ListName) -> Result {
    let ask = call.page(&call.query(&PAGE)?)?;
    let found = lists::list(&call.app, &call.caller, which, &ask).await?;
    let next = page::next(&call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(EntryView::of).collect(), next_cursor: next }))
}

async fn add(call: Call, which: ListName) -> Result {
    let entry = {
        let doc = call.body(&ENTRY)?;
        let body = doc.part();
        NewEntry {
            value: body.text("value").unwrap_or_default(),
            country: body.country("country"),
            expires_ms: body.time("expires_at"),
            note: body.text("note"),
        }
    };
    let added = lists::add(&call.app, &call.caller, which, &entry)
        .await
        .map_err(|error| super::problem::Problem::from(error).renamed("to", "value"))?;
    Ok(Answer::created(&EntryView::of(&added)).about(&added.id))
}

async fn remove(call: Call, which: ListName) -> Result {
    lists::remove(&call.app, &call.caller, which, call.param(0)).await?;
    Ok(Answer::nothing())
}

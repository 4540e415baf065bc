//! `/v1/tenants`: owners of keys and history; nothing crosses between them. Only for admin keys.

use super::auth::Access;
use super::page;
use super::problem::Code;
use super::route::Route;
use super::shape::{Kind, Shape, must};
use super::shapes::PAGE;
use super::view::{TenantMadeView, TenantView};
use super::wire::{Answer, Call, Result, ready};
use crate::verify::{KeyScope, tenants};

const PATH: &str = "/v1/tenants";
const ADMIN: Access = Access::Any(&[KeyScope::Admin]);

static NEW: Shape = Shape {
    name: "NewTenant",
    fields: &[must("name", Kind::Text(64), "Its name: unique in the installation.")],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(PATH, ADMIN, "Lists tenants", |call| ready(list(&call))).query(&PAGE).answers(
        200,
        Some("TenantList"),
        "A page of them",
    ),
    Route::post(PATH, ADMIN, "Makes a tenant with its three keys", |call| Box::pin(make(call)))
        .body(&NEW)
        .answers(201, Some("MadeTenant"), "With the secrets of its keys, shown this once")
        .errors(&[Code::Duplicate]),
];

fn list(call: &Call) -> Result {
    let ask = call.page(&call.query(&PAGE)?)?;
    let found = tenants::list(&call.app, &call.caller, &ask);
    let next = page::next(call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(TenantView::of).collect(), next_cursor: next }))
}

async fn make(call: Call) -> Result {
    let name = call.body(&NEW)?.part().text("name").unwrap_or_default();
    let made = tenants::create(&call.app, &call.caller, &name).await?;
    Ok(Answer::created(&TenantMadeView::of(&made, true)).replayed_as(&TenantMadeView::of(&made, false)))
}

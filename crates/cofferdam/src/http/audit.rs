//! `/v1/audit`: what people changed, and when.

use super::auth::Access;
use super::page;
use super::route::Route;
use super::shapes::PAGE;
use super::view::AuditView;
use super::wire::{Answer, Call, Result};
use crate::verify::KeyScope;

/// Lines of the table.
pub const ROUTES: &[Route] = &[Route::get(
    "/v1/audit",
    Access::Any(&[KeyScope::Manage]),
    "Lists what was changed, newest first",
    |call| Box::pin(list(call)),
)
.query(&PAGE)
.answers(200, Some("AuditEntryList"), "A page of it")];

async fn list(call: Call) -> Result {
    let ask = call.page(&call.query(&PAGE)?)?;
    let found = call.app.store.records.audit(&call.caller.owner, &ask).await?;
    let next = page::next(&call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(AuditView::of).collect(), next_cursor: next }))
}

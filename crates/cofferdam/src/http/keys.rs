//! `/v1/keys`: keys of this API. A secret is shown once, and kept by us as a keyed hash alone.

use super::auth::Access;
use super::body::word;
use super::json::Json;
use super::page;
use super::problem::{Code, Problem};
use super::route::Route;
use super::shape::{Kind, Shape, may, must};
use super::shapes::{PAGE, SCOPES, WORLDS};
use super::view::{KeyView, MadeKeyView};
use super::wire::{Answer, Call, Result, ready};
use crate::verify::KeyScope;
use crate::verify::keys::{self, KeyAsk};

const PATH: &str = "/v1/keys";
const MANAGE: Access = Access::Any(&[KeyScope::Manage]);

static NEW: Shape = Shape {
    name: "NewKey",
    fields: &[
        must(
            "scopes",
            Kind::List(&Kind::OneOf(SCOPES), 5),
            "What it may do. Only an admin may make an admin key.",
        ),
        may("world", Kind::OneOf(WORLDS), "`live` or `test`; that of the calling key if it isn't said."),
        may("name", Kind::Text(64), "For people."),
        may("expires_at", Kind::Time, "When it ends by itself."),
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(PATH, MANAGE, "Lists keys, without their secrets", |call| ready(list(&call)))
        .query(&PAGE)
        .answers(200, Some("KeyList"), "A page of them"),
    Route::post(PATH, MANAGE, "Makes a key", |call| Box::pin(make(call))).body(&NEW).answers(
        201,
        Some("MadeKey"),
        "With its secret, shown this once",
    ),
    Route::get("/v1/keys/{id}", MANAGE, "Reads a key, without its secret", |call| ready(read(&call)))
        .answers(200, Some("Key"), "As it stands"),
    Route::delete("/v1/keys/{id}", MANAGE, "Revokes a key at once", |call| Box::pin(revoke(call)))
        .answers(204, None, "Revoked")
        .errors(&[Code::State]),
];

fn list(call: &Call) -> Result {
    let ask = call.page(&call.query(&PAGE)?)?;
    let found = keys::list(&call.app, &call.caller, &ask);
    let next = page::next(call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(KeyView::of).collect(), next_cursor: next }))
}

async fn make(call: Call) -> Result {
    let ask = {
        let doc = call.body(&NEW)?;
        let body = doc.part();
        let scope = |item: &Json<'_>| match item {
            Json::Text(text) => word(text),
            _ => None,
        };
        let mut scopes: Vec<KeyScope> = body.list("scopes").iter().filter_map(scope).collect();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Problem::field("scopes", "empty", "a key needs a scope"));
        }
        if scopes.contains(&KeyScope::Admin) && !call.caller.scopes.contains(&KeyScope::Admin) {
            return Err(Problem::new(Code::Forbidden, "only an admin key may make an admin key"));
        }
        let expires_ms = body.time("expires_at");
        if expires_ms.is_some_and(|at| at <= call.app.clock.now_ms()) {
            return Err(Problem::field("expires_at", "out_of_range", "this time is over"));
        }
        KeyAsk {
            name: body.text("name"),
            world: body.word("world").unwrap_or(call.caller.owner.world),
            scopes,
            expires_ms,
        }
    };
    let made = keys::create(&call.app, &call.caller, &ask).await?;
    Ok(Answer::created(&MadeKeyView::of(&made, true)).replayed_as(&MadeKeyView::of(&made, false)))
}

fn read(call: &Call) -> Result {
    Ok(Answer::ok(&KeyView::of(&keys::get(&call.app, &call.caller, call.param(0))?)))
}

async fn revoke(call: Call) -> Result {
    keys::revoke(&call.app, &call.caller, call.param(0)).await?;
    Ok(Answer::nothing())
}

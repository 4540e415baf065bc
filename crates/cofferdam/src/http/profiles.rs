//! `/v1/profiles`: named sets of choices under which a caller verifies.

use super::auth::Access;
use super::body::{Part, word};
use super::json::Json;
use super::page;
use super::problem::Code;
use super::route::Route;
use super::shape::{Field, Kind, Shape, may, must};
use super::shapes::{CHANNELS, PAGE};
use super::view::ProfileView;
use super::wire::{Answer, Call, Result, not_available, ready};
use crate::verify::profile::ProfileEdit;
use crate::verify::{KeyScope, profiles};
use cofferdam_engine::Channel;
use cofferdam_engine::limit::{Limit, LimitScope};
use std::borrow::Cow;
use std::collections::BTreeMap;

const PATH: &str = "/v1/profiles";
const ONE: &str = "/v1/profiles/{id}";
const READ: Access = Access::Any(&[KeyScope::Read, KeyScope::Manage]);
const MANAGE: Access = Access::Any(&[KeyScope::Manage]);
/// Larger figures are mistakes: no field of a profile comes near.
const MOST: i64 = 4_294_967_295;

static LIMIT: Shape = Shape {
    name: "LimitInput",
    fields: &[
        must("max", Kind::Int(0, MOST), "How many."),
        must("window_s", Kind::Int(1, MOST), "In how many seconds."),
    ],
};

static ONE_LIMIT: Kind = Kind::Object(&LIMIT);
static LIMITS: Kind = Kind::List(&ONE_LIMIT, 3);

static LIMIT_NAMES: &[&str] = &[
    "number",
    "number_checks",
    "ip",
    "ipv4_24",
    "ipv6_64",
    "ipv6_48",
    "device",
    "session",
    "user",
    "user_agent",
    "prefix",
    "network",
    "country",
    "profile",
    "tenant",
];

const REST: [Field; 17] = [
    may("channel", Kind::OneOf(CHANNELS), "How codes are sent: `sms`."),
    may("workflow", Kind::List(&Kind::Text(16), 4), "Channels in order. Not available yet."),
    may(
        "code_length",
        Kind::Int(0, MOST),
        "Digits of a code: 4 to 10, below 6 with at most 3 checks. 6 by default.",
    ),
    may(
        "lifetime_s",
        Kind::Int(0, MOST),
        "How long a code lives: 30 to 3600, in the test world from 1. 600 by default.",
    ),
    may("checks", Kind::Int(0, MOST), "Guesses: 1 to 10. 5 by default."),
    may("resend_after_s", Kind::Int(0, MOST), "When a resend is allowed."),
    may("send_wait_s", Kind::Int(0, MOST), "How long the answer waits for the message to be handed over."),
    may(
        "destinations",
        Kind::Each(CHANNELS, &Kind::List(&Kind::Text(2), 300)),
        "Countries by channel; `*` is all.",
    ),
    may("locked_country", Kind::Text(2), "The only country; `null` unlocks."),
    may("level", Kind::OneOf(&["basic", "standard", "max"]), "The protection level."),
    may(
        "mode",
        Kind::OneOf(&["enforce", "shadow"]),
        "`shadow` silences detectors: what they decide is recorded and not followed.",
    ),
    may(
        "evidence",
        Kind::Bool,
        "`false` judges by limits, lists, destinations, the line's kind and tariff, blocks made by hand and money alone: nothing else is looked up, counted or weighed.",
    ),
    may(
        "restart",
        Kind::OneOf(&["new", "resend", "conflict", "supersede"]),
        "What to do while one of the same number is pending.",
    ),
    may(
        "limits",
        Kind::Each(LIMIT_NAMES, &LIMITS),
        "By scope; an empty list switches one off, scopes that aren't named keep theirs.",
    ),
    may("own_codes", Kind::Bool, "Whether callers may bring their own codes."),
    may(
        "template",
        Kind::Note(1_000),
        "Text of the message, with `{code}`, `{brand}` and `{minutes}`; `null` for ours.",
    ),
    may("app_hash", Kind::Text(32), "For automatic reading of the code by an app."),
];

/// The name first, then the rest.
const fn with_name(name: Field) -> [Field; 18] {
    let mut all = [name; 18];
    let (_, mut to) = all.split_at_mut(1);
    let mut from: &[Field] = &REST;
    while let ([slot, later @ ..], [field, rest @ ..]) = (to, from) {
        *slot = *field;
        (to, from) = (later, rest);
    }
    all
}

static NEW: Shape = Shape {
    name: "NewProfile",
    fields: &with_name(must("name", Kind::Text(64), "Its name: unique in the tenant's world.")),
};
static CHANGE: Shape = Shape {
    name: "ChangeProfile",
    fields: &with_name(may("name", Kind::Text(64), "Its name: unique in the tenant's world.")),
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get(PATH, READ, "Lists profiles", |call| ready(list(&call))).query(&PAGE).answers(
        200,
        Some("ProfileList"),
        "A page of them",
    ),
    Route::post(PATH, MANAGE, "Makes a profile", |call| Box::pin(make(call)))
        .body(&NEW)
        .answers(201, Some("Profile"), "As made")
        .errors(&[Code::Duplicate, Code::NotAvailable]),
    Route::get(ONE, READ, "Reads a profile, by name or identifier", |call| ready(read(&call))).answers(
        200,
        Some("Profile"),
        "As it stands",
    ),
    Route::patch(ONE, MANAGE, "Changes a profile", |call| Box::pin(change(call)))
        .body(&CHANGE)
        .answers(200, Some("Profile"), "As it then stands")
        .errors(&[Code::Duplicate, Code::State, Code::NotAvailable]),
    Route::delete(ONE, MANAGE, "Ends a profile; `default` cannot be ended", |call| Box::pin(end(call)))
        .answers(204, None, "Ended")
        .errors(&[Code::State]),
];

fn list(call: &Call) -> Result {
    let ask = call.page(&call.query(&PAGE)?)?;
    let found = profiles::list(&call.app, &call.caller, &ask);
    let next = page::next(call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List { data: found.rows.iter().map(ProfileView::of).collect(), next_cursor: next }))
}

async fn make(call: Call) -> Result {
    let edit = edit(call.body(&NEW)?.part())?;
    Ok(Answer::created(&ProfileView::of(&profiles::create(&call.app, &call.caller, &edit).await?)))
}

fn read(call: &Call) -> Result {
    Ok(Answer::ok(&ProfileView::of(&profiles::get(&call.app, &call.caller, call.param(0))?)))
}

async fn change(call: Call) -> Result {
    let edit = edit(call.body(&CHANGE)?.part())?;
    let changed = profiles::update(&call.app, &call.caller, call.param(0), &edit).await?;
    Ok(Answer::ok(&ProfileView::of(&changed)))
}

async fn end(call: Call) -> Result {
    profiles::delete(&call.app, &call.caller, call.param(0)).await?;
    Ok(Answer::nothing())
}

fn edit(body: Part<'_, '_>) -> Result<ProfileEdit> {
    if body.get("workflow").is_some() {
        return Err(not_available("workflow"));
    }
    let nullable = |name| body.said(name).then(|| body.text(name));
    Ok(ProfileEdit {
        name: body.text("name"),
        channel: body.word("channel"),
        code_length: body.int("code_length"),
        lifetime_s: body.int("lifetime_s"),
        checks: body.int("checks"),
        resend_after_s: body.int("resend_after_s"),
        send_wait_s: body.int("send_wait_s"),
        destinations: body.get("destinations").map(|_| destinations(body.object("destinations"))),
        locked_country: nullable("locked_country"),
        level: body.word("level"),
        mode: body.word("mode"),
        evidence: body.bool("evidence"),
        restart: body.word("restart"),
        limits: limits(body.object("limits")),
        own_codes: body.bool("own_codes"),
        template: nullable("template"),
        app_hash: nullable("app_hash"),
    })
}

fn destinations(part: Part<'_, '_>) -> BTreeMap<Channel, Vec<String>> {
    let text = |item: &Json<'_>| match item {
        Json::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    };
    let of = |name: &str| part.list(name).iter().filter_map(text).collect();
    part.fields().iter().filter_map(|(name, _)| Some((word(name)?, of(name)))).collect()
}

fn limits(part: Part<'_, '_>) -> BTreeMap<LimitScope, Vec<Limit>> {
    let limit = |item: &Json<'_>| match item {
        Json::Object(fields) => {
            Some(Limit { max: whole(fields, "max")?, window_s: whole(fields, "window_s")? })
        }
        _ => None,
    };
    let of = |name: &str| part.list(name).iter().filter_map(limit).collect();
    part.fields().iter().filter_map(|(name, _)| Some((word(name)?, of(name)))).collect()
}

fn whole(fields: &[(Cow<'_, str>, Json<'_>)], name: &str) -> Option<u32> {
    Part::new(fields, true).int(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_the_engine_has_its_name_here() {
        let names: Vec<&str> = LimitScope::ALL.iter().map(|scope| scope.name()).collect();
        assert_eq!(names, LIMIT_NAMES);
        assert!(LIMIT_NAMES.iter().all(|name| word::<LimitScope>(name).is_some()));
        assert!(CHANNELS.iter().all(|name| word::<Channel>(name).is_some()));
    }
}

//! `/v1/assessments`: judgement only, for callers who send by themselves.

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::shape::{Kind, Shape, may, must};
use super::shapes::{self, CHANNELS, CLIENT};
use super::view::{Assessed, AssessedDetail};
use super::wire::{Answer, Call, LogPlace, Result, not_available};
use crate::store::row::JournalEntry;
use crate::verify::report::{self, ReportAnswer};
use crate::verify::{AssessInput, KeyScope, assess};
use hyper::StatusCode;

const PATH: &str = "/v1/assessments";
const READ: Access = Access::Any(&[KeyScope::Assess, KeyScope::Verify, KeyScope::Read]);

static ASSESS: Shape = Shape {
    name: "Assess",
    fields: &[
        must(
            "to",
            Kind::Text(256),
            "The phone number, as people type it: international, or national with `country`.",
        ),
        may("country", Kind::Country, "Country of a number in national form."),
        may("channel", Kind::OneOf(CHANNELS), "How it would be sent: `sms` if it isn't said."),
        may(
            "profile",
            Kind::Text(64),
            "Name or identifier of the profile; the default profile if it isn't said.",
        ),
        may("client", Kind::Object(&CLIENT), "What is known of the person."),
        may(
            "price",
            Kind::Money,
            "What sending it would come to, in USD; our own estimate if it isn't said.",
        ),
        may("reserve", Kind::Bool, "Not available yet."),
    ],
};

static LABEL: Shape = Shape {
    name: "Label",
    fields: &[
        must("label", Kind::OneOf(&["good", "fraud", "unsure"]), "What it was."),
        may("note", Kind::Note(500), "For the audit."),
    ],
};

static FIND: Shape = Shape {
    name: "AssessmentQuery",
    fields: &[must("attempt", Kind::Text(64), "The attempt it judged, `att_…`.")],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::post(PATH, Access::Any(&[KeyScope::Assess]), "Judges an attempt; nothing is sent", |call| {
        Box::pin(judge(call))
    })
    .body(&ASSESS)
    .answers(201, Some("Assessment"), "Allow, challenge or block; a limit met is a block")
    .errors(&[Code::InvalidNumber, Code::NotAvailable])
    .light(),
    Route::get(PATH, READ, "Finds the assessment of an attempt, with everything behind it", |call| Box::pin(find(call)))
        .query(&FIND)
        .answers(200, Some("AssessmentDetail"), "With every reason"),
    Route::get("/v1/assessments/{id}", READ, "Explains an assessment", |call| Box::pin(read(call)))
        .answers(200, Some("AssessmentDetail"), "With every reason, the waterfall from base rate to score, the threshold and the closest change that would have let it through"),
    Route::post(
        "/v1/assessments/{id}/label",
        Access::Any(&[KeyScope::Assess, KeyScope::Manage]),
        "Says what an attempt was",
        |call| Box::pin(label(call)),
    )
    .body(&LABEL)
    .answers(200, Some("Labelled"), "Taken, or told before"),
];

async fn judge(call: Call) -> Result {
    let input = {
        let doc = call.body(&ASSESS)?;
        let body = doc.part();
        if body.bool("reserve") == Some(true) {
            return Err(not_available("reserve"));
        }
        let price = body.money("price");
        if price.is_some_and(|(_, currency)| currency != "USD") {
            return Err(Problem::field("price.currency", "not_allowed", "prices are in `USD`"));
        }
        AssessInput {
            to: body.text("to").unwrap_or_default(),
            country: body.country("country"),
            channel: body.word("channel"),
            profile: body.text("profile"),
            client: shapes::client(body.object("client")),
            price_micros: price.map(|(micros, _)| micros),
        }
    };
    let entry = assess::assess(&call.app, &call.caller, &input).await?;
    Ok(Answer::json(StatusCode::CREATED, &Assessed::of(&entry)).at(Some(place(&entry))))
}

async fn find(call: Call) -> Result {
    let query = call.query(&FIND)?;
    let attempt = query.part().text("attempt").unwrap_or_default();
    if !attempt.starts_with("att_") {
        return Err(Problem::field("attempt", "malformed", "an attempt begins with `att_`"));
    }
    explained(&call, &attempt).await
}

async fn read(call: Call) -> Result {
    if !call.param(0).starts_with("asm_") {
        return Err(Problem::not_found());
    }
    explained(&call, call.param(0)).await
}

async fn explained(call: &Call, id: &str) -> Result {
    let entry = assess::find(&call.app, &call.caller, id).await?;
    let admin = call.caller.scopes.contains(&KeyScope::Admin);
    Ok(Answer::ok(&AssessedDetail::of(&entry, admin)).at(Some(place(&entry))))
}

async fn label(call: Call) -> Result {
    let doc = call.body(&LABEL)?;
    let body = doc.part();
    let Some(label) = body.word("label") else { return Err(Problem::not_found()) };
    let answer = report::label(&call.app, &call.caller, call.param(0), label, body.str("note")).await?;
    let status = match answer {
        ReportAnswer::Accepted => "accepted",
        ReportAnswer::Duplicate => "duplicate",
        ReportAnswer::Unknown => return Err(Problem::not_found()),
        ReportAnswer::Invalid(why) => return Err(Problem::field("label", "not_allowed", why)),
    };
    Ok(Answer::ok(&Labelled { status }))
}

/// What became of a label.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Labelled {
    /// `accepted` or `duplicate`.
    #[schema(value_type = String)]
    status: &'static str,
}

fn place(entry: &JournalEntry) -> LogPlace {
    let place = &entry.attempt.place;
    LogPlace {
        country: place.country.map(cofferdam_atlas::Country::iso2),
        network: place.network,
        prefix: place.shown,
    }
}

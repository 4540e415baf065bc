//! `/v1/verifications`: begins, reads, resends, challenges, cancels. Checks have a file of their own.

use super::auth::Access;
use super::page;
use super::problem::{Code, Problem};
use super::route::Route;
use super::shape::{Kind, Shape, may, must};
use super::shapes::{self, CHANNELS, CLIENT, CURSOR, LIMIT, ORDER};
use super::view::VerificationView;
use super::wire::{Answer, Call, LogPlace, Result, not_available};
use crate::verify::get::Which;
use crate::verify::{KeyScope, StartInput, Verified, cancel, challenge, get, resend, start};
use hyper::StatusCode;

/// The address of starts.
pub const PATH: &str = "/v1/verifications";
const VERIFY: Access = Access::Any(&[KeyScope::Verify]);
const READ: Access = Access::Any(&[KeyScope::Verify, KeyScope::Read]);

static WORKFLOW_STEP: Shape = Shape {
    name: "WorkflowStep",
    fields: &[
        must("channel", Kind::OneOf(CHANNELS), "How."),
        must("timeout_s", Kind::Int(1, 3_600), "How long to wait for a right code."),
    ],
};

static START: Shape = Shape {
    name: "StartVerification",
    fields: &[
        must(
            "to",
            Kind::Text(256),
            "The phone number, as people type it: international, or national with `country`.",
        ),
        may("country", Kind::Country, "Country of a number in national form."),
        may(
            "channel",
            Kind::OneOf(CHANNELS),
            "How the code is sent: `sms` if it isn't said. Others are not available yet.",
        ),
        may(
            "workflow",
            Kind::List(&Kind::Object(&WORKFLOW_STEP), 4),
            "Channels in order. Not available yet.",
        ),
        may(
            "profile",
            Kind::Text(64),
            "Name or identifier of the profile; the default profile if it isn't said.",
        ),
        may("client", Kind::Object(&CLIENT), "What is known of the person."),
        may("locale", Kind::Text(35), "Language of the message, such as `en` or `pt-BR`."),
        may("brand", Kind::Text(64), "Who the message says it is from."),
        may("sender_id", Kind::Text(15), "What the person should see as the sender."),
        may("app_hash", Kind::Text(32), "For automatic reading of the code by an app."),
        may("code", Kind::Text(10), "The caller's own code, where the profile allows it."),
        may("fraud_check", Kind::Bool, "`true` if it isn't said. `false` is not available yet."),
        may("waiver_reason", Kind::Note(500), "Why `fraud_check` is `false`."),
        may("metadata", Kind::Pairs(16, 500), "Returned as given."),
    ],
};

static RESEND: Shape = Shape {
    name: "ResendVerification",
    fields: &[may(
        "channel",
        Kind::OneOf(CHANNELS),
        "Another channel. Others than `sms` are not available yet.",
    )],
};

static CHALLENGE: Shape = Shape {
    name: "AnswerChallenge",
    fields: &[must(
        "answer",
        Kind::Text(4_096),
        "What the person answered; in the test world `pass` passes.",
    )],
};

static LIST: Shape = Shape {
    name: "VerificationsQuery",
    fields: &[
        may("to", Kind::Text(256), "Of this number. Write `+` as `%2B`."),
        may("country", Kind::Country, "Country of a number in national form."),
        may(
            "status",
            Kind::OneOf(&[
                "pending",
                "challenge_required",
                "blocked",
                "approved",
                "expired",
                "canceled",
                "failed",
                "too_many_checks",
            ]),
            "In this status.",
        ),
        may("since", Kind::Time, "Made since then."),
        LIMIT,
        CURSOR,
        ORDER,
    ],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::post(
        PATH,
        VERIFY,
        "Starts a verification: judges it, and sends a code unless it is blocked",
        |call| Box::pin(begin(call)),
    )
    .body(&START)
    .answers(201, Some("Verification"), "It was made; `blocked` and `failed` are results, not errors")
    .errors(&[Code::InvalidNumber, Code::NotAvailable, Code::Limited, Code::Pending]),
    Route::get(PATH, READ, "Lists verifications, newest first", |call| Box::pin(list(call)))
        .query(&LIST)
        .answers(200, Some("VerificationList"), "A page of them, without their assessments")
        .errors(&[Code::InvalidNumber]),
    Route::get("/v1/verifications/{id}", READ, "Reads a verification", |call| Box::pin(read(call))).answers(
        200,
        Some("Verification"),
        "As it stands",
    ),
    Route::post("/v1/verifications/{id}/resend", VERIFY, "Sends the same code again", |call| {
        Box::pin(again(call))
    })
    .body(&RESEND)
    .answers(200, Some("Verification"), "As it then stands")
    .errors(&[Code::AlreadyFinished, Code::Expired, Code::TooSoon, Code::Limited, Code::NotAvailable]),
    Route::post("/v1/verifications/{id}/challenge", VERIFY, "Takes the answer to a challenge", |call| {
        Box::pin(answered(call))
    })
    .body(&CHALLENGE)
    .answers(200, Some("Verification"), "Sent, or blocked")
    .errors(&[Code::AlreadyFinished, Code::Expired, Code::State, Code::Limited]),
    Route::post("/v1/verifications/{id}/cancel", VERIFY, "Cancels a verification", |call| {
        Box::pin(end(call))
    })
    .answers(200, Some("Verification"), "Canceled")
    .errors(&[Code::AlreadyFinished, Code::Expired]),
];

async fn begin(call: Call) -> Result {
    let doc = call.body(&START)?;
    let body = doc.part();
    if body.said("workflow") && body.get("workflow").is_some() {
        return Err(not_available("workflow"));
    }
    if body.bool("fraud_check") == Some(false) {
        if !call.may(KeyScope::Manage) {
            return Err(Problem::new(
                Code::Forbidden,
                "`fraud_check: false` needs a key with the scope manage",
            ));
        }
        return Err(not_available("fraud_check"));
    }
    let input = StartInput {
        to: body.text("to").unwrap_or_default(),
        country: body.country("country"),
        channel: body.word("channel"),
        profile: body.text("profile"),
        client: shapes::client(body.object("client")),
        locale: body.text("locale"),
        brand: body.text("brand"),
        sender_id: body.text("sender_id"),
        app_hash: body.text("app_hash"),
        code: body.text("code"),
        metadata: body.pairs("metadata"),
        idempotency: call.idempotency.clone(),
    };
    let verified = start::start(&call.app, &call.caller, input).await?;
    Ok(answer(StatusCode::CREATED, &verified))
}

async fn list(call: Call) -> Result {
    let query = call.query(&LIST)?;
    let ask = call.page(&query)?;
    let part = query.part();
    let which = Which {
        to: part.text("to"),
        country: part.country("country"),
        status: part.word("status"),
        since_ms: part.time("since"),
    };
    let found = get::list(&call.app, &call.caller, &which, &ask).await?;
    let next = page::next(&call, &ask, found.next.as_deref());
    Ok(Answer::ok(&page::List {
        data: found.rows.iter().map(VerificationView::of).collect(),
        next_cursor: next,
    }))
}

async fn read(call: Call) -> Result {
    Ok(answer(StatusCode::OK, &get::get(&call.app, &call.caller, call.param(0)).await?))
}

async fn again(call: Call) -> Result {
    let doc = call.body(&RESEND)?;
    let channel = doc.part().word("channel");
    let key = call.idempotency.clone();
    Ok(answer(StatusCode::OK, &resend::resend(&call.app, &call.caller, call.param(0), channel, key).await?))
}

async fn answered(call: Call) -> Result {
    let doc = call.body(&CHALLENGE)?;
    let said = doc.part().text("answer").unwrap_or_default();
    let key = call.idempotency.clone();
    let taken = challenge::challenge(&call.app, &call.caller, call.param(0), &said, key).await?;
    Ok(answer(StatusCode::OK, &taken))
}

async fn end(call: Call) -> Result {
    call.body(&super::shape::NOTHING)?;
    Ok(answer(StatusCode::OK, &cancel::cancel(&call.app, &call.caller, call.param(0)).await?))
}

/// A verification as answered.
pub fn answer(status: StatusCode, verified: &Verified) -> Answer {
    Answer::json(status, &VerificationView::of(verified))
        .at(Some(place(verified)))
        .about(&verified.verification.id)
}

/// What the log may say of its number.
pub fn place(verified: &Verified) -> LogPlace {
    let place = &verified.verification.fixed.attempt.place;
    LogPlace {
        country: place.country.map(cofferdam_atlas::Country::iso2),
        network: place.network,
        prefix: place.shown,
    }
}

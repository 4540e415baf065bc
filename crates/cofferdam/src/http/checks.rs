//! `POST /v1/verifications/{id}/check`: one code entered by the person.

use super::auth::Access;
use super::problem::Code;
use super::route::Route;
use super::shape::{Kind, Shape, must};
use super::verifications;
use super::view::VerificationView;
use super::wire::{Answer, Call, Result};
use crate::verify::{KeyScope, check};

static CHECK: Shape = Shape {
    name: "CheckCode",
    fields: &[must("code", Kind::Text(64), "What the person entered. Whatever it is, it uses up a guess.")],
};

/// Lines of the table.
pub const ROUTES: &[Route] = &[Route::post(
    "/v1/verifications/{id}/check",
    Access::Any(&[KeyScope::Verify]),
    "Checks a code",
    |call| Box::pin(checked(call)),
)
.body(&CHECK)
.answers(
    200,
    Some("Verification"),
    "`approved`; `pending` if it was wrong; `too_many_checks` after the last guess",
)
.errors(&[Code::AlreadyFinished, Code::Expired, Code::TooSoon])];

async fn checked(call: Call) -> Result {
    let doc = call.body(&CHECK)?;
    let code = doc.part().str("code").unwrap_or_default();
    let checked = check::check(&call.app, &call.caller, call.param(0), code).await?;
    let verified = &checked.verified;
    let answer = Answer::ok(&VerificationView::checked(&checked)).at(Some(verifications::place(verified)));
    Ok(answer.about(&verified.verification.id))
}

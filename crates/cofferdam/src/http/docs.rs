//! `/docs`: the reference as pages, written on the server from the same table as the document. No script,
//! no third party; readable in the dark.

pub mod markdown;
mod page;
pub mod reasons;

use super::auth::Access;
use super::problem::{Code, Problem};
use super::route::Route;
use super::wire::{Answer, Call, HTML, Result, ready};
use cofferdam_engine::signal::Code as Reason;
use hyper::StatusCode;

const OPEN: Access = Access::Open;

/// Lines of the table.
pub const ROUTES: &[Route] = &[
    Route::get("/docs", OPEN, "The reference, for people", |_| Box::pin(async { Ok(html(page::index())) })),
    Route::get("/docs/style.css", OPEN, "How the reference looks", |_| Box::pin(async { Ok(style()) })),
    Route::get("/docs/errors/{code}", OPEN, "What an error means and what to do", |call| ready(error(&call))),
    Route::get("/docs/reasons/{code}", OPEN, "What a reason means and what to do", |call| {
        ready(reason(&call))
    }),
];

fn html(text: String) -> Answer {
    Answer::of(StatusCode::OK, HTML, text)
}

fn style() -> Answer {
    Answer::of(StatusCode::OK, "text/css; charset=utf-8", page::STYLE)
}

fn error(call: &Call) -> Result {
    let code = Code::ALL.iter().find(|code| code.text() == call.param(0)).ok_or_else(Problem::not_found)?;
    Ok(html(page::error(*code)))
}

fn reason(call: &Call) -> Result {
    let code = Reason::parse(call.param(0)).ok_or_else(Problem::not_found)?;
    Ok(html(page::reason(code)))
}

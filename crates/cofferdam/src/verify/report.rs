//! Takes what happened afterwards: from callers, from providers, from checks.
//!
//! The records say whether an outcome is the first of its kind for its attempt; only then the engine
//! says what it changes. Told twice, counted once. Called by the API, by delivery callbacks and by
//! the other use cases.

use super::facts::{self, Note};
use super::{Caller, VerifyError, judge};
use crate::app::App;
use crate::id::{self, Noun};
use crate::provider::{Callback, CallbackError, DeliveryOf};
use crate::store::StoreError;
use crate::store::row::{AttemptStatus, JournalEntry, Owner, Told, ToldAnswer, ToldOf, Verification};
use crate::store::tallies::Lesson;
use cofferdam_engine::outcome::{ActivityKind, CheckResult, DeliveryStatus, Label, Outcome, What};
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Decision, Effect};
use serde_json::json;
use std::sync::Arc;

/// How far an outcome may lie ahead of our clock: clocks differ.
const AHEAD_MS: i64 = 5 * 60 * 1000;

/// An outcome as a caller tells it.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Of which attempt; a caller names an attempt or a verification.
    pub of: ToldOf,
    /// When; now, if it isn't said.
    pub at_ms: Option<i64>,
    /// What.
    pub what: What,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportAnswer {
    /// Counted.
    Accepted,
    /// Told before.
    Duplicate,
    /// No such attempt, or another's.
    Unknown,
    /// It can't be: why.
    Invalid(&'static str),
}

/// Takes outcomes; the answers stand in their order.
pub async fn report(
    app: &App,
    caller: &Caller,
    events: Vec<Reported>,
) -> Result<Vec<ReportAnswer>, VerifyError> {
    let now_ms = app.clock.now_ms();
    let mut answers = Vec::with_capacity(events.len());
    let mut told = Vec::new();
    for event in events {
        let why = wrong(&event, now_ms);
        answers.push(why.map(ReportAnswer::Invalid));
        if why.is_none() {
            told.push(of_caller(event, now_ms));
        }
    }
    let mut taken = tell(app, Some(&caller.owner), told).await?.into_iter();
    let fill =
        |answer: Option<ReportAnswer>| answer.or_else(|| taken.next()).unwrap_or(ReportAnswer::Unknown);
    Ok(answers.into_iter().map(fill).collect())
}

/// Labels a judged attempt, by the identifier of its assessment. The note goes into the audit.
pub async fn label(
    app: &App,
    caller: &Caller,
    assessment: &str,
    label: Label,
    note: Option<&str>,
) -> Result<ReportAnswer, VerifyError> {
    let entry = super::assess::find(app, caller, assessment).await?;
    let outcome = Outcome { at_ms: app.clock.now_ms(), what: What::Label { label } };
    let told = Told { of: ToldOf::Attempt(entry.attempt_id), once: once(&outcome.what, None), outcome };
    let answer = tell(app, Some(&caller.owner), vec![told]).await?.pop().unwrap_or(ReportAnswer::Unknown);
    let detail = json!({ "label": label, "note": note });
    let note = Note { action: "assessment.label", subject: assessment, detail };
    app.store.records.audit_add(facts::audit(app, caller, &note)).await?;
    Ok(answer)
}

/// Why a provider's callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveredError {
    /// No such provider.
    #[error("there is no such provider")]
    NotFound,
    /// Not believed.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// Not kept.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Takes a provider's delivery callback. The callback says whether the token of its address was right.
pub async fn delivered(
    app: &App,
    provider: &str,
    callback: &Callback<'_>,
) -> Result<ReportAnswer, DeliveredError> {
    let known =
        app.providers.iter().find(|known| known.name() == provider).ok_or(DeliveredError::NotFound)?;
    let delivery = known.delivery(callback)?;
    let of = || match &delivery.of {
        DeliveryOf::Attempt(attempt) => {
            ToldOf::Handed { provider: provider.to_owned(), attempt: attempt.clone() }
        }
        DeliveryOf::Reference(reference) => {
            ToldOf::Reference { provider: provider.to_owned(), reference: reference.clone() }
        }
    };
    let at_ms = app.clock.now_ms();
    let tell_one = |what: What| Told { of: of(), once: once(&what, None), outcome: Outcome { at_ms, what } };
    let mut told = vec![tell_one(What::Delivery { status: delivery.status })];
    if let Some(price) = &delivery.price {
        told.push(tell_one(What::Price { price_micros: price.micros }));
    }
    let answers = tell(app, None, told).await?;
    Ok(answers.first().copied().unwrap_or(ReportAnswer::Unknown))
}

/// Reports the deliveries of magic numbers whose time has come.
pub async fn due(app: &App) {
    for (attempt, at_ms, status) in app.sends.due(app.clock.now_ms()) {
        if let Err(error) = delivery(app, None, attempt, at_ms, status).await {
            tracing::warn!(%error, "a delivery of the test world was not recorded");
        }
    }
}

/// Lets time pass for evidence.
pub async fn advance(app: &App) -> Result<(), StoreError> {
    app.store.tallies.advance(judge::seconds(app.clock.now_ms())).await
}

/// A delivery that we know of ourselves.
pub(super) async fn delivery(
    app: &App,
    owner: Option<&Owner>,
    attempt: String,
    at_ms: i64,
    status: DeliveryStatus,
) -> Result<ReportAnswer, VerifyError> {
    let outcome = Outcome { at_ms, what: What::Delivery { status } };
    let told = Told { of: ToldOf::Attempt(attempt), once: once(&outcome.what, None), outcome };
    Ok(tell(app, owner, vec![told]).await?.pop().unwrap_or(ReportAnswer::Unknown))
}

/// A check's outcome, behind its answer: the guess itself is on the disk already.
pub(super) fn check_behind(app: &Arc<App>, verification: &Verification, outcome: Outcome, counts: bool) {
    let right = matches!(outcome.what, What::Check { result: CheckResult::Ok });
    let reached = |status| !matches!(status, AttemptStatus::Blocked | AttemptStatus::Failed);
    let newest = verification.attempts.iter().rev().find(|row| reached(row.status));
    if let (Some(row), true) = (newest, counts || !right) {
        behind(app, verification, row.id.clone(), outcome);
    }
}

/// A challenge's outcome, behind its answer.
pub(super) fn challenge_behind(app: &Arc<App>, verification: &Verification, outcome: Outcome) {
    let (app, owner) = (Arc::clone(app), verification.owner.clone());
    let assessment = verification.fixed.assessment.clone();
    let sends = Arc::clone(&app.sends);
    sends.behind(async move {
        // The attempt that was challenged has no row, only its judgement.
        if let Ok(Some(entry)) = app.store.records.journalled(&owner, &assessment).await {
            tell_quietly(&app, &owner, entry.attempt_id, outcome).await;
        }
    });
}

fn behind(app: &Arc<App>, verification: &Verification, attempt: String, outcome: Outcome) {
    let (app, owner) = (Arc::clone(app), verification.owner.clone());
    let sends = Arc::clone(&app.sends);
    sends.behind(async move { tell_quietly(&app, &owner, attempt, outcome).await });
}

async fn tell_quietly(app: &App, owner: &Owner, attempt: String, outcome: Outcome) {
    let told = Told { of: ToldOf::Attempt(attempt), once: once(&outcome.what, Some(outcome.at_ms)), outcome };
    if let Err(error) = app.store.records.told(Some(owner), vec![told]).await {
        tracing::warn!(%error, "an outcome was not recorded");
    }
}

async fn tell(app: &App, owner: Option<&Owner>, told: Vec<Told>) -> Result<Vec<ReportAnswer>, VerifyError> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes: Vec<Outcome> = told.iter().map(|told| told.outcome).collect();
    let taken = app.store.records.told(owner, told).await?;
    let (mut changes, mut lessons) = (Vec::new(), Vec::new());
    let mut answers = Vec::with_capacity(taken.len());
    for (answer, outcome) in taken.into_iter().zip(outcomes) {
        answers.push(match answer {
            ToldAnswer::Accepted(entry) => {
                changes.extend(learned(&entry, &outcome));
                let name = judge::name(&entry.assessment_id);
                let lesson = lesson(&entry, &outcome);
                if matches!(lesson, Some(Lesson::Converted(_))) {
                    app.blocks.converted(&entry.owner, name);
                }
                lessons.extend(lesson.map(|lesson| (name, lesson)));
                ReportAnswer::Accepted
            }
            ToldAnswer::Duplicate => ReportAnswer::Duplicate,
            ToldAnswer::Unknown => ReportAnswer::Unknown,
        });
    }
    if let Err(error) = app.store.tallies.learn(&lessons).await {
        tracing::warn!(%error, "what an outcome says was not counted as evidence");
    }
    if !changes.is_empty() {
        // Away: evidence is lost, which only makes the next judgement know less.
        match app.store.tallies.raise(&changes).await {
            Ok(marks) => app.store.records.journal_marks(marks),
            Err(error) => tracing::warn!(%error, "what an outcome changes was not counted"),
        }
    }
    Ok(answers)
}

/// What evidence learns from an outcome. Prices, labels and later activity teach it nothing yet, and what
/// was never answered it sees by itself, with time.
pub(super) fn lesson(entry: &JournalEntry, outcome: &Outcome) -> Option<Lesson> {
    if !entry.basis.terms.evidence {
        // It was never counted.
        return None;
    }
    match outcome.what {
        What::Check { result: CheckResult::Ok } => Some(Lesson::Converted(judge::seconds(outcome.at_ms))),
        What::Challenge { passed } => Some(Lesson::Challenged { passed }),
        What::Delivery {
            status: DeliveryStatus::Undelivered | DeliveryStatus::Failed | DeliveryStatus::Expired,
        } => Some(Lesson::Undelivered),
        // What we sent ourselves we know better.
        What::NotSent if entry.assess_only => Some(Lesson::NotSent),
        _ => None,
    }
}

/// What the limits and proofs learn from an outcome. What we sent and checked ourselves we have counted already.
fn learned(entry: &JournalEntry, outcome: &Outcome) -> Vec<Change> {
    if !entry.assess_only {
        return Vec::new();
    }
    let decided = entry.assessment.followed();
    if decided == Decision::Challenge && outcome.what == (What::Challenge { passed: true }) {
        return judge::count_passed(entry);
    }
    let mut changes = Vec::new();
    for effect in cofferdam_engine::learn(outcome, &entry.attempt) {
        match effect {
            Effect::GiveBack if decided == Decision::Allow => changes.extend(judge::give_back(entry)),
            // Who was more likely pumped than not proves nothing by it.
            Effect::Prove { key, at_s } if decided != Decision::Block && entry.assessment.score <= 0.5 => {
                changes.push(Change::Prove { key, at_s });
            }
            Effect::GiveBack
            | Effect::Prove { .. }
            | Effect::Reserve { .. }
            | Effect::EndEntry { .. }
            | Effect::Explain { .. }
            | Effect::Strike { .. }
            | Effect::OpenBlock(_)
            | Effect::StopAtBlock { .. }
            | Effect::PassBlock { .. } => {}
        }
    }
    changes
}

/// Why an outcome can't be.
fn wrong(event: &Reported, now_ms: i64) -> Option<&'static str> {
    if event.at_ms.is_some_and(|at| at > now_ms.saturating_add(AHEAD_MS)) {
        return Some("`at` lies in the future");
    }
    if event.at_ms.is_some_and(|at| at < 0) {
        return Some("`at` lies before 1970");
    }
    match event.what {
        What::Sent { price_micros: Some(..0) } | What::Price { price_micros: ..0 } => {
            return Some("`price` must not be negative");
        }
        What::Expired => return Some("only time can say that"),
        _ => {}
    }
    match &event.of {
        ToldOf::Attempt(id) if id::is(Noun::Attempt, id) => None,
        ToldOf::Verification(id) if id::is(Noun::Verification, id) => None,
        // Malformed and unknown identifiers are alike, but this one can't even be looked up.
        ToldOf::Attempt(_) | ToldOf::Verification(_) => Some("no identifier of an attempt or verification"),
        ToldOf::Reference { .. } | ToldOf::Handed { .. } => {
            Some("an outcome names its attempt or verification")
        }
    }
}

fn of_caller(event: Reported, now_ms: i64) -> Told {
    let at_ms = event.at_ms.unwrap_or(now_ms).min(now_ms);
    let once = once(&event.what, event.at_ms);
    Told { of: event.of, outcome: Outcome { at_ms, what: event.what }, once }
}

/// What two tellings of one outcome have in common; `at_ms` where it was said.
fn once(what: &What, at_ms: Option<i64>) -> String {
    let when = at_ms.map(|at| at.to_string()).unwrap_or_default();
    match what {
        What::Challenge { .. } => "challenge".to_owned(),
        What::Sent { .. } | What::NotSent => "sent".to_owned(),
        // Not a last word: a better one may follow.
        What::Delivery { status: DeliveryStatus::Unknown } => "delivery unknown".to_owned(),
        What::Delivery { .. } => "delivery".to_owned(),
        What::Check { result: CheckResult::Ok } => "check ok".to_owned(),
        What::Check { result: CheckResult::Wrong } => format!("check wrong {when}"),
        What::Check { result: CheckResult::Expired } => format!("check expired {when}"),
        What::Price { .. } => "price".to_owned(),
        What::Label { label: Label::Good } => "label good".to_owned(),
        What::Label { label: Label::Fraud } => "label fraud".to_owned(),
        What::Label { label: Label::Unsure } => "label unsure".to_owned(),
        What::Activity { kind: ActivityKind::Login } => format!("activity login {when}"),
        What::Activity { kind: ActivityKind::Purchase } => format!("activity purchase {when}"),
        What::Activity { kind: ActivityKind::Other } => format!("activity other {when}"),
        What::Expired => "expired".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetDice;

    fn told(what: What, at_ms: Option<i64>) -> Reported {
        let id = id::new(Noun::Attempt, 0, &*SetDice::seeded(1));
        Reported { of: ToldOf::Attempt(id), at_ms, what }
    }

    #[test]
    fn what_cannot_be_is_said_to_be_invalid() {
        let now = 1_000_000;
        assert_eq!(wrong(&told(What::NotSent, Some(now)), now), None);
        assert!(wrong(&told(What::NotSent, Some(now + AHEAD_MS + 1)), now).is_some());
        assert!(wrong(&told(What::NotSent, Some(-1)), now).is_some());
        assert!(wrong(&told(What::Price { price_micros: -1 }, None), now).is_some());
        assert!(wrong(&told(What::Sent { price_micros: Some(-1) }, None), now).is_some());
        assert!(wrong(&told(What::Expired, None), now).is_some());
        let strange = Reported { of: ToldOf::Attempt("x".into()), at_ms: None, what: What::NotSent };
        assert!(wrong(&strange, now).is_some());
    }

    #[test]
    fn one_outcome_has_one_last_word_and_sent_excludes_not_sent() {
        assert_eq!(once(&What::NotSent, None), once(&What::Sent { price_micros: None }, Some(1)));
        let delivery = |status| once(&What::Delivery { status }, None);
        assert_eq!(delivery(DeliveryStatus::Delivered), delivery(DeliveryStatus::Failed));
        assert_ne!(delivery(DeliveryStatus::Delivered), delivery(DeliveryStatus::Unknown));
        let wrong = |at| once(&What::Check { result: CheckResult::Wrong }, at);
        assert_ne!(wrong(Some(1)), wrong(Some(2)));
    }
}

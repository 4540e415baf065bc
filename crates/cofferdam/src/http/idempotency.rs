//! `Idempotency-Key`: the same call again gets the first answer again.
//!
//! A key is leased, not locked: whoever holds it and is gone leaves it usable within seconds. What an
//! attempt to send had made durable by then is found by the records (`Orphan`) and shown as it stands.
//! Answers of 409, 429, 5xx are never kept, since asking again is what their caller should do.

use super::problem::{Code, Problem};
use super::wire::{Answer, Call, JSON, JSON_PROBLEM, Result};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::secrets::Purpose;
use crate::store::row::{Idempotency, IdempotencyKey, StoredAnswer, World};
use crate::verify::Caller;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// The header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is a repetition.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// How long whoever runs a call may be silent: longer than the longest `send_wait_s` (30 s) and what
/// comes around it. A key whose caller ended in a crash is free at once: its lease names an earlier
/// opening of the store.
const LEASE_MS: i64 = 45_000;
/// Until so long after it was taken a key is surely ours still.
const OURS: Duration = Duration::from_secs(40);
/// How often the end of a call is brought to records that were away.
const AGAIN: Duration = Duration::from_secs(1);

/// What comes before the work.
pub enum Begin {
    /// Nothing is said: work.
    None,
    /// Work, and then [`end`].
    Lease(IdempotencyKey),
    /// Answered before.
    Replay(Answer),
    /// Made before by somebody who is gone; this is its identifier.
    Made(String),
}

/// Takes the key that the headers name.
pub async fn begin(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    method_path: [&str; 2],
    body: &[u8],
) -> Result<Begin> {
    let Some(key) = named(headers)? else { return Ok(Begin::None) };
    let scopes: Vec<&str> = caller.scopes.iter().map(|scope| super::auth::name(*scope)).collect();
    // Callers choose keys from what is at hand, a person's number too: only a keyed name is stored.
    let named = app.secrets.mac(Purpose::Fingerprint, &[b"idempotency key", key.as_bytes()]);
    let key =
        IdempotencyKey { owner: caller.owner.clone(), scopes: scopes.join(" "), key: STANDARD.encode(named) };
    let [method, path] = method_path;
    let fingerprint = app.secrets.mac(Purpose::Fingerprint, &[method.as_bytes(), path.as_bytes(), body]);
    match app.store.records.idempotency_begin(&key, fingerprint, app.clock.now_ms(), LEASE_MS).await? {
        Idempotency::Fresh => Ok(Begin::Lease(key)),
        Idempotency::Running => {
            Err(Problem::new(Code::IdempotencyInProgress, "the first call with this key is still running")
                .retry_after_ms(1_000))
        }
        Idempotency::Mismatch => {
            Err(Problem::new(Code::IdempotencyMismatch, "this key was used for another call"))
        }
        Idempotency::Answered(stored) => replay(app, &key, &stored).map(Begin::Replay),
        Idempotency::Orphan { subject } => Ok(Begin::Made(subject)),
    }
}

/// Keeps the answer, or frees the key. Where the records are away that goes on behind the answer for as long
/// as the key is surely ours; `began` is when it was taken.
pub async fn end(app: &Arc<App>, key: &IdempotencyKey, answer: &Answer, began: Stopwatch) {
    let kept = !matches!(answer.status.as_u16(), 409 | 429 | 500..);
    let stored = kept.then(|| StoredAnswer {
        status: answer.status.as_u16(),
        content_type: answer.content_type.to_owned(),
        sealed_body: app.secrets.seal(
            &*app.dice,
            &context(key),
            answer.replay.as_ref().unwrap_or(&answer.body),
        ),
        about: answer.about.clone(),
    });
    let Err(error) = app.store.records.idempotency_end(key, stored.clone()).await else { return };
    // The work is done and durable; if its answer can't be kept, a repetition finds what was made.
    tracing::warn!(target: "cofferdam::http", %error, "the answer could not be kept for repetitions yet");
    let (app, key) = (Arc::clone(app), key.clone());
    let sends = Arc::clone(&app.sends);
    sends.behind(async move {
        while began.elapsed() + AGAIN < OURS {
            tokio::time::sleep(AGAIN).await;
            if app.store.records.idempotency_end(&key, stored.clone()).await.is_ok() {
                return;
            }
        }
    });
}

/// The answer of a call whose maker is gone: what it made, as it stands.
pub async fn made(call: &Call, id: &str) -> Result {
    let verified = crate::verify::get::get(&call.app, &call.caller, id).await?;
    // A further message of one that stood before makes nothing new.
    let status = if call.params.is_empty() { StatusCode::CREATED } else { StatusCode::OK };
    let mut answer = super::verifications::answer(status, &verified);
    answer.headers.push((REPLAYED, HeaderValue::from_static("true")));
    Ok(answer)
}

fn named(headers: &HeaderMap) -> Result<Option<String>> {
    let mut all = headers.get_all(KEY).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let text = first.to_str().ok().filter(|text| {
        (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
    });
    match text {
        Some(text) if all.next().is_none() && text.trim() == text => Ok(Some(text.to_owned())),
        _ => Err(Problem::field("Idempotency-Key", "malformed", "one key of 1 to 255 visible characters")),
    }
}

fn replay(app: &App, key: &IdempotencyKey, stored: &StoredAnswer) -> Result {
    let away = || Problem::new(Code::StoreAway, "the kept answer cannot be opened").retry_after_ms(60_000);
    let body = app.secrets.open(&context(key), &stored.sealed_body).ok_or_else(away)?;
    let status = StatusCode::from_u16(stored.status).map_err(|_| away())?;
    let content_type = if stored.content_type == JSON_PROBLEM { JSON_PROBLEM } else { JSON };
    let mut answer = Answer::of(status, content_type, body.to_vec());
    answer.headers.push((REPLAYED, HeaderValue::from_static("true")));
    Ok(answer)
}

/// A kept answer opens only for the caller it was given to.
fn context(key: &IdempotencyKey) -> Vec<u8> {
    let world = if key.owner.world == World::Test { "test" } else { "live" };
    ["idempotency", &key.owner.tenant, world, &key.scopes, &key.key].join("\n").into_bytes()
}

//! Reads the outbox: messages are rendered when they are read, so that no code is stored.

use super::{Caller, VerifyError, code, get, message, standing};
use crate::app::App;
use crate::store::row::{OutboxRow, Page, PageAsk, World};
use cofferdam_atlas::{Country, Destination};
use cofferdam_engine::{Channel, Pseudonym};
use std::time::Duration;

/// The longest wait for a message.
const WAIT_S_MAX: u32 = 30;

/// A message as a person would have got it. It holds the code, so it has no `Debug`.
pub struct OutboxMessage {
    /// Its identifier.
    pub id: String,
    /// To whom.
    pub to: Destination,
    /// How.
    pub channel: Channel,
    /// Text of the message, code included.
    pub body: String,
    /// The code by itself.
    pub code: String,
    /// Of which verification.
    pub verification: String,
    /// When.
    pub at_ms: i64,
}

/// Messages, oldest first unless asked otherwise. `NotFound` with live keys.
pub async fn list(
    app: &App,
    caller: &Caller,
    to: Option<(&str, Option<Country>)>,
    page: &PageAsk,
) -> Result<Page<OutboxMessage>, VerifyError> {
    let number = number(app, caller, to)?;
    let found = app.store.records.outbox(&caller.owner, number, page).await?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        rows.extend(render(app, caller, row).await?);
    }
    Ok(Page { rows, next: found.next })
}

/// The newest message, waiting up to `wait_s` (at most 30) for one. `NotFound` if none came, `Crowded`
/// if too many wait.
pub async fn latest(
    app: &App,
    caller: &Caller,
    to: Option<(&str, Option<Country>)>,
    wait_s: u32,
) -> Result<OutboxMessage, VerifyError> {
    let number = number(app, caller, to)?;
    let wait = Duration::from_secs(u64::from(wait_s.min(WAIT_S_MAX)));
    let found = async {
        loop {
            // Asked to be told before looking, so that nothing can arrive between.
            let told = app.sends.outbox.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if let Some(message) = newest(app, caller, number).await? {
                return Ok(message);
            }
            if wait.is_zero() {
                return Err(VerifyError::NotFound);
            }
            told.await;
        }
    };
    if wait.is_zero() {
        return found.await;
    }
    // Or the test world's waiting callers would take the places of everybody else's calls.
    let _place = app.sends.waits.try_acquire().map_err(|_| VerifyError::Crowded)?;
    tokio::time::timeout(wait, found).await.unwrap_or(Err(VerifyError::NotFound))
}

/// Empties it; how many there were.
pub async fn clear(
    app: &App,
    caller: &Caller,
    to: Option<(&str, Option<Country>)>,
) -> Result<u64, VerifyError> {
    let number = number(app, caller, to)?;
    Ok(app.store.records.outbox_clear(&caller.owner, number).await?)
}

async fn newest(
    app: &App,
    caller: &Caller,
    number: Option<Pseudonym>,
) -> Result<Option<OutboxMessage>, VerifyError> {
    let page = PageAsk { limit: 1, after: None, descending: true };
    let found = app.store.records.outbox(&caller.owner, number, &page).await?;
    match found.rows.into_iter().next() {
        Some(row) => render(app, caller, row).await,
        None => Ok(None),
    }
}

/// `None` where nothing is left to render it from: erased, or a caller's own code after its end.
async fn render(app: &App, caller: &Caller, row: OutboxRow) -> Result<Option<OutboxMessage>, VerifyError> {
    let found = app.store.records.verification(&caller.owner, &row.verification).await?;
    let Some(verification) = found else { return Ok(None) };
    let (Some(to), Some(code)) = (get::number(app, &verification), code::of(&app.secrets, &verification))
    else {
        return Ok(None);
    };
    Ok(Some(OutboxMessage {
        id: row.id,
        to,
        channel: row.channel,
        body: message::render(&verification, &code),
        code: code.expose().to_owned(),
        verification: row.verification,
        at_ms: row.at_ms,
    }))
}

fn number(
    app: &App,
    caller: &Caller,
    to: Option<(&str, Option<Country>)>,
) -> Result<Option<Pseudonym>, VerifyError> {
    if caller.owner.world == World::Live {
        return Err(VerifyError::NotFound);
    }
    let Some((text, country)) = to else { return Ok(None) };
    let to = cofferdam_atlas::parse(text, country)?;
    let realm = standing::realm(&app.secrets, &caller.owner);
    Ok(Some(cofferdam_engine::attempt::number_name(&app.keyer, realm, &to)))
}

//! Judges for callers who send by themselves.
//!
//! Nothing is sent and no disk is waited for: the journal has it within 100 milliseconds. An allowed
//! attempt counts as sent unless `not_sent` is reported; a challenged one once `passed` is.

use super::judge::{self, Case, Sought};
use super::{AssessInput, Caller, VerifyError, asked, profiles};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::JournalEntry;

/// Judges an attempt; nothing is sent. A limit met is a `block`, not an error.
pub async fn assess(
    app: &App,
    caller: &Caller,
    input: &AssessInput,
) -> Result<Box<JournalEntry>, VerifyError> {
    let at_ms = app.clock.now_ms();
    let owner = &caller.owner;
    let profile = profiles::named(app, owner, input.profile.as_deref()).ok_or_else(asked::no_profile)?;
    let channel = asked::channel(input.channel, &profile)?;
    let to = asked::number(app, owner, &profile, &input.to, input.country, &input.client, at_ms).await?;
    let price = input.price_micros.or_else(|| cofferdam_atlas::reference_price_micros(to));
    let attempt = judge::attempt(
        app,
        owner,
        &profile,
        &Sought { to: &to, client: &input.client, channel, price_micros: price, at_ms },
    );
    let ip = input.client.ip;
    let case = Case { owner, profile: &profile, to: &to, ip, attempt, verification: None, assess_only: true };
    let judged = judge::judge(app, case).await?;
    app.store.records.journal(&judged.entry, judged.marks);
    Ok(judged.entry)
}

/// A judgement made before, by the identifier of its assessment or of its attempt.
pub async fn find(app: &App, caller: &Caller, id: &str) -> Result<JournalEntry, VerifyError> {
    if !id::is(Noun::Assessment, id) && !id::is(Noun::Attempt, id) {
        return Err(VerifyError::NotFound);
    }
    app.store.records.journalled(&caller.owner, id).await?.ok_or(VerifyError::NotFound)
}

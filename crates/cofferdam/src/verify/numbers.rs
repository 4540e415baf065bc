//! What is known of a number: by the atlas, and in the caller's own world.

use super::judge::{self, Sought};
use super::{Caller, Client, VerifyError, profiles};
use crate::app::App;
use crate::store::row::{PageAsk, Status, VerificationFilter};
use cofferdam_atlas::{Country, Destination, Risk};
use cofferdam_engine::{Channel, Identity};

/// What is known of a number.
#[derive(Debug, Clone)]
pub struct NumberKnown {
    /// What the atlas knows.
    pub destination: Destination,
    /// Its prior.
    pub risk: Risk,
    /// Proofs and lists, as a judgement would see them.
    pub identity: Identity,
    /// What was done with it here.
    pub history: History,
}

/// What was done with a number in the caller's world. Of at most the last 200 verifications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    pub verifications: u32,
    pub approved: u32,
    pub blocked: u32,
    pub last_at_ms: Option<i64>,
    pub proved_at_s: Option<u32>,
}

/// What is known of a number, written as people type it.
pub async fn number(
    app: &App,
    caller: &Caller,
    text: &str,
    country: Option<Country>,
) -> Result<NumberKnown, VerifyError> {
    let to = cofferdam_atlas::parse(text, country)?;
    let (owner, at_ms) = (&caller.owner, app.clock.now_ms());
    let profile = profiles::named(app, owner, None).ok_or(VerifyError::NotFound)?;
    let client = Client::default();
    let attempt = judge::attempt(
        app,
        owner,
        &profile,
        &Sought { to: &to, client: &client, channel: Channel::Sms, price_micros: None, at_ms },
    );
    let name = attempt.place.number;
    // Away: said as not known.
    let proofs = app.store.tallies.proofs(&cofferdam_engine::identify(&attempt)).await.unwrap_or_default();
    let found = app.standing.world(owner, |world| world.lists.find(name, to.number, None, at_ms));
    let mut identity = Identity { number_proved_s: proofs.number_s, ..Identity::default() };
    let filter = VerificationFilter { number: Some(name), ..VerificationFilter::default() };
    let page = PageAsk { limit: 200, after: None, descending: true };
    let rows = app.store.records.verifications(owner, &filter, &page).await?.rows;
    let count = |status| rows.iter().filter(|row| row.status == status).count() as u32;
    let history = History {
        verifications: rows.len() as u32,
        approved: count(Status::Approved),
        blocked: count(Status::Blocked),
        last_at_ms: rows.first().map(|row| row.created_ms),
        proved_at_s: proofs.number_s,
    };
    found.unwrap_or_default().put_into(&mut identity);
    Ok(NumberKnown { risk: cofferdam_atlas::risk(&to), destination: to, identity, history })
}

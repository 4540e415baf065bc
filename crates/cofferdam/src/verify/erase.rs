//! Destroys a number everywhere, and changes no recorded decision.

use super::facts::{self, Note};
use super::judge::{self, Sought};
use super::{Caller, Client, VerifyError, profiles, standing};
use crate::app::App;
use crate::store::row::{Owner, Swept, World};
use cofferdam_atlas::Country;
use cofferdam_engine::tally::Change;
use cofferdam_engine::{Channel, Pseudonym};
use serde_json::json;

/// Erases a number in every tenant's both worlds. The audit says that something was erased, and when.
pub async fn erase(
    app: &App,
    caller: &Caller,
    text: &str,
    country: Option<Country>,
) -> Result<Swept, VerifyError> {
    let to = cofferdam_atlas::parse(text, country)?;
    let tenants: Vec<String> = app.standing.read(|state| state.tenants.keys().cloned().collect());
    let owners = tenants
        .into_iter()
        .flat_map(|tenant| [World::Live, World::Test].map(|world| Owner { tenant: tenant.clone(), world }));
    let named = |owner: Owner| {
        let realm = standing::realm(&app.secrets, &owner);
        let name = cofferdam_engine::attempt::number_name(&app.keyer, realm, &to);
        (owner, name)
    };
    let numbers: Vec<(Owner, Pseudonym)> = owners.map(named).collect();
    let mut fresh = [0_u8; 16];
    app.dice.fill(&mut fresh);
    let swept = app.store.records.erase(&numbers, Pseudonym(u128::from_le_bytes(fresh))).await?;
    unprove(app, &numbers, &to).await?;
    let note = Note { action: "number.erase", subject: "", detail: json!(swept) };
    app.store.records.audit_add(facts::audit(app, caller, &note)).await?;
    app.standing.refresh(app).await?;
    Ok(swept)
}

/// That it was proved, and when, is forgotten too. Durably, before the erasure is told of.
async fn unprove(
    app: &App,
    numbers: &[(Owner, Pseudonym)],
    to: &cofferdam_atlas::Destination,
) -> Result<(), VerifyError> {
    let client = Client::default();
    let (mut forgotten, mut faces) = (Vec::new(), Vec::new());
    for (owner, _) in numbers {
        let Some(profile) = profiles::named(app, owner, None) else { continue };
        let at_ms = app.clock.now_ms();
        let sought = Sought { to, client: &client, channel: Channel::Sms, price_micros: None, at_ms };
        let attempt = judge::attempt(app, owner, &profile, &sought);
        faces.push(cofferdam_engine::evidence::faces(&attempt));
        forgotten.push(Change::Unprove { key: cofferdam_engine::identify(&attempt).number });
    }
    app.store.tallies.forget(&faces).await?;
    let marks = app.store.tallies.raise(&forgotten).await?;
    app.store.records.journal_marks(marks);
    // With the tallies: no journal knows what evidence forgot.
    Ok(app.store.records.settle_down().await?)
}

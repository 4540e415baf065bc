//! Destroys a number everywhere, and changes no recorded decision.

use super::facts::{self, Note};
use super::{Caller, VerifyError, standing};
use crate::app::App;
use crate::store::row::{Owner, Swept, World};
use cofferdam_atlas::Country;
use cofferdam_engine::Pseudonym;
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
    let note = Note { action: "number.erase", subject: "", detail: json!(swept) };
    app.store.records.audit_add(facts::audit(app, caller, &note)).await?;
    app.standing.refresh(app).await?;
    Ok(swept)
}

//! Makes, changes and ends profiles.

use super::facts::{self, Note};
use super::profile::{Profile, ProfileEdit};
use super::{Caller, FieldError, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Fact, FactEdit, FactKind, Owner, Page, PageAsk};
use cofferdam_engine::policy::WindowPlan;
use serde_json::json;
use std::sync::Arc;

/// The profile that every tenant has.
pub const DEFAULT: &str = "default";

/// Makes a profile.
pub async fn create(app: &App, caller: &Caller, edit: &ProfileEdit) -> Result<Profile, VerifyError> {
    let mut profile = Profile::builtin("").edited(edit, caller.owner.world).map_err(VerifyError::Invalid)?;
    if profile.name.is_empty() {
        return Err(invalid("name", "required", "a profile needs a name"));
    }
    fits(app, &caller.owner, &profile)?;
    profile.created_ms = app.clock.now_ms();
    profile.id = id::new(Noun::Profile, profile.created_ms, &*app.dice);
    let note = Note { action: "profile.create", subject: &profile.id, detail: detail(&profile) };
    profile.version =
        facts::change(app, caller, FactEdit::Insert(vec![fact(&caller.owner, &profile)]), note).await?;
    Ok(profile)
}

/// Changes one, by name or identifier.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: &str,
    edit: &ProfileEdit,
) -> Result<Profile, VerifyError> {
    let old = get(app, caller, id)?;
    let mut profile = old.edited(edit, caller.owner.world).map_err(VerifyError::Invalid)?;
    if old.name == DEFAULT && profile.name != DEFAULT {
        return Err(invalid("name", "invalid", "the profile `default` keeps its name"));
    }
    fits(app, &caller.owner, &profile)?;
    let change = FactEdit::Update { fact: fact(&caller.owner, &profile), if_version: Some(old.version) };
    let note = Note { action: "profile.update", subject: &profile.id, detail: detail(&profile) };
    profile.version = facts::change(app, caller, change, note).await?;
    Ok(profile)
}

/// Ends one. The profile `default` can't be ended ([`VerifyError::State`]).
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), VerifyError> {
    let profile = get(app, caller, id)?;
    if profile.name == DEFAULT {
        return Err(VerifyError::State("the profile `default` stays".to_owned()));
    }
    let (owner, kind) = (caller.owner.clone(), FactKind::Profile);
    let change = FactEdit::Delete { owner, kind, id: profile.id.clone() };
    let note =
        Note { action: "profile.delete", subject: &profile.id, detail: json!({ "name": profile.name }) };
    facts::change(app, caller, change, note).await?;
    Ok(())
}

/// One, by name or identifier.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<Profile, VerifyError> {
    named(app, &caller.owner, Some(id)).map(|profile| Profile::clone(&profile)).ok_or(VerifyError::NotFound)
}

/// All, by identifier.
pub fn list(app: &App, caller: &Caller, page: &PageAsk) -> Page<Profile> {
    let page = app.standing.world(&caller.owner, |world| {
        facts::page(world.profiles.iter().map(|(id, profile)| (id.clone(), Profile::clone(profile))), page)
    });
    page.unwrap_or(Page { rows: Vec::new(), next: None })
}

/// The profile that a request names, or the default one.
pub(super) fn named(app: &App, owner: &Owner, name: Option<&str>) -> Option<Arc<Profile>> {
    app.standing.world(owner, |world| world.profile(name.unwrap_or(DEFAULT)).cloned()).flatten()
}

/// The fact of a profile.
pub(super) fn fact(owner: &Owner, profile: &Profile) -> Fact {
    Fact {
        kind: FactKind::Profile,
        id: profile.id.clone(),
        owner: owner.clone(),
        unique: profile.name.clone(),
        created_ms: profile.created_ms,
        expires_ms: None,
        body: serde_json::to_string(profile).unwrap_or_default(),
        version: 0,
        gone: false,
    }
}

/// Whether its windows fit together with those of the tenant's other profiles.
fn fits(app: &App, owner: &Owner, profile: &Profile) -> Result<(), VerifyError> {
    let union = app.standing.world(owner, |world| {
        let others = world.profiles.values().filter(|other| other.id != profile.id || profile.id.is_empty());
        WindowPlan::union(others.map(|other| &other.limits).chain([&profile.limits])).map(|_| ())
    });
    match union {
        Some(Err(error)) => {
            let field = format!("limits.{}", error.scope.name());
            Err(invalid(&field, "too_many_windows", &error.to_string()))
        }
        _ => Ok(()),
    }
}

fn detail(profile: &Profile) -> serde_json::Value {
    serde_json::to_value(profile).unwrap_or_default()
}

fn invalid(field: &str, code: &'static str, detail: &str) -> VerifyError {
    VerifyError::Invalid(vec![FieldError { field: field.to_owned(), code, detail: detail.to_owned() }])
}

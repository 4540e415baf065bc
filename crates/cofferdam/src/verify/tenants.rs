//! Tenants: made with their three keys; the first start makes `default`.

use super::facts::{self, Note};
use super::keys::{self, INSTALLATION, KeyAsk, NewKey};
use super::profile::{self, Profile};
use super::{Caller, FieldError, KeyScope, VerifyError, profiles};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Fact, FactEdit, FactKind, Owner, Page, PageAsk, World};
use serde_json::json;

/// A tenant as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    pub id: String,
    pub name: String,
    pub created_ms: i64,
}

/// A new tenant with its keys, shown once.
pub struct NewTenant {
    pub tenant: TenantView,
    pub live: NewKey,
    pub manage: NewKey,
    pub test: NewKey,
}

/// Scopes of a tenant's live key.
const LIVE: [KeyScope; 3] = [KeyScope::Verify, KeyScope::Assess, KeyScope::Read];
/// Scopes of its manage key.
const MANAGE: [KeyScope; 2] = [KeyScope::Read, KeyScope::Manage];
/// Scopes of its test key.
const TEST: [KeyScope; 4] = [KeyScope::Verify, KeyScope::Assess, KeyScope::Read, KeyScope::Manage];
/// Scopes of an admin key.
const ADMIN: [KeyScope; 5] =
    [KeyScope::Verify, KeyScope::Assess, KeyScope::Read, KeyScope::Manage, KeyScope::Admin];

/// Makes a tenant, its default profiles and its keys; needs an admin key.
pub async fn create(app: &App, caller: &Caller, name: &str) -> Result<NewTenant, VerifyError> {
    if !profile::valid_name(name) {
        let detail = "must be 1 to 64 letters, digits, `-`, `_` or `.`, and not begin with `ten_`".to_owned();
        return Err(VerifyError::Invalid(vec![FieldError {
            field: "name".to_owned(),
            code: "invalid",
            detail,
        }]));
    }
    let at_ms = app.clock.now_ms();
    let tenant =
        TenantView { id: id::new(Noun::Tenant, at_ms, &*app.dice), name: name.to_owned(), created_ms: at_ms };
    let mut all = vec![tenant_fact(&tenant)];
    for world in [World::Live, World::Test] {
        let owner = Owner { tenant: tenant.id.clone(), world };
        let mut default = Profile::builtin(profiles::DEFAULT);
        default.id = id::new(Noun::Profile, at_ms, &*app.dice);
        default.created_ms = at_ms;
        all.push(profiles::fact(&owner, &default));
    }
    let mut key = |name: &str, world, scopes: &[KeyScope]| {
        let ask = KeyAsk { name: Some(name.to_owned()), world, scopes: scopes.to_vec(), expires_ms: None };
        let (fact, new) = keys::make(app, Owner { tenant: tenant.id.clone(), world }, &ask, at_ms);
        all.push(fact);
        new
    };
    let live = key("live", World::Live, &LIVE);
    let manage = key("manage", World::Live, &MANAGE);
    let test = key("test", World::Test, &TEST);
    let note = Note { action: "tenant.create", subject: &tenant.id, detail: json!({ "name": name }) };
    facts::change(app, caller, FactEdit::Insert(all), note).await?;
    Ok(NewTenant { tenant, live, manage, test })
}

/// All, by identifier.
pub fn list(app: &App, _caller: &Caller, page: &PageAsk) -> Page<TenantView> {
    app.standing.read(|state| {
        let tenants = state.tenants.values().map(|tenant| {
            let (id, name) = (tenant.id.clone(), tenant.name.clone());
            (id.clone(), TenantView { id, name, created_ms: tenant.created_ms })
        });
        facts::page(tenants, page)
    })
}

/// What a start of the program finds or makes.
#[derive(Default)]
pub struct FirstStart {
    /// The tenant `default` with its keys, if this start made it.
    pub made: Option<NewTenant>,
}

/// Reads the standing facts and makes what must be there: the tenant `default`, and the keys that the
/// settings give (`COFFERDAM_ADMIN_KEY`, `COFFERDAM_TEST_KEY`). Called once, before anything is served.
pub async fn first_start(
    app: &App,
    admin_key: Option<&str>,
    test_key: Option<&str>,
) -> Result<FirstStart, VerifyError> {
    app.standing.refresh(app).await?;
    let caller = Caller {
        key: "first start".to_owned(),
        owner: Owner { tenant: INSTALLATION.to_owned(), world: World::Live },
        scopes: ADMIN.to_vec(),
        request_id: String::new(),
    };
    let default = || app.standing.read(|state| state.tenant_names.get(profiles::DEFAULT).cloned());
    let mut started = FirstStart::default();
    if default().is_none() {
        match create(app, &caller, profiles::DEFAULT).await {
            Ok(made) => started.made = Some(made),
            // Another machine that started at the same moment was first.
            Err(VerifyError::Duplicate(_)) => app.standing.refresh(app).await?,
            Err(error) => return Err(error),
        }
    }
    let installation = Owner { tenant: INSTALLATION.to_owned(), world: World::Live };
    given(app, &caller, installation, "admin key of the settings", &ADMIN, admin_key).await?;
    let tenant = default().ok_or(VerifyError::NotFound)?;
    let test_world = Owner { tenant, world: World::Test };
    given(app, &caller, test_world, "test key of the settings", &TEST, test_key).await?;
    Ok(started)
}

/// Puts a key that the settings give in the place of the one that they gave before.
async fn given(
    app: &App,
    caller: &Caller,
    owner: Owner,
    name: &str,
    scopes: &[KeyScope],
    text: Option<&str>,
) -> Result<(), VerifyError> {
    if text.is_none() && app.store.records.is_shared() {
        // Another machine's settings may give one.
        return Ok(());
    }
    let hash = text.map(|text| app.standing.hash_key(app, text));
    let standing: Vec<(String, [u8; 32])> = app.standing.read(|state| {
        let keys =
            state.keys.values().filter(|key| key.owner == owner && key.body.name.as_deref() == Some(name));
        keys.map(|key| (key.id.clone(), key.hash)).collect()
    });
    for (id, _) in standing.iter().filter(|(_, old)| Some(*old) != hash) {
        let change = FactEdit::Delete { owner: owner.clone(), kind: FactKind::Key, id: id.clone() };
        facts::change(
            app,
            caller,
            change,
            Note { action: "key.revoke", subject: id, detail: json!({ "name": name }) },
        )
        .await?;
    }
    let known = app.standing.read(|state| hash.is_some_and(|hash| state.keys.contains_key(&hash)));
    let Some(text) = text.filter(|_| !known) else { return Ok(()) };
    let ask =
        KeyAsk { name: Some(name.to_owned()), world: owner.world, scopes: scopes.to_vec(), expires_ms: None };
    let fact = keys::fact(app, owner, text, &ask, app.clock.now_ms());
    let id = fact.id.clone();
    let note = Note { action: "key.create", subject: &id, detail: json!({ "name": name }) };
    match facts::change(app, caller, FactEdit::Insert(vec![fact]), note).await {
        Ok(_) => Ok(()),
        // Another machine with the same settings was first; its key must be known here before anybody calls.
        Err(VerifyError::Duplicate(_)) => Ok(app.standing.refresh(app).await?),
        Err(error) => Err(error),
    }
}

fn tenant_fact(tenant: &TenantView) -> Fact {
    Fact {
        kind: FactKind::Tenant,
        id: tenant.id.clone(),
        owner: Owner { tenant: INSTALLATION.to_owned(), world: World::Live },
        unique: tenant.name.clone(),
        created_ms: tenant.created_ms,
        expires_ms: None,
        body: "{}".to_owned(),
        version: 0,
        gone: false,
    }
}

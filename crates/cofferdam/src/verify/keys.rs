//! Keys of the API: made, known again by a keyed hash, revoked at once.
//!
//! A key is 160 random bits after a prefix that says its world. Only its keyed hash is stored, and it
//! is shown once. Keys are looked up by that hash in memory: who does not know a key learns nothing
//! from how long the look-up takes.

use super::facts::{self, Note};
use super::standing::{self, KeyBody, KeyFact};
use super::{Caller, FieldError, KeyScope, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Fact, FactEdit, FactKind, Owner, Page, PageAsk, World};
use serde_json::json;
use subtle::ConstantTimeEq as _;

/// The tenant under which facts of the installation stand.
pub const INSTALLATION: &str = "*";

/// Longer than any key.
const LONGEST: usize = 512;

/// A key as it stands, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    pub id: String,
    /// The tenant's identifier; `*` for an admin key.
    pub tenant: String,
    pub world: World,
    pub scopes: Vec<KeyScope>,
    pub name: Option<String>,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}

/// A secret that is shown once. No `Debug`, no `Display`: whoever shows it says so.
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// Shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A new key with its secret.
pub struct NewKey {
    /// The key.
    pub key: KeyView,
    /// Shown once.
    pub secret: Secret,
}

/// A key to make.
#[derive(Debug, Clone)]
pub struct KeyAsk {
    pub name: Option<String>,
    pub world: World,
    pub scopes: Vec<KeyScope>,
    pub expires_ms: Option<i64>,
}

/// Why a key was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Unknown, revoked, expired or malformed: alike.
    #[error("the key is not valid")]
    Unauthorized,
    /// Only an admin key may name a tenant.
    #[error("only an admin key may name a tenant")]
    NotAdmin,
    /// The tenant that an admin key names is not there.
    #[error("there is no such tenant")]
    NoTenant,
}

/// Who calls: by the key, and by the tenant (name or identifier) that an admin key names.
/// Answers from memory.
pub fn caller(app: &App, key: &str, tenant: Option<&str>, request_id: &str) -> Result<Caller, AuthError> {
    if key.is_empty() || key.len() > LONGEST {
        return Err(AuthError::Unauthorized);
    }
    let hash = app.standing.hash_key(app, key);
    app.standing.read(|state| {
        let fact = state.keys.get(&hash).ok_or(AuthError::Unauthorized)?;
        let same: bool = fact.hash[..].ct_eq(&hash[..]).into();
        if !same || fact.expires_ms.is_some_and(|until| until <= app.clock.now_ms()) {
            return Err(AuthError::Unauthorized);
        }
        let owner = if fact.owner.tenant == INSTALLATION {
            let name = tenant.unwrap_or(super::profiles::DEFAULT);
            let id =
                state.tenants.get(name).map(|tenant| &tenant.id).or_else(|| state.tenant_names.get(name));
            Owner { tenant: id.ok_or(AuthError::NoTenant)?.clone(), world: World::Live }
        } else {
            let own = |name: &str| {
                fact.owner.tenant == name || state.tenant_names.get(name) == Some(&fact.owner.tenant)
            };
            if !tenant.is_none_or(own) {
                return Err(AuthError::NotAdmin);
            }
            fact.owner.clone()
        };
        let (key, scopes) = (fact.id.clone(), fact.body.scopes.clone());
        Ok(Caller { key, owner, scopes, request_id: request_id.to_owned() })
    })
}

/// Makes a key in the caller's tenant. A live key may make one of the test world too; a test key makes
/// none of the live one, or it would reach real providers after all. Only an admin may make an admin key.
pub async fn create(app: &App, caller: &Caller, ask: &KeyAsk) -> Result<NewKey, VerifyError> {
    let at_ms = app.clock.now_ms();
    let mut faults = Vec::new();
    let mut fault = |field: &str, detail: &str| {
        faults.push(FieldError { field: field.to_owned(), code: "invalid", detail: detail.to_owned() });
    };
    let admin = ask.scopes.contains(&KeyScope::Admin);
    if ask.world == World::Live && caller.owner.world == World::Test {
        fault("world", "a test key can't make a live key");
    }
    if ask.scopes.is_empty() {
        fault("scopes", "a key needs at least one scope");
    }
    if admin && ask.world == World::Test {
        fault("scopes", "a test key can't be an admin's");
    }
    if admin && !caller.scopes.contains(&KeyScope::Admin) {
        fault("scopes", "only an admin key may make an admin key");
    }
    if ask.expires_ms.is_some_and(|until| until <= at_ms) {
        fault("expires_at", "must be in the future");
    }
    if ask.name.as_ref().is_some_and(|name| name.chars().count() > 100) {
        fault("name", "must be at most 100 characters");
    }
    if !faults.is_empty() {
        return Err(VerifyError::Invalid(faults));
    }
    let tenant = if admin { INSTALLATION.to_owned() } else { caller.owner.tenant.clone() };
    let (fact, new) = make(app, Owner { tenant, world: ask.world }, ask, at_ms);
    let detail = json!({ "scopes": ask.scopes, "world": ask.world });
    let note = Note { action: "key.create", subject: &new.key.id, detail };
    facts::change(app, caller, FactEdit::Insert(vec![fact]), note).await?;
    Ok(new)
}

/// Revokes at once.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<(), VerifyError> {
    let key = get(app, caller, id)?;
    let owner = Owner { tenant: key.tenant, world: key.world };
    let change = FactEdit::Delete { owner, kind: FactKind::Key, id: key.id.clone() };
    facts::change(app, caller, change, Note { action: "key.revoke", subject: &key.id, detail: json!({}) })
        .await?;
    Ok(())
}

/// One of the caller's tenant.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<KeyView, VerifyError> {
    app.standing
        .read(|state| {
            let fact = state.keys.get(state.key_ids.get(id)?)?;
            sees(caller, fact).then(|| view(fact))
        })
        .ok_or(VerifyError::NotFound)
}

/// Those of the caller's tenant: a test key's of its world, a live key's of both; an admin's show the
/// installation's too.
pub fn list(app: &App, caller: &Caller, page: &PageAsk) -> Page<KeyView> {
    app.standing.read(|state| {
        let keys = state.key_ids.iter().filter_map(|(id, hash)| Some((id, state.keys.get(hash)?)));
        let seen = keys.filter(|(_, fact)| sees(caller, fact));
        facts::page(seen.map(|(id, fact)| (id.clone(), view(fact))), page)
    })
}

fn sees(caller: &Caller, fact: &KeyFact) -> bool {
    let admin = caller.scopes.contains(&KeyScope::Admin);
    let own_world = caller.owner.world == World::Live || fact.owner.world == World::Test;
    (fact.owner.tenant == caller.owner.tenant && own_world) || (admin && fact.owner.tenant == INSTALLATION)
}

fn view(fact: &KeyFact) -> KeyView {
    KeyView {
        id: fact.id.clone(),
        tenant: fact.owner.tenant.clone(),
        world: fact.owner.world,
        scopes: fact.body.scopes.clone(),
        name: fact.body.name.clone(),
        created_ms: fact.created_ms,
        expires_ms: fact.expires_ms,
    }
}

/// A new key and its fact.
pub(super) fn make(app: &App, owner: Owner, ask: &KeyAsk, at_ms: i64) -> (Fact, NewKey) {
    let mut bits = zeroize::Zeroizing::new([0_u8; 20]);
    app.dice.fill(&mut bits[..]);
    let mut text = zeroize::Zeroizing::new(String::with_capacity(48));
    text.push_str(match ask.world {
        World::Live => "cfd_live_",
        World::Test => "cfd_test_",
    });
    text.push_str(&id::letters(&bits[..]));
    let fact = fact(app, owner, &text, ask, at_ms);
    let body = KeyBody { name: ask.name.clone(), scopes: ask.scopes.clone() };
    let shown = KeyFact {
        id: fact.id.clone(),
        owner: fact.owner.clone(),
        hash: [0; 32],
        body,
        created_ms: at_ms,
        expires_ms: ask.expires_ms,
    };
    (fact, NewKey { key: view(&shown), secret: Secret(text) })
}

/// The fact of a key whose text is given.
pub(super) fn fact(app: &App, owner: Owner, text: &str, ask: &KeyAsk, at_ms: i64) -> Fact {
    let body = KeyBody { name: ask.name.clone(), scopes: ask.scopes.clone() };
    Fact {
        kind: FactKind::Key,
        id: id::new(Noun::Key, at_ms, &*app.dice),
        owner,
        unique: standing::hex(&app.standing.hash_key(app, text)),
        created_ms: at_ms,
        expires_ms: ask.expires_ms,
        body: serde_json::to_string(&body).unwrap_or_default(),
        version: 0,
        gone: false,
    }
}

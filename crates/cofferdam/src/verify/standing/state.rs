//! What stands, in memory, and how a fact of the records gets in and out of it.

use crate::app::App;
use crate::secrets::{Purpose, Secrets};
use crate::store::row::{self, Fact, FactKind, Owner};
use crate::verify::KeyScope;
use crate::verify::lists::{EntryBody, EntryFact};
use crate::verify::profile::Profile;
use cofferdam_engine::Realm;
use cofferdam_engine::list::{List, ListEntry, ListIndex, ListKey};
use cofferdam_engine::policy::WindowPlan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What is in a key's fact; its hash is the fact's unique text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBody {
    /// For people.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
}

/// A key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFact {
    pub id: String,
    pub owner: Owner,
    pub hash: [u8; 32],
    pub body: KeyBody,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}

/// A tenant as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantFact {
    pub id: String,
    pub name: String,
    pub created_ms: i64,
}

/// What stands in one tenant's world.
pub struct World {
    /// Its own realm.
    pub realm: Realm,
    /// What it shares with other tenants.
    pub commons: Realm,
    /// By identifier.
    pub profiles: BTreeMap<String, Arc<Profile>>,
    /// Identifiers by name.
    pub profile_names: HashMap<String, String>,
    /// Windows in use by any profile.
    pub windows: WindowPlan,
    /// Safe and deny list.
    pub lists: ListIndex,
    /// Their entries, by identifier.
    pub entries: BTreeMap<String, EntryFact>,
}

/// All that stands.
#[derive(Default)]
pub struct State {
    pub version: u64,
    pub tenants: BTreeMap<String, TenantFact>,
    pub tenant_names: HashMap<String, String>,
    /// By keyed hash: who looks for a key must know it, so look-up time tells nothing.
    pub keys: HashMap<[u8; 32], Arc<KeyFact>, super::Quick>,
    pub key_ids: BTreeMap<String, [u8; 32]>,
    pub worlds: HashMap<Owner, World, super::Quick>,
}

/// The realm of a tenant's world. One formula for attempts, lists and erasure.
pub fn realm(secrets: &Secrets, owner: &Owner) -> Realm {
    realm_of(secrets, &[b"realm", owner.tenant.as_bytes(), world_name(owner.world)])
}

/// The realm of a tenant's world, and the one that it shares with other tenants.
pub fn realms(secrets: &Secrets, owner: &Owner) -> (Realm, Realm) {
    (realm(secrets, owner), commons(secrets, owner.world))
}

fn commons(secrets: &Secrets, world: row::World) -> Realm {
    realm_of(secrets, &[b"commons", world_name(world)])
}

fn world_name(world: row::World) -> &'static [u8] {
    match world {
        row::World::Live => b"live",
        row::World::Test => b"test",
    }
}

fn realm_of(secrets: &Secrets, parts: &[&[u8]]) -> Realm {
    let mac = secrets.mac(Purpose::Pseudonym, parts);
    Realm(mac.first_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight)))
}

impl World {
    /// A world in which nothing stands.
    pub fn empty(secrets: &Secrets, owner: &Owner) -> Self {
        Self {
            realm: realm(secrets, owner),
            commons: commons(secrets, owner.world),
            profiles: BTreeMap::new(),
            profile_names: HashMap::new(),
            windows: WindowPlan::default(),
            lists: ListIndex::default(),
            entries: BTreeMap::new(),
        }
    }

    /// A profile by name or identifier.
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.get(name).or_else(|| self.profiles.get(self.profile_names.get(name)?))
    }

    fn plan(&mut self) {
        // Profiles that don't fit together are refused when they are written, so this is a plan; if
        // two nodes wrote at the same moment, the older plan goes on until one is mended.
        if let Ok(windows) = WindowPlan::union(self.profiles.values().map(|profile| &profile.limits)) {
            self.windows = windows;
        }
    }
}

impl State {
    /// Takes in one fact: new, changed or gone.
    pub fn take_in(&mut self, app: &App, fact: Fact) {
        self.version = self.version.max(fact.version);
        match fact.kind {
            FactKind::Tenant => self.tenant(fact),
            FactKind::Key => self.key(fact),
            FactKind::Profile => self.profile(app, fact),
            FactKind::SafeEntry => self.entry(app, List::Safe, fact),
            FactKind::DenyEntry => self.entry(app, List::Deny, fact),
            // Policies come with their issue; the built-in ones need no fact.
            FactKind::Policy => {}
            FactKind::Block => app.blocks.take_in(fact),
        }
    }

    fn tenant(&mut self, fact: Fact) {
        if let Some(old) = self.tenants.remove(&fact.id) {
            self.tenant_names.remove(&old.name);
        }
        if !fact.gone {
            self.tenant_names.insert(fact.unique.clone(), fact.id.clone());
            let tenant = TenantFact { id: fact.id.clone(), name: fact.unique, created_ms: fact.created_ms };
            self.tenants.insert(fact.id, tenant);
        }
    }

    fn key(&mut self, fact: Fact) {
        if let Some(old) = self.key_ids.remove(&fact.id) {
            self.keys.remove(&old);
        }
        let body = serde_json::from_str::<KeyBody>(&fact.body);
        if let (false, Some(hash), Ok(body)) = (fact.gone, unhex(&fact.unique), body) {
            self.key_ids.insert(fact.id.clone(), hash);
            let Fact { id, owner, created_ms, expires_ms, .. } = fact;
            self.keys.insert(hash, Arc::new(KeyFact { id, owner, hash, body, created_ms, expires_ms }));
        }
    }

    fn profile(&mut self, app: &App, fact: Fact) {
        let world = self.world(app, &fact.owner);
        if let Some(old) = world.profiles.remove(&fact.id)
            && world.profile_names.get(&old.name) == Some(&fact.id)
        {
            // Not where another has taken the name meanwhile: facts come in by their last change.
            world.profile_names.remove(&old.name);
        }
        if !fact.gone
            && let Ok(mut profile) = serde_json::from_str::<Profile>(&fact.body)
        {
            profile.id.clone_from(&fact.id);
            profile.created_ms = fact.created_ms;
            profile.version = fact.version;
            world.profile_names.insert(profile.name.clone(), fact.id.clone());
            world.profiles.insert(fact.id, Arc::new(profile));
        }
        world.plan();
    }

    fn entry(&mut self, app: &App, list: List, fact: Fact) {
        let world = self.world(app, &fact.owner);
        let realm = world.realm;
        if let Some(old) = world.entries.remove(&fact.id)
            && let Some(key) = old.key(app, realm)
        {
            world.lists.remove(list, &key);
        }
        let Ok(body) = serde_json::from_str::<EntryBody>(&fact.body) else { return };
        let entry =
            EntryFact { list, created_ms: fact.created_ms, until_ms: fact.expires_ms, id: fact.id, body };
        if !fact.gone
            && let Some(key) = entry.key(app, realm)
        {
            self.insert(app, &fact.owner, entry, key);
        }
    }

    fn insert(&mut self, app: &App, owner: &Owner, entry: EntryFact, key: ListKey) {
        let world = self.world(app, owner);
        let (id, list, until_ms) = (entry.id.clone(), entry.list, entry.until_ms);
        world.lists.insert(ListEntry { id: id.clone(), list, key, until_ms });
        world.entries.insert(id, entry);
    }

    fn world(&mut self, app: &App, owner: &Owner) -> &mut World {
        self.worlds.entry(owner.clone()).or_insert_with(|| World::empty(&app.secrets, owner))
    }
}

/// Thirty-two bytes from their hexadecimal text.
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, to) in out.iter_mut().enumerate() {
        *to = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

/// Their hexadecimal text.
pub fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(64);
    for byte in bytes {
        // Writing into a string can't fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

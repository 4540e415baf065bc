//! Standing facts, cached by version: keys, tenants, profiles, lists.
//!
//! The records hold them; every request asks them here, from memory. A change made on this node is
//! taken in before it is answered; a job takes in those of others every second. It decides nothing.

mod state;

pub use state::{KeyBody, KeyFact, State, TenantFact, World as WorldFacts, hex, realm, realms};

use super::profile::Profile;
use crate::app::App;
use crate::secrets::{MacKey, Purpose};
use crate::store::StoreError;
use crate::store::row::{Basis, Owner};
use cofferdam_engine::policy::{Level, Magic};
use cofferdam_engine::{Channel, Policy};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Hashes names that we made ourselves, so that nobody chooses which of them meet.
type Quick = foldhash::fast::RandomState;

/// At most so many facts a trip.
const PAGE: u32 = 1000;

/// Under which an attempt is judged, for each profile: its version, the channel, and what a magic number
/// asks for.
type Bases = HashMap<(u64, Channel, Option<u8>), Arc<Basis>, Quick>;

/// Standing facts.
#[derive(Default)]
pub struct Standing {
    state: RwLock<State>,
    /// One refresh at a time, so that versions are taken in in their order.
    refreshing: tokio::sync::Mutex<()>,
    /// By the profile's identifier, which no two tenants share.
    bases: RwLock<HashMap<String, Bases, Quick>>,
    /// The key that API keys are hashed under, derived once.
    api_key: OnceLock<Option<MacKey>>,
}

impl Standing {
    /// Nothing known yet: [`Standing::refresh`] before use.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what changed since.
    pub async fn refresh(&self, app: &App) -> Result<(), StoreError> {
        let _one = self.refreshing.lock().await;
        loop {
            let since = self.read(|state| state.version);
            let facts = app.store.records.facts_since(since, PAGE).await?;
            let whole = facts.len() < PAGE as usize;
            if !facts.is_empty() {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                for fact in facts {
                    state.take_in(app, fact);
                }
                drop(state);
                self.bases.write().unwrap_or_else(PoisonError::into_inner).clear();
            }
            if whole {
                return Ok(());
            }
        }
    }

    /// Looks at what stands. Nothing may be awaited inside.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at one tenant's world; `None` if it has nothing standing.
    pub fn world<T>(&self, owner: &Owner, look: impl FnOnce(&WorldFacts) -> T) -> Option<T> {
        self.read(|state| state.worlds.get(owner).map(look))
    }

    /// What an attempt is judged under besides what is known of it.
    pub fn basis(
        &self,
        owner: &Owner,
        profile: &Profile,
        channel: Channel,
        magic: Option<Magic>,
    ) -> Arc<Basis> {
        let key = (profile.version, channel, magic.map(|magic| magic as u8));
        let cached = self.bases.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(basis) = cached.get(&profile.id).and_then(|bases| bases.get(&key)) {
            return Arc::clone(basis);
        }
        drop(cached);
        // Held while looking at what stands: a refresh that changes it afterwards clears after this.
        let mut bases = self.bases.write().unwrap_or_else(PoisonError::into_inner);
        let windows = self.world(owner, |world| world.windows).unwrap_or_default();
        let policy = builtin(profile.level).clone();
        let terms = profile.terms(channel, windows, owner.world, magic);
        let basis = Arc::new(Basis { id: basis_id(&policy, &terms), policy, terms });
        bases.entry(profile.id.clone()).or_default().insert(key, Arc::clone(&basis));
        basis
    }

    /// The keyed hash of an API key.
    pub fn hash_key(&self, app: &App, text: &str) -> [u8; 32] {
        let key = self.api_key.get_or_init(|| {
            let key = app.secrets.key(Purpose::ApiKey, app.secrets.current())?;
            MacKey::new(&key[..])
        });
        // Without its version no hash is right, and none of zeros was ever stored.
        key.as_ref().map_or([0; 32], |key| key.mac(&[text.as_bytes()]))
    }
}

/// The ready-made policy of a level.
fn builtin(level: Level) -> &'static Policy {
    static POLICIES: [OnceLock<Policy>; 3] = [const { OnceLock::new() }; 3];
    let [basic, standard, max] = &POLICIES;
    let cell = match level {
        Level::Basic => basic,
        Level::Standard => standard,
        Level::Max => max,
    };
    cell.get_or_init(|| Policy::builtin(level))
}

/// A name made from the content, so that many attempts share one.
fn basis_id(policy: &Policy, terms: &cofferdam_engine::policy::Terms) -> String {
    let json = serde_json::to_vec(&(policy, terms)).unwrap_or_default();
    let mut id = String::with_capacity(32);
    for byte in Sha256::digest(&json).iter().take(16) {
        // Writing into a string can't fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

//! Standing blocks: what stands in each tenant's world, in memory for judgements and in the records to last.
//!
//! The engine's ladder decides when one is opened, extended and ended; here it is carried out. A block
//! belongs to the world of the tenant whose attempts it was opened by, though the evidence is shared:
//! nobody stops another's traffic or lifts another's block. What changed goes to the records within a
//! second, with an entry in the audit; how many it stopped goes with the next change. It decides nothing.

mod view;

pub use view::{BlockView, Which, get, kind, lift, list};

use super::{Caller, VerifyError};
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::StoreError;
use crate::store::row::{Basis, Fact, FactEdit, FactKind, JournalEntry, Owner};
use crate::verify::facts::{self, Note};
use arrayvec::ArrayVec;
use cofferdam_engine::block::{Block, Blocks as Ladder, Followed, Spoken, State, Stood, Turn};
use cofferdam_engine::evidence::Ask;
use cofferdam_engine::{Attempt, Identity, Policy};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// At most so many changes go to the records at once.
const AT_ONCE: usize = 200;

/// All that stand.
#[derive(Debug, Default)]
pub struct Blocks(Mutex<HashMap<Owner, Own>>);

/// Those of one world.
#[derive(Debug, Default)]
struct Own {
    ladder: Ladder,
    /// Under which name each is known, by key; those in the records have been written once.
    named: HashMap<u64, Named>,
    keys: BTreeMap<String, u64>,
    /// What the records do not know yet, and the audit's word for it.
    changed: BTreeMap<u64, &'static str>,
}

#[derive(Debug, Clone)]
struct Named {
    id: String,
    recorded: bool,
}

/// What is in a block's fact.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Body {
    block: Block,
}

impl Blocks {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Owner, Own>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blocks that an attempt meets.
    pub(super) fn met(&self, owner: &Owner, attempt: &Attempt, policy: &Policy) -> ArrayVec<Stood, 4> {
        let price = attempt.price_micros.unwrap_or(policy.weights.default_price_micros);
        self.all().get(owner).map(|own| own.ladder.met(attempt, &policy.blocks, price)).unwrap_or_default()
    }

    /// What one of them says of an attempt in place of its own evidence.
    pub(super) fn word(
        &self,
        owner: &Owner,
        attempt: &Attempt,
        identity: &Identity,
        ask: &Ask,
        basis: &Basis,
    ) -> Option<Spoken> {
        if identity.blocks.is_empty() {
            return None;
        }
        self.all().get(owner)?.ladder.word(attempt, identity, ask, &basis.policy, &basis.terms)
    }

    /// Carries out what a judgement says of blocks. `name` is that under which outcomes come.
    pub(super) fn follow(&self, app: &App, entry: &JournalEntry, name: u64, ask: &Ask) {
        let (attempt, policy) = (&entry.attempt, &entry.basis.policy);
        let mut all = self.all();
        let says = entry.assessment.effects.iter().any(is_of_blocks);
        let Some(own) = (if says {
            Some(all.entry(entry.owner.clone()).or_default())
        } else {
            all.get_mut(&entry.owner)
        }) else {
            return;
        };
        let followed = Followed {
            id: name,
            ask,
            channel: attempt.channel,
            price_micros: attempt.price_micros.unwrap_or(policy.weights.default_price_micros),
            effects: &entry.assessment.effects,
            points: entry.assessment.points,
            evidence: &entry.known.evidence,
        };
        for key in own.ladder.follow(&followed, &policy.blocks) {
            let ended = own.ladder.get(key).is_some_and(|block| block.state == State::Ended);
            own.name(app, key, attempt.at_ms);
            own.changed.insert(key, if ended { "block.end" } else { "block.open" });
        }
    }

    /// A right code came back for an attempt.
    pub(super) fn converted(&self, owner: &Owner, name: u64) {
        if let Some(own) = self.all().get_mut(owner) {
            own.ladder.converted(name);
        }
    }

    /// Takes in what the records say: at the start, and of other nodes' changes.
    pub(super) fn take_in(&self, fact: Fact) {
        let mut all = self.all();
        let own = all.entry(fact.owner).or_default();
        let body = serde_json::from_str::<Body>(&fact.body).ok().filter(|_| !fact.gone);
        let Some(Body { block }) = body else {
            if let Some(key) = own.keys.get(&fact.id).copied() {
                own.forget(key);
            }
            return;
        };
        let key = block.key;
        let same = own.ladder.get(key).is_some_and(|held| stands_alike(held, &block));
        if !same && !own.changed.contains_key(&key) {
            own.ladder.put(block);
        }
        if own.named.get(&key).is_none_or(|named| named.id == fact.id) {
            own.keys.insert(fact.id.clone(), key);
            own.named.insert(key, Named { id: fact.id, recorded: true });
        }
    }

    /// Lets time pass, and answers with what the records are to be told: a bounded number.
    fn due(&self, app: &App, at_s: u32) -> Vec<(Owner, u64, &'static str)> {
        let mut all = self.all();
        let (mut due, mut standing) = (Vec::new(), BTreeMap::from([("live", 0), ("test", 0)]));
        for (owner, own) in all.iter_mut() {
            for (key, turn) in own.ladder.advance(at_s) {
                let action = match turn {
                    Turn::Extend { .. } => "block.extend",
                    Turn::Trial { .. } => "block.half_open",
                    Turn::End(_) => "block.end",
                };
                own.changed.entry(key).or_insert(action);
            }
            let gone = own.named.keys().filter(|key| own.ladder.get(**key).is_none());
            for key in gone.copied().collect::<Vec<_>>() {
                own.changed.insert(key, "block.forget");
            }
            due.extend(own.changed.iter().map(|(key, action)| (owner.clone(), *key, *action)));
            let shut = own.ladder.iter().filter(|block| block.state == State::Shut).count();
            *standing.entry(owner.world.name()).or_insert(0) += shut as u64;
        }
        drop(all);
        for (world, count) in standing {
            app.metrics.blocks(world, count);
        }
        due.truncate(AT_ONCE);
        due
    }

    /// How the records are to be changed for one block; `None` if there is nothing to say.
    fn edit(&self, owner: &Owner, key: u64) -> Option<(String, FactEdit, serde_json::Value)> {
        let all = self.all();
        let own = all.get(owner)?;
        let named = own.named.get(&key)?.clone();
        let kind = FactKind::Block;
        let Some(block) = own.ladder.get(key) else {
            let gone = FactEdit::Delete { owner: owner.clone(), kind, id: named.id.clone() };
            return Some((named.id, gone, json!({})));
        };
        let fact = fact(owner, &named.id, block);
        let detail = json!({
            "kind": view::kind(block.scope), "until_s": block.until_s, "strikes": block.strikes,
            "stopped": block.stopped,
        });
        let edit = if named.recorded {
            FactEdit::Update { fact, if_version: None }
        } else {
            FactEdit::Insert(vec![fact])
        };
        Some((named.id, edit, detail))
    }

    /// The records know it now, as it was when `edit` was made.
    fn recorded(&self, owner: &Owner, key: u64) {
        let mut all = self.all();
        let Some(own) = all.get_mut(owner) else { return };
        if own.ladder.get(key).is_none() {
            own.forget(key);
        } else if let Some(named) = own.named.get_mut(&key) {
            named.recorded = true;
        }
    }
}

impl Own {
    fn name(&mut self, app: &App, key: u64, at_ms: i64) {
        if !self.named.contains_key(&key) {
            let id = id::new(Noun::Block, at_ms, &*app.dice);
            self.keys.insert(id.clone(), key);
            self.named.insert(key, Named { id, recorded: false });
        }
    }

    fn forget(&mut self, key: u64) {
        self.ladder.remove(key);
        self.changed.remove(&key);
        if let Some(named) = self.named.remove(&key) {
            self.keys.remove(&named.id);
        }
    }
}

/// Whether two say the same of what stands; how much was counted aside.
fn stands_alike(a: &Block, b: &Block) -> bool {
    let of = |block: &Block| (block.state, block.since_s, block.until_s, block.kept_open_s, block.struck_s);
    of(a) == of(b)
}

fn is_of_blocks(effect: &cofferdam_engine::Effect) -> bool {
    use cofferdam_engine::Effect::{OpenBlock, PassBlock, StopAtBlock};
    matches!(effect, OpenBlock(_) | PassBlock { .. } | StopAtBlock { .. })
}

fn fact(owner: &Owner, id: &str, block: &Block) -> Fact {
    Fact {
        kind: FactKind::Block,
        id: id.to_owned(),
        owner: owner.clone(),
        unique: format!("block:{:016x}", block.key),
        created_ms: i64::from(block.opened_s) * 1_000,
        // A block that is over is remembered until its strikes have faded.
        expires_ms: None,
        body: serde_json::to_string(&Body { block: block.clone() }).unwrap_or_default(),
        version: 0,
        gone: false,
    }
}

/// What time changes of all blocks, and what changed since, into the records.
pub async fn keep(app: &App) -> Result<(), StoreError> {
    let at_s = super::judge::seconds(app.clock.now_ms());
    for (owner, key, action) in app.blocks.due(app, at_s) {
        let caller = Caller {
            key: "engine".to_owned(),
            owner: owner.clone(),
            scopes: Vec::new(),
            request_id: String::new(),
        };
        match record(app, &caller, key, action, json!({})).await {
            Ok(()) => {}
            Err(VerifyError::Store(error)) => return Err(error),
            // Somebody else had the last word: what the records say is taken in.
            Err(_) => app.blocks.recorded(&owner, key),
        }
    }
    Ok(())
}

/// Tells the records of one change, with its entry in the audit.
async fn record(
    app: &App,
    caller: &Caller,
    key: u64,
    action: &'static str,
    more: serde_json::Value,
) -> Result<(), VerifyError> {
    let Some((id, edit, mut detail)) = app.blocks.edit(&caller.owner, key) else { return Ok(()) };
    if let (Some(detail), serde_json::Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
    if let Some(own) = app.blocks.all().get_mut(&caller.owner) {
        own.changed.remove(&key);
    }
    let changed = facts::change(app, caller, edit, Note { action, subject: &id, detail }).await;
    if let Err(VerifyError::Store(_)) = &changed {
        // It is told again.
        if let Some(own) = app.blocks.all().get_mut(&caller.owner) {
            own.changed.entry(key).or_insert(action);
        }
    }
    changed?;
    app.blocks.recorded(&caller.owner, key);
    app.metrics.block_changed(caller.owner.world.name(), action.trim_start_matches("block."));
    Ok(())
}

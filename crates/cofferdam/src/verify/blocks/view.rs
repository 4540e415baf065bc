//! What people see of standing blocks, and what they do to them.

use super::record;
use crate::app::App;
use crate::id::{self, Noun};
use crate::store::row::{Page, PageAsk};
use crate::verify::facts;
use crate::verify::{Caller, VerifyError};
use cofferdam_engine::block::{Block, State};
use cofferdam_engine::evidence::Scope;
use serde_json::json;

/// A block with its identifier.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockView {
    /// Its identifier.
    pub id: String,
    /// As it stands.
    pub block: Block,
    /// At which moment, in Unix seconds.
    pub at_s: u32,
}

/// A list's filters.
#[derive(Debug, Clone)]
pub struct Which {
    /// Those that are over and remembered; else those that stop, or would at the next guilty newcomer.
    pub ended: bool,
    /// Of one kind of scope.
    pub kind: Option<String>,
}

/// The name of a kind of scope in answers.
pub fn kind(scope: Scope) -> &'static str {
    match scope {
        Scope::Prefix2 | Scope::Prefix3 | Scope::Prefix4 => "prefix",
        Scope::Address => "ip",
        scope => scope.name(),
    }
}

/// Those of the caller's world, by identifier.
pub fn list(app: &App, caller: &Caller, which: &Which, page: &PageAsk) -> Page<BlockView> {
    let at_s = crate::verify::judge::seconds(app.clock.now_ms());
    let all = app.blocks.all();
    let Some(own) = all.get(&caller.owner) else { return Page { rows: Vec::new(), next: None } };
    let wanted = |block: &Block| {
        (block.state == State::Ended) == which.ended
            && which.kind.as_deref().is_none_or(|wanted| wanted == kind(block.scope))
    };
    let rows = own.keys.iter().filter_map(|(id, key)| {
        let block = own.ladder.get(*key).filter(|block| wanted(block))?;
        Some((id.clone(), BlockView { id: id.clone(), block: block.clone(), at_s }))
    });
    facts::page(rows.collect::<Vec<_>>().into_iter(), page)
}

/// One of them.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<BlockView, VerifyError> {
    let at_s = crate::verify::judge::seconds(app.clock.now_ms());
    let all = app.blocks.all();
    let own = all.get(&caller.owner).filter(|_| id::is(Noun::Block, id));
    let block = own.and_then(|own| own.ladder.get(*own.keys.get(id)?)).cloned();
    block.map(|block| BlockView { id: id.to_owned(), block, at_s }).ok_or(VerifyError::NotFound)
}

/// Lifts one; what it covered is trusted for so long afterwards, if at all.
pub async fn lift(
    app: &App,
    caller: &Caller,
    id: &str,
    trusted_for_s: u32,
    note: Option<&str>,
) -> Result<BlockView, VerifyError> {
    let before = get(app, caller, id)?;
    if before.block.state == State::Ended {
        return Err(VerifyError::State("the block has ended".to_owned()));
    }
    let key = before.block.key;
    if let Some(own) = app.blocks.all().get_mut(&caller.owner) {
        own.ladder.lift(key, before.at_s, trusted_for_s);
    }
    let more = json!({ "trusted_for_s": trusted_for_s, "note": note });
    let told = record(app, caller, key, "block.lift", more).await;
    if told.is_err()
        && let Some(own) = app.blocks.all().get_mut(&caller.owner)
    {
        // The records do not know, so it stands as before.
        own.ladder.put(before.block);
    }
    told?;
    get(app, caller, id)
}

//! Who decides a replay: the engine, by a policy, from what it learned before, over tallies here or in Redis.

use super::super::error::CliError;
use crate::clock::{SystemClock, SystemDice};
use crate::store::{ReplayTallies, StoreError};
use cofferdam_engine::Policy;
use cofferdam_sim::{Judge, Ours};
use std::sync::Arc;

/// Where the tallies of a replay are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// In this process.
    Memory,
    /// At an address of Redis, under a prefix of their own.
    Redis(String),
}

/// A judge whose learned state outlives a replay.
pub trait Standing: Judge {
    /// All it learned, as bytes that [`judge`] takes back.
    fn save(&self) -> Vec<u8>;

    /// What went wrong: nothing that was decided since stands.
    fn failed(&self) -> Option<String>;
}

impl Standing for Ours {
    fn save(&self) -> Vec<u8> {
        Self::save(self)
    }

    fn failed(&self) -> Option<String> {
        None
    }
}

impl Standing for Ours<ReplayTallies> {
    /// It stays nowhere: the keys go with the replay.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn failed(&self) -> Option<String> {
        self.tallies().failed().map(ToString::to_string)
    }
}

/// The judge of a policy, as it stood when it was saved.
pub fn judge(policy: Policy, state: Option<&[u8]>) -> Result<Box<dyn Standing>, CliError> {
    Ok(match state {
        Some(bytes) => Box::new(
            Ours::restore(policy, bytes).map_err(|error| CliError::input(format!("`--state`: {error}")))?,
        ),
        None => Box::new(Ours::new(policy)),
    })
}

/// A judge that learned nothing yet, over tallies that are kept there.
pub fn judge_at(policy: Policy, tallies: &Where) -> Result<Box<dyn Standing>, CliError> {
    let Where::Redis(url) = tallies else { return judge(policy, None) };
    let open = ReplayTallies::open(url, Arc::new(SystemClock), Arc::new(SystemDice::default()));
    let tallies = open.map_err(|error| match error {
        StoreError::Unreadable(_) => CliError::input(format!("`--tallies`: {error}")),
        _ => CliError::failed(format!("`--tallies`: {error}")),
    })?;
    Ok(Box::new(Ours::over(policy, tallies)))
}

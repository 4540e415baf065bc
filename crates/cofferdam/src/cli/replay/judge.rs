//! Who decides a replay: the engine, by a policy, from what it learned before.

use super::super::error::CliError;
use cofferdam_engine::Policy;
use cofferdam_sim::{Judge, Ours};

/// A judge whose learned state outlives a replay.
pub trait Standing: Judge {
    /// All it learned, as bytes that [`judge`] takes back.
    fn save(&self) -> Vec<u8>;
}

impl Standing for Ours {
    fn save(&self) -> Vec<u8> {
        Self::save(self)
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

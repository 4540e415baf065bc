//! Who decides a replay: the engine, by a policy, from what it learned before.

use super::super::error::CliError;
use cofferdam_engine::Policy;
use cofferdam_sim::Judge;

/// A judge whose learned state outlives a replay.
pub trait Standing: Judge {
    /// All it learned, as bytes that [`judge`] takes back.
    fn save(&self) -> Vec<u8>;
}

/// The judge of a policy, as it stood when it was saved.
pub fn judge(policy: Policy, state: Option<&[u8]>) -> Result<Box<dyn Standing>, CliError> {
    let _ = (policy, state);
    Err(CliError::failed("the engine cannot judge whole streams in this version"))
}

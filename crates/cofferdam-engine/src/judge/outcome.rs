//! What an outcome changes, and what the passing of time changes. Both only say what to do; the
//! shell does it, once for each outcome however often it is told.

use crate::attempt::Attempt;
use crate::effect::Effect;
use crate::outcome::{CheckResult, Outcome, What};
use alloc::{string::String, vec, vec::Vec};

/// What an outcome changes.
///
/// - A right code proves the number, the device, the user, and the number with each of them.
/// - What was not sent is given back, where it was counted.
/// - A message that a network lost, or that nobody answered, was handed over and stays counted:
///   else a dishonest route could clear its own limits.
/// - A label teaches nothing yet, and takes no proof away.
pub fn learn(outcome: &Outcome, attempt: &Attempt) -> Vec<Effect> {
    match outcome.what {
        What::Check { result: CheckResult::Ok } => proofs(attempt, seconds(outcome.at_ms)),
        What::NotSent => vec![Effect::GiveBack],
        What::Challenge { .. }
        | What::Sent { .. }
        | What::Delivery { .. }
        | What::Check { result: CheckResult::Wrong | CheckResult::Expired }
        | What::Price { .. }
        | What::Label { .. }
        | What::Activity { .. }
        | What::Expired => Vec::new(),
    }
}

fn proofs(attempt: &Attempt, at_s: u32) -> Vec<Effect> {
    let asked = super::identify(attempt);
    let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user];
    keys.into_iter().flatten().map(|key| Effect::Prove { key, at_s }).collect()
}

/// Something standing that time may end: an entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier.
    pub id: String,
    /// When it ends, in Unix milliseconds; `None`: never.
    pub until_ms: Option<i64>,
}

/// What the passing of time changes. So far only entries of lists end by themselves.
pub fn review(standing: &[Entry], at_ms: i64) -> Vec<Effect> {
    let over = standing.iter().filter(|entry| entry.until_ms.is_some_and(|until| until <= at_ms));
    over.map(|entry| Effect::EndEntry { entry: entry.id.clone() }).collect()
}

/// Unix seconds of Unix milliseconds.
fn seconds(at_ms: i64) -> u32 {
    u32::try_from(at_ms.max(0) / 1000).unwrap_or(u32::MAX)
}

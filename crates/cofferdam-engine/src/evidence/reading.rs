//! What a scope's records say at the moment of an attempt: what was counted, this attempt included,
//! and what would be usual. Detectors see nothing else.

use super::decay::HORIZONS;
use super::scope::{SCOPES, Scope};
use crate::block::Word;
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// Figures by horizon.
pub type Figures = [f32; HORIZONS];

/// One scope, read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which.
    pub scope: Scope,
    /// Its record's key: what a block of it would be kept under.
    pub key: u64,
    /// Newcomers.
    pub seen: Figures,
    /// Of them, those that a narrower scope explains.
    pub explained: Figures,
    /// Of them, those whose message is old enough to be judged.
    pub matured: Figures,
    /// Of those, who converted.
    pub converted: Figures,
    /// How many newcomers would be usual.
    pub expected: Figures,
    /// The share that usually converts.
    pub rate: f32,
    /// How many outcomes that rate is worth: as many as it was learned from, and fewer where it wanders.
    pub rate_of: f32,
    /// Challenges asked, over the longest horizon.
    #[serde(default, skip_serializing_if = "nought")]
    pub challenged: f32,
    /// Challenges failed.
    #[serde(default, skip_serializing_if = "nought")]
    pub failed: f32,
    /// Strikes that are remembered.
    #[serde(default, skip_serializing_if = "nought")]
    pub strikes: f32,
    /// Attempts of all kinds over the longest horizon.
    pub asked: f32,
    /// The trusted: asked, matured, converted. Places alone have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<[Figures; 3]>,
    /// For the longest prefix: how much more likely its numbers are if somebody counts them up, in
    /// nats, and the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<(f32, u16)>,
    /// Challenges asked and failed over the two shorter horizons.
    #[serde(default, skip_serializing_if = "none")]
    pub tried: [[f32; 2]; 2],
}

impl Reading {
    /// Challenges asked, by horizon.
    pub fn challenges(&self) -> Figures {
        let [[short, middle], _] = self.tried;
        [short, middle, self.challenged]
    }

    /// Challenges failed, by horizon.
    pub fn failures(&self) -> Figures {
        let [_, [short, middle]] = self.tried;
        [short, middle, self.failed]
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn nought(value: &f32) -> bool {
    *value == 0.0
}

fn none(values: &[[f32; 2]; 2]) -> bool {
    values.iter().flatten().all(nought)
}

/// Those of a place who have one thing in common with an attempt: profile, browser, network of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Company {
    /// What they have in common.
    pub scope: Scope,
    /// Newcomers of the place, without this attempt.
    pub of: Figures,
    /// Of them, those who have it in common.
    pub seen: Figures,
    /// The share that usually has.
    pub share: f32,
}

/// What holds for the whole installation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Climate {
    /// How long it has been counting, in hours.
    pub age_h: f32,
    /// How many look for a place like the attempt's, now that attacks go on: from 0, none, to 1.
    pub heat: f32,
    /// The share of outcomes that arrives, in each horizon: 1, and less while nobody's do, the trusted's
    /// included.
    pub pipe: Figures,
}

/// What is known of an attempt by evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidenced {
    /// The attempt was counted as a newcomer.
    pub newcomer: bool,
    /// The installation's state.
    pub climate: Climate,
    /// On how many of the last 28 days the number was asked for, and on how many of those it converted.
    pub days: (u32, u32),
    /// How many at the same address entered right codes lately.
    pub neighbours: f32,
    /// Scopes in which there is something to look at.
    pub readings: ArrayVec<Reading, SCOPES>,
    /// Whom it has company of, where there is something to look at.
    #[serde(default, skip_serializing_if = "ArrayVec::is_empty")]
    pub company: ArrayVec<Company, 4>,
    /// A standing block answered for it: what it was judged by then was read of somebody else in the same second,
    /// and of its own scopes nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<Word>,
}

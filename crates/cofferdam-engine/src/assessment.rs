//! Decision, score, reasons and effects as one value.

use crate::attempt::Edition;
use crate::effect::Effect;
use crate::limit::LimitScope;
use crate::policy::{Level, Mode};
use crate::signal::{Code, Evidence};
use arrayvec::{ArrayString, ArrayVec};
use cofferdam_atlas::Prefix;
use serde::{Deserialize, Serialize};

/// What becomes of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Send it.
    Allow,
    /// Ask something of the person first.
    Challenge,
    /// Do not send it.
    Block,
}

/// A signal as told to others. The points of all reasons and the base rate add up to the score exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What was found.
    #[serde(with = "crate::signal::code_text")]
    pub code: Code,
    /// Thousandths of log-odds; negative speaks for the attempt.
    pub points: i32,
    /// The figures.
    pub evidence: Evidence,
}

/// At most this many reasons.
pub const REASONS: usize = 16;

/// At most this many effects of one assessment.
pub const EFFECTS: usize = 6;

/// A policy's identifier and version, `pol_…@7`; longer ones are cut at the identifier's end.
pub type Stamp = ArrayString<64>;

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// When it was judged, in Unix milliseconds.
    pub at_ms: i64,
    /// What becomes of the attempt. In shadow mode: what would have become of it.
    pub decision: Decision,
    /// Whether the decision is followed; false in shadow where only detectors decided.
    pub enforced: bool,
    /// The probability that the attempt is pumped.
    pub score: f64,
    /// Points of the base rate: where the waterfall starts.
    pub base_points: i32,
    /// Points in all, clipped: `score` is their logistic.
    pub points: i32,
    /// Most weighty first; those that speak for the attempt last.
    pub reasons: ArrayVec<Reason, REASONS>,
    /// What the strongest reason is about, where that is narrower than the attempt's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<AssessedScope>,
    /// When the refusal ends by itself, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// In how many milliseconds it is worth asking again, for limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<i64>,
    /// The price that was judged with, and whether it was a guess.
    pub price_micros: i64,
    /// Expected loss of allowing, challenging and blocking, in micros.
    pub losses_micros: [i64; 3],
    /// The level.
    pub level: Level,
    /// The mode.
    pub mode: Mode,
    /// `pol_…@version`.
    pub policy: Stamp,
    /// The atlas's data.
    pub edition: Edition,
    /// The engine's version.
    pub engine: u32,
    /// What the shell must do.
    pub effects: ArrayVec<Effect, EFFECTS>,
}

/// What a refusal covers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum AssessedScope {
    /// A run of numbers.
    Prefix(Prefix),
    /// A limit.
    Limit(LimitScope),
    /// A network, by its stable identifier.
    Network(u32),
    /// A country.
    Country(cofferdam_atlas::Country),
    /// A scope of evidence whose value is not repeated.
    Evidence(crate::evidence::Scope),
}

impl Assessment {
    /// What is followed: the decision, or `Allow` where it is only shadowed.
    pub fn followed(&self) -> Decision {
        if self.enforced { self.decision } else { Decision::Allow }
    }
}

impl Reason {
    /// What is told of a number that no plan has: it never becomes an attempt.
    pub fn number_invalid() -> Self {
        crate::detect::number_invalid()
    }
}

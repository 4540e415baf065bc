//! How we judge: one versioned value.
//!
//! A policy is made from a [`Level`] (ready-made) and, for the time of one judgement, from the
//! profile under which a caller verifies ([`Terms`]). It holds no key and no address of a machine:
//! that is the settings file's business.

mod levels;
mod off;
mod validate;

pub use off::{EXPLANATIONS, Off};
pub use validate::{LimitError, TooManyWindows};

use crate::block::BlockTerms;
use crate::limit::{LimitScope, Limits, WINDOWS};
use crate::rival::Rivals;
use alloc::{string::String, vec::Vec};
use cofferdam_atlas::Country;
use serde::{Deserialize, Serialize};

/// A named, ready-made policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Stops the certain.
    Basic,
    /// The default.
    #[default]
    Standard,
    /// Stops the likely.
    Max,
}

/// Whether a profile's judgement is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The decision is followed.
    #[default]
    Enforce,
    /// Decisions of detectors are recorded and not followed; limits, lists and validity still decide.
    Shadow,
}

/// Where a channel may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destinations {
    /// Everywhere.
    All,
    /// Only to these.
    Only(Vec<Country>),
}

/// A policy: weights, thresholds, levels. Identified as `pol_…@version`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// The level it was made from, or overlays.
    pub level: Level,
    /// Points, thresholds and money: see the engine's `weigh`.
    pub weights: Weights,
    /// Prior masses of the rival explanations: see the engine's `rival`.
    #[serde(default)]
    pub rivals: Rivals,
    /// How blocks are opened, and what is let through them.
    #[serde(default)]
    pub blocks: BlockTerms,
    /// Detectors that are neither asked nor told.
    #[serde(default, skip_serializing_if = "Off::is_empty")]
    pub off: Off,
}

/// What signals are worth and where the decision changes; all money in micros of one currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each default in `policy/levels.rs` states its meaning and source")]
pub struct Weights {
    pub base_points: i32,
    pub premium_points: i32,
    pub shared_cost_points: i32,
    pub toll_free_points: i32,
    pub pager_points: i32,
    pub fixed_sms_points: i32,
    pub unlikely_kind_points: i32,
    pub proved_points: i32,
    pub user_worth_micros: i64,
    pub friction_micros: i64,
    pub challenge_pass_good_ppm: u32,
    pub challenge_pass_bad_ppm: u32,
    pub default_price_micros: i64,
    pub least_price_micros: i64,
    pub invites_percent: u32,
    pub proof_lasts_s: u32,
}

/// What a profile lays down for a judgement, as the shell knows it from its standing facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Enforce or shadow.
    pub mode: Mode,
    /// The profile's limits.
    pub limits: Limits,
    /// Windows in use by any profile of the tenant's world, by scope; a send raises them all.
    pub windows: WindowPlan,
    /// Where this attempt's channel may send.
    pub destinations: Destinations,
    /// The only country allowed, if locked.
    pub locked_country: Option<Country>,
    /// Whether a person can be challenged under this profile. Until challenges can be asked for in
    /// earnest, only the test world can.
    pub can_challenge: bool,
    /// What a magic number of the test world asks for.
    pub magic: Option<Magic>,
    /// Whether evidence is looked up, counted and weighed. Without it limits, lists, destinations, the line's
    /// kind and tariff, blocks made by hand, magic numbers and money decide alone.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub evidence: bool,
}

fn yes() -> bool {
    true
}

/// The union of windows, in seconds, by scope in the order of [`LimitScope::ALL`]; 0: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowPlan(pub [[u32; WINDOWS]; LimitScope::ALL.len()]);

/// What the last two digits of a fictional number ask of the judgement, in the test world alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Magic {
    /// `10`: blocked as pumping.
    Block,
    /// `11`: challenged.
    Challenge,
    /// `12`: the budget is spent.
    Budget,
    /// `30`: judged as a landline.
    Landline,
    /// `31`: judged as a premium number.
    Premium,
}

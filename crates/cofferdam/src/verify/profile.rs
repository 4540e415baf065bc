//! The profile: a named set of choices under which a caller verifies.

use super::FieldError;
use crate::store::row::Restart;
use cofferdam_atlas::Country;
use cofferdam_engine::Channel;
use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Mode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A profile as it stands: body of its fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct Profile {
    #[serde(default)]
    pub id: String,
    pub name: String,
    pub channel: Channel,
    pub code_length: u8,
    pub lifetime_s: u32,
    pub checks: u32,
    pub resend_after_s: u32,
    pub send_wait_s: u32,
    /// By channel; a channel that is not named may send everywhere.
    pub destinations: BTreeMap<Channel, Destinations>,
    pub locked_country: Option<Country>,
    pub level: Level,
    pub mode: Mode,
    pub restart: Restart,
    pub limits: Limits,
    pub own_codes: bool,
    pub template: Option<String>,
    pub app_hash: Option<String>,
    #[serde(default)]
    pub created_ms: i64,
    #[serde(default)]
    pub version: u64,
}

/// What is to be set, for a new profile and for a change alike; `None` leaves it. Values are as sent:
/// what may stand is said by [`Profile::edited`].
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named as the API names them")]
pub struct ProfileEdit {
    pub name: Option<String>,
    pub channel: Option<Channel>,
    pub code_length: Option<u32>,
    pub lifetime_s: Option<u32>,
    pub checks: Option<u32>,
    pub resend_after_s: Option<u32>,
    pub send_wait_s: Option<u32>,
    /// ISO codes, or `*`.
    pub destinations: Option<BTreeMap<Channel, Vec<String>>>,
    /// `Some(None)` unlocks.
    pub locked_country: Option<Option<String>>,
    pub level: Option<Level>,
    pub mode: Option<Mode>,
    pub restart: Option<Restart>,
    /// Scopes that are not named keep theirs; an empty list switches one off.
    pub limits: BTreeMap<LimitScope, Vec<Limit>>,
    pub own_codes: Option<bool>,
    pub template: Option<Option<String>>,
    pub app_hash: Option<Option<String>>,
}

impl Profile {
    /// The profile with changes; or every field that can't be taken.
    pub fn edited(&self, _edit: &ProfileEdit, _test_world: bool) -> Result<Self, Vec<FieldError>> {
        Err(Vec::new())
    }
}

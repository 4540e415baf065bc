//! The profile: a named set of choices under which a caller verifies.
//!
//! Here is what a profile may say and what it means for a judgement; it is stored by `profiles` and
//! cached by `standing`.

use super::{FieldError, message};
use crate::store::row::{Restart, World};
use cofferdam_atlas::Country;
use cofferdam_engine::Channel;
use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Magic, Mode, Terms, WindowPlan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A profile as it stands: body of its fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Whether evidence is asked for.
    #[serde(default = "yes")]
    pub evidence: bool,
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

/// Profiles that were made before it could be chosen.
fn yes() -> bool {
    true
}

/// What is to be set, for a new profile and for a change alike; `None` leaves it. Values are as sent:
/// what may stand is said by [`Profile::edited`].
#[derive(Debug, Clone, Default)]
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
    pub evidence: Option<bool>,
    pub restart: Option<Restart>,
    /// Scopes that are not named keep theirs; an empty list switches one off.
    pub limits: BTreeMap<LimitScope, Vec<Limit>>,
    pub own_codes: Option<bool>,
    pub template: Option<Option<String>>,
    pub app_hash: Option<Option<String>>,
}

impl Profile {
    /// The profile that a fresh tenant has: every country, six digits, ten minutes, five checks.
    pub fn builtin(name: &str) -> Self {
        Self {
            id: String::new(),
            name: name.to_owned(),
            channel: Channel::Sms,
            // NIST SP 800-63B: at least six digits, at most ten minutes.
            code_length: 6,
            lifetime_s: 600,
            // As the big services have it, so that moving here surprises nobody.
            checks: 5,
            // A message takes seconds; people ask again after half a minute. Guess.
            resend_after_s: 30,
            send_wait_s: 3,
            destinations: BTreeMap::new(),
            locked_country: None,
            level: Level::Standard,
            mode: Mode::Enforce,
            evidence: true,
            restart: Restart::New,
            limits: Limits::builtin(Level::Standard),
            own_codes: false,
            template: None,
            app_hash: None,
            created_ms: 0,
            version: 0,
        }
    }

    /// What it lays down for a judgement.
    pub fn terms(&self, channel: Channel, windows: WindowPlan, world: World, magic: Option<Magic>) -> Terms {
        Terms {
            mode: self.mode,
            limits: self.limits.clone(),
            windows,
            destinations: self.destinations.get(&channel).cloned().unwrap_or(Destinations::All),
            locked_country: self.locked_country,
            // Nobody can be asked anything in earnest yet.
            can_challenge: world == World::Test,
            magic,
            evidence: self.evidence,
        }
    }

    /// The profile with changes; or every field that can't be taken.
    pub fn edited(&self, edit: &ProfileEdit, world: World) -> Result<Self, Vec<FieldError>> {
        let mut faults = Faults::default();
        let mut new = self.clone();
        edit.texts(&mut new, &mut faults);
        edit.figures(&mut new, world, &mut faults);
        edit.places(&mut new, &mut faults);
        if let Some(channel) = edit.channel {
            if channel != Channel::Sms {
                faults.add("channel", "not_available", "only `sms` is available yet");
            }
            new.channel = channel;
        }
        for (scope, limits) in &edit.limits {
            limits_mut(&mut new.limits, *scope).clone_from(limits);
        }
        if let Err(error) = new.limits.validate() {
            faults.add(&error.field(), "invalid", &error.to_string());
        }
        new.level = edit.level.unwrap_or(new.level);
        new.mode = edit.mode.unwrap_or(new.mode);
        new.evidence = edit.evidence.unwrap_or(new.evidence);
        new.restart = edit.restart.unwrap_or(new.restart);
        new.own_codes = edit.own_codes.unwrap_or(new.own_codes);
        if new.code_length < 6 && new.checks > 3 {
            faults.add("checks", "out_of_range", "must be at most 3 where `code_length` is below 6");
        }
        if faults.0.is_empty() { Ok(new) } else { Err(faults.0) }
    }
}

/// What can't be taken, as it is found.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, field: &str, code: &'static str, detail: &str) {
        self.0.push(FieldError { field: field.to_owned(), code, detail: detail.to_owned() });
    }

    /// A figure within its bounds, or a fault.
    fn within(&mut self, field: &str, value: Option<u32>, min: u32, max: u32) -> Option<u32> {
        let value = value?;
        if (min..=max).contains(&value) {
            return Some(value);
        }
        self.add(field, "out_of_range", &format!("must be from {min} to {max}"));
        None
    }

    fn country(&mut self, field: &str, text: &str) -> Option<Country> {
        let country = Country::from_iso2(text);
        if country.is_none() {
            self.add(field, "invalid", "must be an ISO 3166-1 code of two letters");
        }
        country
    }
}

impl ProfileEdit {
    fn texts(&self, new: &mut Profile, faults: &mut Faults) {
        if let Some(name) = &self.name {
            if valid_name(name) {
                new.name.clone_from(name);
            } else {
                let detail = "must be 1 to 64 letters, digits, `-`, `_` or `.`, and not begin with `prf_`";
                faults.add("name", "invalid", detail);
            }
        }
        if let Some(template) = &self.template {
            if let Some(Err(error)) = template.as_deref().map(message::valid_template) {
                faults.add("template", "invalid", &error.to_string());
            }
            new.template.clone_from(template);
        }
        if let Some(hash) = &self.app_hash {
            if hash.as_deref().is_some_and(|hash| !valid_app_hash(hash)) {
                faults.add("app_hash", "invalid", "must be 11 characters of base 64");
            }
            new.app_hash.clone_from(hash);
        }
    }

    fn figures(&self, new: &mut Profile, world: World, faults: &mut Faults) {
        let shortest_life = if world == World::Test { 1 } else { 30 };
        if let Some(length) = faults.within("code_length", self.code_length, 4, 10) {
            new.code_length = length as u8;
        }
        let mut set = |to: &mut u32, field, value, min, max| {
            if let Some(value) = faults.within(field, value, min, max) {
                *to = value;
            }
        };
        set(&mut new.lifetime_s, "lifetime_s", self.lifetime_s, shortest_life, 3600);
        set(&mut new.checks, "checks", self.checks, 1, 10);
        set(&mut new.resend_after_s, "resend_after_s", self.resend_after_s, 0, 3600);
        set(&mut new.send_wait_s, "send_wait_s", self.send_wait_s, 0, 30);
    }

    fn places(&self, new: &mut Profile, faults: &mut Faults) {
        match &self.locked_country {
            Some(Some(text)) => new.locked_country = faults.country("locked_country", text),
            Some(None) => new.locked_country = None,
            None => {}
        }
        let Some(destinations) = &self.destinations else { return };
        new.destinations.clear();
        for (channel, places) in destinations {
            let field = format!("destinations.{}", channel_name(*channel));
            let all = places.iter().any(|place| place == "*");
            let reach = if all {
                Destinations::All
            } else {
                Destinations::Only(places.iter().filter_map(|place| faults.country(&field, place)).collect())
            };
            new.destinations.insert(*channel, reach);
        }
    }
}

/// A name that can stand in an address and can't be taken for an identifier.
pub fn valid_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    first
        && name.len() <= 64
        && name.chars().all(plain)
        && !name.starts_with("prf_")
        && !name.starts_with("ten_")
}

/// What the phone's system looks for on a message's last line.
pub fn valid_app_hash(hash: &str) -> bool {
    hash.len() == 11 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// A channel as the API names it.
pub fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "sms",
        Channel::Voice => "voice",
        Channel::Whatsapp => "whatsapp",
        Channel::Email => "email",
    }
}

fn limits_mut(limits: &mut Limits, scope: LimitScope) -> &mut Vec<Limit> {
    match scope {
        LimitScope::Number => &mut limits.number,
        LimitScope::NumberChecks => &mut limits.number_checks,
        LimitScope::Ip => &mut limits.ip,
        LimitScope::Ipv4_24 => &mut limits.ipv4_24,
        LimitScope::Ipv6_64 => &mut limits.ipv6_64,
        LimitScope::Ipv6_48 => &mut limits.ipv6_48,
        LimitScope::Device => &mut limits.device,
        LimitScope::Session => &mut limits.session,
        LimitScope::User => &mut limits.user,
        LimitScope::UserAgent => &mut limits.user_agent,
        LimitScope::Prefix => &mut limits.prefix,
        LimitScope::Network => &mut limits.network,
        LimitScope::Country => &mut limits.country,
        LimitScope::Profile => &mut limits.profile,
        LimitScope::Tenant => &mut limits.tenant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(edit: &ProfileEdit, world: World) -> Vec<String> {
        let edited = Profile::builtin("default").edited(edit, world);
        edited.err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn each_figure_has_its_bounds_and_its_name() {
        let edit = ProfileEdit {
            code_length: Some(3),
            lifetime_s: Some(29),
            checks: Some(0),
            resend_after_s: Some(3601),
            send_wait_s: Some(31),
            ..ProfileEdit::default()
        };
        let named = ["code_length", "lifetime_s", "checks", "resend_after_s", "send_wait_s"];
        assert_eq!(fields(&edit, World::Live), named);
        assert!(
            fields(&ProfileEdit { lifetime_s: Some(1), ..ProfileEdit::default() }, World::Test).is_empty()
        );
        let short = ProfileEdit { code_length: Some(4), ..ProfileEdit::default() };
        assert_eq!(fields(&short, World::Live), ["checks"]);
        let short = ProfileEdit { code_length: Some(4), checks: Some(3), ..ProfileEdit::default() };
        assert!(fields(&short, World::Live).is_empty());
    }

    #[test]
    fn texts_and_limits_are_named_when_they_cannot_be_taken() {
        let limit = |max, window_s| Limit { max, window_s };
        let edit = ProfileEdit {
            name: Some("prf_x".into()),
            template: Some(Some("no field".into())),
            app_hash: Some(Some("short".into())),
            channel: Some(Channel::Voice),
            limits: BTreeMap::from([(LimitScope::Device, vec![limit(0, 60)])]),
            ..ProfileEdit::default()
        };
        assert_eq!(
            fields(&edit, World::Test),
            ["name", "template", "app_hash", "channel", "limits.device[0].max"]
        );
    }

    #[test]
    fn limits_that_are_not_named_keep_theirs() {
        let edit = ProfileEdit {
            limits: BTreeMap::from([(LimitScope::Number, Vec::new())]),
            ..ProfileEdit::default()
        };
        let new = Profile::builtin("default").edited(&edit, World::Live).unwrap();
        assert!(new.limits.number.is_empty());
        assert_eq!(new.limits.device, Profile::builtin("default").limits.device);
    }
}

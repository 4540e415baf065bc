//! Limits: how often something may happen in a window.
//!
//! Limits are not evidence. They count messages that were handed over or are in flight, never what
//! was refused, so asking in vain keeps nobody out. Each tenant's limits are its own. Those of
//! number and tenant are reserved in the records, with the intent, and are exact; the others are
//! tallies, exact to a bucket (see [`crate::tally`]).

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// At most this many windows a scope, over all profiles of a tenant.
pub const WINDOWS: usize = 3;

/// `max` in any `window_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub max: u32,
    /// In how many seconds.
    pub window_s: u32,
}

/// What a limit is about. The order is the order in which limits are counted and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitScope {
    /// One number. Exact.
    Number,
    /// Wrong guesses over all of a number's verifications; stops starts. Exact.
    NumberChecks,
    /// One address: an IPv4, or the /64 of an IPv6, which is what a household has.
    Ip,
    /// Its /24.
    Ipv4_24,
    /// One IPv6 /64.
    Ipv6_64,
    /// Its /48.
    Ipv6_48,
    /// One device.
    Device,
    /// One session.
    Session,
    /// One user.
    User,
    /// One browser or app.
    UserAgent,
    /// A number without its last four digits.
    Prefix,
    /// A network.
    Network,
    /// A country.
    Country,
    /// The profile.
    Profile,
    /// The tenant. Exact.
    Tenant,
}

impl LimitScope {
    /// All, in order.
    pub const ALL: [LimitScope; 15] = [
        Self::Number,
        Self::NumberChecks,
        Self::Ip,
        Self::Ipv4_24,
        Self::Ipv6_64,
        Self::Ipv6_48,
        Self::Device,
        Self::Session,
        Self::User,
        Self::UserAgent,
        Self::Prefix,
        Self::Network,
        Self::Country,
        Self::Profile,
        Self::Tenant,
    ];

    /// Its name in settings, reasons (`limit.<name>`) and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::NumberChecks => "number_checks",
            Self::Ip => "ip",
            Self::Ipv4_24 => "ipv4_24",
            Self::Ipv6_64 => "ipv6_64",
            Self::Ipv6_48 => "ipv6_48",
            Self::Device => "device",
            Self::Session => "session",
            Self::User => "user",
            Self::UserAgent => "user_agent",
            Self::Prefix => "prefix",
            Self::Network => "network",
            Self::Country => "country",
            Self::Profile => "profile",
            Self::Tenant => "tenant",
        }
    }

    /// Whether the records keep it exactly, rather than the tallies to a bucket.
    pub fn exact(self) -> bool {
        matches!(self, Self::Number | Self::NumberChecks | Self::Tenant)
    }
}

/// The limits of a profile: for each scope, none to three.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "named as the scopes are")]
pub struct Limits {
    pub number: Vec<Limit>,
    pub number_checks: Vec<Limit>,
    pub ip: Vec<Limit>,
    pub ipv4_24: Vec<Limit>,
    pub ipv6_64: Vec<Limit>,
    pub ipv6_48: Vec<Limit>,
    pub device: Vec<Limit>,
    pub session: Vec<Limit>,
    pub user: Vec<Limit>,
    pub user_agent: Vec<Limit>,
    pub prefix: Vec<Limit>,
    pub network: Vec<Limit>,
    pub country: Vec<Limit>,
    pub profile: Vec<Limit>,
    pub tenant: Vec<Limit>,
}

impl Limits {
    /// The limits of one scope.
    pub fn of(&self, scope: LimitScope) -> &[Limit] {
        match scope {
            LimitScope::Number => &self.number,
            LimitScope::NumberChecks => &self.number_checks,
            LimitScope::Ip => &self.ip,
            LimitScope::Ipv4_24 => &self.ipv4_24,
            LimitScope::Ipv6_64 => &self.ipv6_64,
            LimitScope::Ipv6_48 => &self.ipv6_48,
            LimitScope::Device => &self.device,
            LimitScope::Session => &self.session,
            LimitScope::User => &self.user,
            LimitScope::UserAgent => &self.user_agent,
            LimitScope::Prefix => &self.prefix,
            LimitScope::Network => &self.network,
            LimitScope::Country => &self.country,
            LimitScope::Profile => &self.profile,
            LimitScope::Tenant => &self.tenant,
        }
    }
}

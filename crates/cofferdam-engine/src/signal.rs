//! What a detector found: a closed list of codes, each with the figures behind it.

mod code;
mod sentence;

pub use code::{Family, code_text};
pub(crate) use sentence::Span;
pub use sentence::more_than;

use crate::limit::LimitScope;
use cofferdam_atlas::{Country, Prefix};
use serde::{Deserialize, Serialize};

/// A reason's code. Detectors' codes are their file's name with one dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each has a page of its own, see `Code::text`")]
pub enum Code {
    NumberInvalid,
    NumberKind,
    NumberTariff,
    DestinationNotAllowed,
    DestinationLocked,
    ListDeny,
    ListSafe,
    NumberProved,
    PrefixDensity,
    PrefixConversion,
    NumberSequence,
    NetworkVolume,
    NetworkConversion,
    CountryVolume,
    CountryConversion,
    ProfileUnusual,
    ClientUnusual,
    WhenceUnusual,
    ChannelUnusual,
    IpVelocity,
    IpHosting,
    IpCountry,
    IpProved,
    DeviceReuse,
    UserReuse,
    PersonProved,
    NumberSittings,
    BlockStanding,
    BudgetExhausted,
    BreakerOpen,
    Waiver,
    Holdout,
    Blind,
    /// `limit.<name>`
    Limit(LimitScope),
}

/// What was found, before it is weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// What.
    pub code: Code,
    /// The figures.
    pub evidence: Evidence,
    /// How much more likely it makes an attack, in nats, where the detector can say; the policy scales it.
    pub nats: f64,
}

/// The figures behind a reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was looked at, where it can be said.
    pub key: EvidenceKey,
    /// Over how many seconds; 0: none.
    pub window_s: u32,
    /// How much was seen.
    pub seen: f64,
    /// How much is expected or allowed.
    pub expected: f64,
    /// How many converted, where that matters.
    pub converted: Option<f64>,
}

/// What a figure is about, in words that may be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKey {
    /// Nothing to name.
    #[default]
    None,
    /// A run of numbers.
    Prefix(Prefix),
    /// A country.
    Country(Country),
    /// A network, by its stable identifier.
    Network(u32),
    /// A limit's scope, whose value is not repeated.
    Scope(LimitScope),
    /// A kind of line, or a tariff.
    Kind(cofferdam_atlas::Kind),
    /// What a message to it costs by plan.
    Tariff(cofferdam_atlas::Tariff),
    /// A scope of evidence, whose value is not repeated.
    Evidence(crate::evidence::Scope),
}

//! A reason's code as its dotted text, and what it belongs with. It says nothing about worth: that
//! is the policy's. Called by whoever shows, stores or reads a reason.

use super::Code;
use crate::limit::LimitScope;

/// Signals of one family look at the same event: the strongest counts in full, the second a
/// tenth, the rest nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// What kind of line it would go to.
    Line,
    /// Where it would go.
    Destination,
    /// Whence it was asked for.
    Source,
    /// Who asks.
    Person,
    /// What stands: lists, limits, blocks, budgets. These decide and are not weighed.
    Standing,
}

impl Code {
    /// Whether its figures are the whole installation's: places and internet addresses are everybody's.
    pub fn is_shared(self) -> bool {
        matches!(
            self,
            Self::PrefixDensity
                | Self::PrefixConversion
                | Self::NumberSequence
                | Self::NetworkVolume
                | Self::NetworkConversion
                | Self::CountryVolume
                | Self::CountryConversion
                | Self::WhenceUnusual
                | Self::ChannelUnusual
                | Self::IpVelocity
                | Self::IpProved
        )
    }

    /// How many there are.
    pub const COUNT: usize = 33 + LimitScope::ALL.len();

    /// All, in the order in which equal ones are told.
    pub const ALL: [Code; Self::COUNT] = {
        let mut all = [Code::NumberInvalid; Self::COUNT];
        let plain = [
            Code::NumberInvalid,
            Code::NumberKind,
            Code::NumberTariff,
            Code::DestinationNotAllowed,
            Code::DestinationLocked,
            Code::ListDeny,
            Code::ListSafe,
            Code::NumberProved,
            Code::PrefixDensity,
            Code::PrefixConversion,
            Code::NumberSequence,
            Code::NetworkVolume,
            Code::NetworkConversion,
            Code::CountryVolume,
            Code::CountryConversion,
            Code::ProfileUnusual,
            Code::ClientUnusual,
            Code::WhenceUnusual,
            Code::ChannelUnusual,
            Code::IpVelocity,
            Code::IpHosting,
            Code::IpCountry,
            Code::IpProved,
            Code::DeviceReuse,
            Code::UserReuse,
            Code::PersonProved,
            Code::NumberSittings,
            Code::BlockStanding,
            Code::BudgetExhausted,
            Code::BreakerOpen,
            Code::Waiver,
            Code::Holdout,
            Code::Blind,
        ];
        let (mut at, mut rest) = (0, plain.as_slice());
        while let [code, tail @ ..] = rest {
            #[expect(
                clippy::indexing_slicing,
                reason = "evaluated at build time: a wrong length does not compile"
            )]
            {
                all[at] = *code;
            }
            at += 1;
            rest = tail;
        }
        let mut rest = LimitScope::ALL.as_slice();
        while let [scope, tail @ ..] = rest {
            #[expect(
                clippy::indexing_slicing,
                reason = "evaluated at build time: a wrong length does not compile"
            )]
            {
                all[at] = Code::Limit(*scope);
            }
            at += 1;
            rest = tail;
        }
        all
    };

    /// Its dotted text: the same in answers, logs, metrics, manual and console.
    pub fn text(self) -> &'static str {
        match self {
            Self::NumberInvalid => "number.invalid",
            Self::NumberKind => "number.kind",
            Self::NumberTariff => "number.tariff",
            Self::DestinationNotAllowed => "destination.not_allowed",
            Self::DestinationLocked => "destination.locked",
            Self::ListDeny => "list.deny",
            Self::ListSafe => "list.safe",
            Self::NumberProved => "number.proved",
            Self::PrefixDensity => "prefix.density",
            Self::PrefixConversion => "prefix.conversion",
            Self::NumberSequence => "number.sequence",
            Self::NetworkVolume => "network.volume",
            Self::NetworkConversion => "network.conversion",
            Self::CountryVolume => "country.volume",
            Self::CountryConversion => "country.conversion",
            Self::ProfileUnusual => "profile.unusual",
            Self::ClientUnusual => "client.unusual",
            Self::WhenceUnusual => "whence.unusual",
            Self::ChannelUnusual => "channel.unusual",
            Self::IpVelocity => "ip.velocity",
            Self::IpHosting => "ip.hosting",
            Self::IpCountry => "ip.country",
            Self::IpProved => "ip.proved",
            Self::DeviceReuse => "device.reuse",
            Self::UserReuse => "user.reuse",
            Self::PersonProved => "person.proved",
            Self::NumberSittings => "number.sittings",
            Self::BlockStanding => "block.standing",
            Self::BudgetExhausted => "budget.exhausted",
            Self::BreakerOpen => "breaker.open",
            Self::Waiver => "waiver",
            Self::Holdout => "holdout",
            Self::Blind => "blind",
            Self::Limit(scope) => limit_text(scope),
        }
    }

    /// The code of a dotted text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.text() == text)
    }

    /// What it belongs with.
    pub fn family(self) -> Family {
        match self {
            Self::NumberKind | Self::NumberTariff => Family::Line,
            Self::PrefixDensity
            | Self::PrefixConversion
            | Self::NumberSequence
            | Self::NetworkVolume
            | Self::NetworkConversion
            | Self::CountryVolume
            | Self::CountryConversion
            | Self::ProfileUnusual
            | Self::ClientUnusual
            | Self::WhenceUnusual
            | Self::ChannelUnusual => Family::Destination,
            Self::IpVelocity | Self::IpHosting | Self::IpCountry | Self::IpProved => Family::Source,
            Self::NumberProved
            | Self::DeviceReuse
            | Self::UserReuse
            | Self::PersonProved
            | Self::NumberSittings => Family::Person,
            Self::NumberInvalid
            | Self::DestinationNotAllowed
            | Self::DestinationLocked
            | Self::ListDeny
            | Self::ListSafe
            | Self::BlockStanding
            | Self::BudgetExhausted
            | Self::BreakerOpen
            | Self::Waiver
            | Self::Holdout
            | Self::Blind
            | Self::Limit(_) => Family::Standing,
        }
    }

    /// Whether it is found by looking at places, sources and habits: what is asked of nobody where a profile
    /// switches evidence off.
    pub fn is_of_evidence(self) -> bool {
        match self.family() {
            Family::Destination | Family::Source => true,
            // A number that proved itself can be reached, whoever asks.
            Family::Person => self != Self::NumberProved,
            Family::Line | Family::Standing => false,
        }
    }

    /// Whether it refuses whatever the score, in shadow too.
    pub fn refuses(self) -> bool {
        match self {
            Self::NumberInvalid
            | Self::DestinationNotAllowed
            | Self::DestinationLocked
            | Self::ListDeny
            | Self::BlockStanding
            | Self::BudgetExhausted
            | Self::Limit(_) => true,
            Self::NumberKind
            | Self::NumberTariff
            | Self::ListSafe
            | Self::NumberProved
            | Self::PrefixDensity
            | Self::PrefixConversion
            | Self::NumberSequence
            | Self::NetworkVolume
            | Self::NetworkConversion
            | Self::CountryVolume
            | Self::CountryConversion
            | Self::ProfileUnusual
            | Self::ClientUnusual
            | Self::WhenceUnusual
            | Self::ChannelUnusual
            | Self::IpVelocity
            | Self::IpHosting
            | Self::IpCountry
            | Self::IpProved
            | Self::DeviceReuse
            | Self::UserReuse
            | Self::PersonProved
            | Self::NumberSittings
            | Self::BreakerOpen
            | Self::Waiver
            | Self::Holdout
            | Self::Blind => false,
        }
    }
}

fn limit_text(scope: LimitScope) -> &'static str {
    match scope {
        LimitScope::Number => "limit.number",
        LimitScope::NumberChecks => "limit.number_checks",
        LimitScope::Ip => "limit.ip",
        LimitScope::Ipv4_24 => "limit.ipv4_24",
        LimitScope::Ipv6_64 => "limit.ipv6_64",
        LimitScope::Ipv6_48 => "limit.ipv6_48",
        LimitScope::Device => "limit.device",
        LimitScope::Session => "limit.session",
        LimitScope::User => "limit.user",
        LimitScope::UserAgent => "limit.user_agent",
        LimitScope::Prefix => "limit.prefix",
        LimitScope::Network => "limit.network",
        LimitScope::Country => "limit.country",
        LimitScope::Profile => "limit.profile",
        LimitScope::Tenant => "limit.tenant",
    }
}

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.text())
    }
}

/// Codes as their dotted text, for `#[serde(with = …)]`.
pub mod code_text {
    use super::Code;
    use core::fmt;
    use serde::{Deserializer, Serializer, de};

    /// Writes the dotted text.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(code: &Code, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(code.text())
    }

    /// Reads the dotted text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Code;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reason's code")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Code, E> {
                Code::parse(text).ok_or_else(|| E::custom(format_args!("`{text}` is not a reason's code")))
            }
        }
        from.deserialize_str(Text)
    }
}

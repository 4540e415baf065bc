//! The scopes that an attempt belongs to, and the keys of their records.

use crate::attempt::{Attempt, Channel};
use crate::judge::key;
use crate::key::Realm;
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// At most so many records of evidence an attempt, besides those of number and session.
pub const SCOPES: usize = 17;

/// A kind of thing that attempts have in common. The order is from wide to narrow within a family,
/// and parents come before children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole installation.
    All,
    /// The number's country.
    Country,
    /// The network that its run of numbers was allotted to.
    Network,
    /// The profile.
    Profile,
    /// The browser or app.
    Client,
    /// The network of the address.
    Asn,
    /// A profile's traffic to a network.
    ProfileNetwork,
    /// A browser's or app's traffic to a network.
    ClientNetwork,
    /// Traffic from one network of addresses, or one country, to a network.
    WhenceNetwork,
    /// Traffic over another channel than text to a network.
    ChannelNetwork,
    /// The number without its last four digits.
    Prefix4,
    /// The number without its last three digits.
    Prefix3,
    /// The number without its last two digits.
    Prefix2,
    /// The /24 or /48.
    Neighbourhood,
    /// The address, or its /64.
    Address,
    /// The device.
    Device,
    /// The user.
    User,
}

impl Scope {
    /// All of them, each at the place of its number.
    pub(crate) const EVERY: [Self; SCOPES] = [
        Self::All,
        Self::Country,
        Self::Network,
        Self::Profile,
        Self::Client,
        Self::Asn,
        Self::ProfileNetwork,
        Self::ClientNetwork,
        Self::WhenceNetwork,
        Self::ChannelNetwork,
        Self::Prefix4,
        Self::Prefix3,
        Self::Prefix2,
        Self::Neighbourhood,
        Self::Address,
        Self::Device,
        Self::User,
    ];

    /// Whether all tenants of an installation count in one record: places and internet addresses are
    /// nobody's own.
    pub fn is_shared(self) -> bool {
        !matches!(
            self,
            Self::Profile
                | Self::Client
                | Self::ProfileNetwork
                | Self::ClientNetwork
                | Self::Device
                | Self::User
        )
    }

    /// Its name in answers and in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Country => "country",
            Self::Network => "network",
            Self::Profile => "profile",
            Self::Client => "client",
            Self::Asn => "asn",
            Self::ProfileNetwork => "profile_network",
            Self::ClientNetwork => "client_network",
            Self::WhenceNetwork => "whence_network",
            Self::ChannelNetwork => "channel_network",
            Self::Prefix4 => "prefix4",
            Self::Prefix3 => "prefix3",
            Self::Prefix2 => "prefix2",
            Self::Neighbourhood => "neighbourhood",
            Self::Address => "address",
            Self::Device => "device",
            Self::User => "user",
        }
    }

    /// Whether a record with baseline, seasons and control group is kept.
    pub fn is_rich(self) -> bool {
        matches!(self, Self::All | Self::Country | Self::Network | Self::Profile | Self::ProfileNetwork)
    }
}

/// Scope and key of each record of an attempt, in the order of [`Scope`].
pub type Keys = ArrayVec<(Scope, u64), SCOPES>;

/// What stands for a network that nobody knows: its country's unknown networks together.
fn network_value(attempt: &Attempt) -> u64 {
    let country = attempt.place.country.map_or(0, |c| country_value(c.iso2()));
    match attempt.place.network {
        Some(network) => 1 << 40 | country << 20 | u64::from(network),
        None => 2 << 40 | country << 20,
    }
}

fn country_value(iso2: &str) -> u64 {
    iso2.bytes().fold(0, |value, byte| value << 8 | u64::from(byte))
}

/// The records of an attempt. Places and sources are the installation's, the rest the tenant's own.
pub fn keys(attempt: &Attempt) -> Keys {
    let (own, commons) = (attempt.realm, attempt.commons);
    let (place, source) = (&attempt.place, &attempt.source);
    let network = network_value(attempt);
    let country = place.country.map_or(0, |c| country_value(c.iso2()));
    let mut keys = Keys::new();
    let mut add = |scope: Scope, realm: Realm, a: u64, b: u64| {
        let _ = keys.try_push((scope, key::evidence(realm, scope as u64, a, b)));
    };
    add(Scope::All, commons, 0, 0);
    add(Scope::Country, commons, country, 0);
    add(Scope::Network, commons, network, 0);
    add(Scope::Profile, own, attempt.profile, 0);
    if let Some(client) = source.user_agent {
        add(Scope::Client, own, client, 0);
    }
    if let Some(asn) = source.asn {
        add(Scope::Asn, commons, u64::from(asn), 0);
    }
    add(Scope::ProfileNetwork, own, attempt.profile, network);
    // Those who say nothing of themselves have that in common: a crowd without browser or address must not
    // be a crowd that nobody sees.
    add(Scope::ClientNetwork, own, source.user_agent.unwrap_or_default(), network);
    let whence = source
        .asn
        .map(|asn| 1 << 40 | u64::from(asn))
        .or_else(|| source.country.map(|c| 2 << 40 | country_value(c.iso2())));
    add(Scope::WhenceNetwork, commons, whence.unwrap_or_default(), network);
    if attempt.channel != Channel::Sms {
        add(Scope::ChannelNetwork, commons, attempt.channel as u64, network);
    }
    let [prefix2, prefix3, prefix4] = place.prefixes;
    add(Scope::Prefix4, commons, prefix4, 0);
    add(Scope::Prefix3, commons, prefix3, 0);
    add(Scope::Prefix2, commons, prefix2, 0);
    if let Some(neighbourhood) = source.neighbourhood {
        add(Scope::Neighbourhood, commons, neighbourhood, 0);
    }
    if let Some(address) = source.address {
        add(Scope::Address, commons, address, 0);
    }
    if let Some(device) = source.device {
        add(Scope::Device, own, device, 0);
    }
    if let Some(user) = source.user {
        add(Scope::User, own, user, 0);
    }
    keys
}

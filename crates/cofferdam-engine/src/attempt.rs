//! The facts that are judged.
//!
//! [`Asked`] is what a caller sent, once parsed: it holds the number and address themselves and
//! lives only for the time of the request. [`Attempt`] is the same under keyed names: it is what is
//! judged, journalled and judged again.

use crate::key::{Keyer, Pseudonym, Realm};
use arrayvec::ArrayString;
use cofferdam_atlas::{Country, Destination, IpFacts, Kind, Prefix, Tariff};
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// How a code is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A spoken call.
    Voice,
    /// A WhatsApp message.
    Whatsapp,
    /// An e-mail.
    Email,
}

/// What somebody asked for, in clear, for the time of one request.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When, in Unix milliseconds, by the shell's clock.
    pub at_ms: i64,
    /// The chance drawn for this attempt.
    pub dice: u64,
    /// The tenant's world it belongs to.
    pub realm: Realm,
    /// The world's shared realm: what is known of places is shared by an installation's tenants.
    pub commons: Realm,
    /// The profile's identifier.
    pub profile: &'a str,
    /// The channel asked for.
    pub channel: Channel,
    /// Where it would go.
    pub destination: &'a Destination,
    /// What it is expected to cost.
    pub price_micros: Option<i64>,
    /// The person's address.
    pub ip: Option<IpAddr>,
    /// What the atlas knows of the address.
    pub ip_facts: IpFacts,
    /// The number of the address's network, if the caller knows it.
    pub asn: Option<u32>,
    /// The address's country as the caller sees it, over the atlas's.
    pub ip_country: Option<Country>,
    /// The caller's name for the device.
    pub device_id: Option<&'a str>,
    /// The caller's name for the session.
    pub session_id: Option<&'a str>,
    /// The caller's name for the person's account.
    pub user_id: Option<&'a str>,
    /// The person's browser or app.
    pub user_agent: Option<&'a str>,
}

/// An attempt as it is judged and kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The chance drawn for it.
    pub dice: u64,
    /// The tenant's world.
    pub realm: Realm,
    /// Keyed name of the profile.
    pub profile: u64,
    /// The channel asked for.
    pub channel: Channel,
    /// What it is expected to cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_micros: Option<i64>,
    /// Where it would go.
    pub place: Place,
    /// Whence it was asked for.
    pub source: Source,
    /// A challenge was asked of the person for this attempt, and passed: it is judged once more.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub challenge_passed: bool,
    /// Date of the atlas's data that `place` and `source` were read from. It stands here, not in
    /// the assessment's making, so that an attempt judged again under a later build keeps its own.
    pub edition: Edition,
    /// The world's shared realm: evidence about places and sources is the installation's.
    #[serde(default)]
    pub commons: Realm,
}

/// The date of an edition, as text.
pub type Edition = ArrayString<16>;

/// A destination under keyed names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The number.
    pub number: Pseudonym,
    /// Its country, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// Stable identifier of the network that its run of numbers was allotted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<u32>,
    /// What kind of line.
    pub kind: Kind,
    /// What a call or message to it costs by plan.
    pub tariff: Tariff,
    /// Reserved for fiction.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub fictional: bool,
    /// The number without its last four digits, in clear: what people are shown.
    pub shown: Prefix,
    /// Keyed names, in the commons, of the number without its last two, three and four digits.
    pub prefixes: [u64; 3],
    /// The last four digits, for the time of the judgement: no journal holds them.
    #[serde(skip)]
    pub last4: u16,
}

/// Where an attempt came from, under keyed names. A missing field is not suspicious in itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The address: an IPv4, or the /64 of an IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Its neighbourhood: /24 or /48.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbourhood: Option<u64>,
    /// Whether the address is IPv6.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub v6: bool,
    /// The number of the address's network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// The address's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// An address in a data centre.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub hosting: bool,
    /// An address of a VPN.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub vpn: bool,
    /// The device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u64>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u64>,
    /// The browser or app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<u64>,
}

/// What a keyed name is of; a purpose never shares names with another.
pub(crate) mod what {
    pub const NUMBER: u8 = 1;
    pub const PREFIX: u8 = 2;
    pub const ADDRESS: u8 = 3;
    pub const NEIGHBOURHOOD: u8 = 4;
    pub const DEVICE: u8 = 5;
    pub const SESSION: u8 = 6;
    pub const USER: u8 = 7;
    pub const USER_AGENT: u8 = 8;
    pub const PROFILE: u8 = 9;
}

impl Attempt {
    /// The attempt under keyed names.
    pub fn of(asked: &Asked<'_>, keyer: &Keyer) -> Self {
        let text = |what, text: Option<&str>| text.map(|t| keyer.short(asked.realm, what, t.as_bytes()));
        let mut source = Source {
            asn: asked.asn,
            country: asked.ip_country.or(asked.ip_facts.country),
            hosting: asked.ip_facts.hosting,
            vpn: asked.ip_facts.vpn,
            device: text(what::DEVICE, asked.device_id),
            session: text(what::SESSION, asked.session_id),
            user: text(what::USER, asked.user_id),
            user_agent: text(what::USER_AGENT, asked.user_agent),
            ..Source::default()
        };
        if let Some(ip) = asked.ip {
            let net = Nets::of(ip);
            source.v6 = net.v6;
            source.address = Some(keyer.short(asked.commons, what::ADDRESS, &net.address));
            source.neighbourhood = Some(keyer.short(asked.commons, what::NEIGHBOURHOOD, &net.neighbourhood));
        }
        Self {
            at_ms: asked.at_ms,
            dice: asked.dice,
            realm: asked.realm,
            commons: asked.commons,
            profile: keyer.short(asked.realm, what::PROFILE, asked.profile.as_bytes()),
            channel: asked.channel,
            price_micros: asked.price_micros,
            place: Place::of(asked.destination, asked.realm, asked.commons, keyer),
            source,
            challenge_passed: false,
            edition: Edition::from(cofferdam_atlas::edition().data()).unwrap_or_default(),
        }
    }
}

impl Place {
    /// A destination under keyed names.
    pub fn of(to: &Destination, realm: Realm, commons: Realm, keyer: &Keyer) -> Self {
        let prefix = |drop| keyer.short(commons, what::PREFIX, &prefix_bytes(to.number.prefix(drop)));
        Self {
            number: number_name(keyer, realm, to),
            country: to.country,
            network: to.network.map(cofferdam_atlas::Network::id),
            kind: to.kind,
            tariff: to.tariff,
            fictional: to.fictional,
            shown: to.number.prefix(4),
            prefixes: [prefix(2), prefix(3), prefix(4)],
            last4: (to.number.digits() % 10_000) as u16,
        }
    }
}

/// The keyed name of a number in a realm: one formula for attempts, records, lists and erasure.
pub fn number_name(keyer: &Keyer, realm: Realm, to: &Destination) -> Pseudonym {
    keyer.name(realm, what::NUMBER, &to.number.digits().to_le_bytes())
}

fn prefix_bytes(prefix: Prefix) -> [u8; 9] {
    let mut bytes = [0; 9];
    let (digits, length) = bytes.split_at_mut(8);
    digits.copy_from_slice(&prefix.digits().to_le_bytes());
    length.copy_from_slice(&[prefix.len()]);
    bytes
}

/// The networks an address is counted under. One IPv6 household has a /64 and changes the rest at
/// will, so the /64 is its address; a mapped or NAT64 address is the IPv4 behind it.
struct Nets {
    v6: bool,
    address: [u8; 8],
    neighbourhood: [u8; 8],
}

impl Nets {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self { v6: false, address: [4, a, b, c, d, 0, 0, 0], neighbourhood: [4, a, b, c, 0, 0, 0, 0] }
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                let bytes = |s: [u16; 4]| {
                    let mut out = [0; 8];
                    for (two, s) in out.chunks_exact_mut(2).zip(s) {
                        two.copy_from_slice(&s.to_be_bytes());
                    }
                    out
                };
                Self { v6: true, address: bytes([a, b, c, d]), neighbourhood: bytes([a, b, c, 0]) }
            }
        }
    }
}

//! What an operator may write as an entry of a list, read into one normal form, so that two
//! spellings of one thing are one entry. Called by the shell when an entry is written or imported.

use super::{ListKey, as_v6, mask};
use crate::attempt::number_name;
use crate::key::{Keyer, Realm};
use alloc::string::{String, ToString as _};
use cofferdam_atlas::{Country, Destination, NumberError, Prefix};
use core::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// An entry's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListValue {
    /// A whole number.
    Number(Destination),
    /// A run of numbers.
    Prefix(Prefix),
    /// One address.
    Address(IpAddr),
    /// A run of addresses: the first, and how many bits of it count.
    Cidr(IpAddr, u8),
    /// A domain of e-mail addresses and all below it, in lower case.
    EmailDomain(String),
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListValueError {
    /// Nothing, or far too much.
    #[error("a value has 1 to 255 characters")]
    Length,
    /// Looks like a prefix and is none.
    #[error("`{0}` is not a prefix: write `+`, the digits and `*`, as in `+1415555*`")]
    Prefix(String),
    /// Looks like an address and is none.
    #[error("`{0}` is not an address")]
    Address(String),
    /// The part after the slash.
    #[error("`{0}` is not a length: from 8 to 32 for IPv4, from 16 to 128 for IPv6")]
    Bits(String),
    /// Bits beyond the length.
    #[error("`{0}` has bits beyond its length: write `{1}`")]
    Stray(String, String),
    /// Looks like a domain and is none.
    #[error("`{0}` is not a domain")]
    Domain(String),
    /// Not a number.
    #[error("`{0}` is not a number: {1}")]
    Number(String, NumberError),
}

/// Far more than the longest domain or address.
const LENGTH_MAX: usize = 255;

impl ListValue {
    /// Reads what an operator wrote; `country` is for numbers in national form.
    pub fn parse(text: &str, country: Option<Country>) -> Result<Self, ListValueError> {
        let text = text.trim();
        if text.is_empty() || text.len() > LENGTH_MAX {
            return Err(ListValueError::Length);
        }
        let owned = || text.to_string();
        if text.ends_with('*') {
            return text.parse().map(Self::Prefix).map_err(|_| ListValueError::Prefix(owned()));
        }
        if let Some((address, bits)) = text.split_once('/') {
            return cidr(text, address, bits);
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Address(ip.to_canonical()));
        }
        if text.contains(':') && !text.starts_with("tel:") {
            return Err(ListValueError::Address(owned()));
        }
        let name = text.strip_prefix('@').unwrap_or(text);
        if name.contains('.') && name.chars().any(|c| c.is_ascii_alphabetic()) {
            return domain(name).map(Self::EmailDomain).ok_or_else(|| ListValueError::Domain(owned()));
        }
        let parsed = cofferdam_atlas::parse(text, country);
        parsed.map(Self::Number).map_err(|why| ListValueError::Number(owned(), why))
    }

    /// What the index matches it by, in a realm.
    pub fn key(&self, keyer: &Keyer, realm: Realm) -> ListKey {
        match self {
            Self::Number(to) => ListKey::Number(number_name(keyer, realm, to)),
            Self::Prefix(prefix) => ListKey::Prefix(*prefix),
            Self::Address(ip) => ListKey::Addresses(as_v6(*ip), 128),
            Self::Cidr(ip, bits) => {
                ListKey::Addresses(as_v6(*ip), if ip.is_ipv4() { bits + 96 } else { *bits })
            }
            Self::EmailDomain(domain) => ListKey::EmailDomain(domain.clone()),
        }
    }
}

/// The normal form: what is stored, shown and compared for duplicates.
impl fmt::Display for ListValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(to) => write!(f, "{}", to.number),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Address(ip) => write!(f, "{ip}"),
            Self::Cidr(ip, bits) => write!(f, "{ip}/{bits}"),
            Self::EmailDomain(domain) => f.write_str(domain),
        }
    }
}

fn cidr(text: &str, address: &str, bits: &str) -> Result<ListValue, ListValueError> {
    let ip: IpAddr = address.parse().map_err(|_| ListValueError::Address(text.to_string()))?;
    let bad = || ListValueError::Bits(bits.to_string());
    let plain = !bits.is_empty() && bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit());
    let written: u8 = bits.parse().ok().filter(|_| plain).ok_or_else(bad)?;
    // A run of mapped addresses is the run of IPv4 addresses behind it.
    let (ip, bits) = match (ip, ip.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(v4)) => (IpAddr::V4(v4), written.checked_sub(96).ok_or_else(bad)?),
        (ip, _) => (ip, written),
    };
    // Shorter ones are half the world, and a slip of the pen: nobody means them.
    let allowed = if ip.is_ipv4() { 8..=32 } else { 16..=128 };
    if !allowed.contains(&bits) {
        return Err(bad());
    }
    let whole = if ip.is_ipv4() { bits + 96 } else { bits };
    if whole == 128 {
        return Ok(ListValue::Address(ip));
    }
    let first = Ipv6Addr::from_bits(as_v6(ip) & mask(whole));
    let first = if ip.is_ipv4() { IpAddr::V6(first).to_canonical() } else { IpAddr::V6(first) };
    if first != ip {
        return Err(ListValueError::Stray(text.to_string(), alloc::format!("{first}/{bits}")));
    }
    Ok(ListValue::Cidr(ip, bits))
}

/// Letters, digits and hyphens in labels of 1 to 63, as mail servers take them.
fn domain(text: &str) -> Option<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.split('.').all(label).then(|| text.to_ascii_lowercase())
}

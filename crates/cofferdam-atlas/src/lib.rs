//! What **is** this number, this network, this address?
#![no_std]
extern crate alloc;
use alloc::{string::String, vec::Vec};
use core::{fmt, net::IpAddr};
use serde::{Deserialize, Serialize};

/// Temporary face.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);
impl Number {
    /// Digits.
    pub fn digits(self) -> u64 {
        self.0
    }
    /// Length.
    pub fn len(self) -> u8 {
        0
    }
    /// Prefix.
    pub fn prefix(self, drop: u8) -> Prefix {
        Prefix { digits: self.0 / 10u64.pow(u32::from(drop)), len: 0 }
    }
    /// Masked.
    pub fn masked(self) -> String {
        String::new()
    }
}
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+")
    }
}
/// Prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prefix {
    digits: u64,
    len: u8,
}
impl Prefix {
    /// Parse.
    pub fn parse(_: &str) -> Option<Prefix> {
        None
    }
    /// Contains.
    pub fn contains(self, _: Number) -> bool {
        false
    }
    /// Digits.
    pub fn digits(self) -> u64 {
        self.digits
    }
    /// Length.
    pub fn len(self) -> u8 {
        self.len
    }
}
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.digits)
    }
}
/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// x
    #[error("not a number")]
    NotANumber,
    /// x
    #[error("unknown calling code")]
    UnknownCallingCode,
    /// x
    #[error("too short")]
    TooShort,
    /// x
    #[error("too long")]
    TooLong,
    /// x
    #[error("unassigned")]
    Unassigned,
    /// x
    #[error("country needed")]
    CountryNeeded,
}
impl NumberError {
    /// Code.
    pub fn code(self) -> &'static str {
        "not_a_number"
    }
}
/// Country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Country(u16);
impl Country {
    /// iso2
    pub fn iso2(self) -> &'static str {
        "GB"
    }
    /// iso3
    pub fn iso3(self) -> &'static str {
        "GBR"
    }
    /// name
    pub fn name(self) -> &'static str {
        ""
    }
    /// calling code
    pub fn calling_code(self) -> u16 {
        44
    }
    /// by iso2
    pub fn from_iso2(_: &str) -> Option<Country> {
        None
    }
    /// index
    pub fn index(self) -> u16 {
        self.0
    }
}
/// Network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(u16);
impl Network {
    /// id
    pub fn id(self) -> u32 {
        0
    }
    /// by id
    pub fn from_id(_: u32) -> Option<Network> {
        None
    }
    /// name
    pub fn name(self) -> &'static str {
        ""
    }
    /// mcc
    pub fn mcc(self) -> Option<&'static str> {
        None
    }
    /// mnc
    pub fn mnc(self) -> Option<&'static str> {
        None
    }
    /// source
    pub fn source(self) -> &'static str {
        "allocation"
    }
}
/// Kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    Mobile,
    Fixed,
    FixedOrMobile,
    Voip,
    Personal,
    Pager,
    Uan,
    Voicemail,
    Isp,
    Unknown,
}
impl Kind {
    /// text
    pub fn as_str(self) -> &'static str {
        "mobile"
    }
}
/// Tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Tariff {
    Standard,
    Premium,
    SharedCost,
    TollFree,
}
impl Tariff {
    /// text
    pub fn as_str(self) -> &'static str {
        "standard"
    }
}
/// Destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Destination {
    pub number: Number,
    pub country: Option<Country>,
    pub network: Option<Network>,
    pub kind: Kind,
    pub tariff: Tariff,
    pub fictional: bool,
    pub strictly_valid: bool,
}
impl Destination {
    /// National format.
    pub fn national(&self) -> String {
        String::new()
    }
}
/// Parse.
pub fn parse(_: &str, _: Option<Country>) -> Result<Destination, NumberError> {
    Err(NumberError::NotANumber)
}
/// Parse.
pub fn parse_e164(_: &str) -> Result<Destination, NumberError> {
    Err(NumberError::NotANumber)
}
/// Look up.
pub fn look_up(number: Number) -> Destination {
    Destination {
        number,
        country: None,
        network: None,
        kind: Kind::Unknown,
        tariff: Tariff::Standard,
        fictional: false,
        strictly_valid: true,
    }
}
/// Address facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct IpFacts {
    pub country: Option<Country>,
    pub hosting: bool,
    pub vpn: bool,
}
/// Address facts.
pub fn ip_facts(_: IpAddr) -> IpFacts {
    IpFacts::default()
}
/// Reference price.
pub fn reference_price_micros(_: &Destination) -> Option<i64> {
    None
}
/// Risk category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum RiskCategory {
    Low,
    Medium,
    High,
}
/// Risk.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Risk {
    pub score: f64,
    pub category: RiskCategory,
    pub why: Vec<String>,
}
/// Risk.
pub fn risk(_: &Destination) -> Risk {
    Risk { score: 0.0, category: RiskCategory::Low, why: Vec::new() }
}
/// Edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Edition {
    pub date: &'static str,
    pub metadata: &'static str,
}
/// Edition.
pub fn edition() -> Edition {
    Edition { date: "2026-11-20", metadata: "" }
}

//! What a line is, and what a call or message to it is charged as: two questions, two answers.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What sort of line a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A mobile number.
    Mobile,
    /// A fixed line.
    Fixed,
    /// Mobile or fixed: the plan does not tell them apart, as in North America.
    FixedOrMobile,
    /// A number that is reached over the internet.
    Voip,
    /// A number that follows a person and forwards to other numbers.
    Personal,
    /// A pager.
    Pager,
    /// One number for a whole company.
    Uan,
    /// A mailbox.
    Voicemail,
    /// Access to an internet provider.
    Isp,
    /// The plan does not say; so for most premium, shared-cost and toll-free numbers.
    Unknown,
}

impl Kind {
    /// All kinds, in the order of the packed tables.
    pub const ALL: [Self; 10] = [
        Self::Mobile,
        Self::Fixed,
        Self::FixedOrMobile,
        Self::Voip,
        Self::Personal,
        Self::Pager,
        Self::Uan,
        Self::Voicemail,
        Self::Isp,
        Self::Unknown,
    ];

    /// The name that the API uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Fixed => "fixed",
            Self::FixedOrMobile => "fixed_or_mobile",
            Self::Voip => "voip",
            Self::Personal => "personal",
            Self::Pager => "pager",
            Self::Uan => "uan",
            Self::Voicemail => "voicemail",
            Self::Isp => "isp",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What reaching a number is charged as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tariff {
    /// The ordinary rate.
    Standard,
    /// The called party earns.
    Premium,
    /// Caller and called share.
    SharedCost,
    /// Free for the caller.
    TollFree,
}

impl Tariff {
    /// All tariffs, in the order of the packed tables.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Premium, Self::SharedCost, Self::TollFree];

    /// The name that the API uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Premium => "premium",
            Self::SharedCost => "shared_cost",
            Self::TollFree => "toll_free",
        }
    }
}

impl fmt::Display for Tariff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

//! The answers to the needs. Some may be missing; the judgement then says so.

use crate::limit::{LimitScope, WINDOWS};
use alloc::string::String;
use arrayvec::ArrayVec;
use cofferdam_atlas::Prefix;
use serde::{Deserialize, Serialize};

/// What is known of who asks. All times in Unix seconds; `None`: never, or not asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// When the number was last proved, by anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_proved_s: Option<u32>,
    /// When the device last proved a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_proved_s: Option<u32>,
    /// When the user last proved a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_proved_s: Option<u32>,
    /// When this device last proved this very number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_device_proved_s: Option<u32>,
    /// When this user last proved this very number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_user_proved_s: Option<u32>,
    /// The safe list's entry that matched most narrowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<Listed>,
    /// The deny list's entry that matched most narrowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny: Option<Listed>,
    /// What is known of the number's and session's last days.
    #[serde(default)]
    pub glimpse: crate::evidence::Glimpse,
    /// Standing blocks that it meets, the one that counts first.
    #[serde(default, skip_serializing_if = "ArrayVec::is_empty")]
    pub blocks: ArrayVec<crate::block::Stood, 4>,
}

/// An entry of a list that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The entry's identifier.
    pub entry: String,
    /// What kind of value it holds.
    pub kind: ListedKind,
    /// The prefix, where it is one; numbers and addresses are not repeated in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// How narrow it is within its kind: digits of a prefix, bits of a run of addresses (IPv4 counts
    /// as its mapped IPv6), 0 otherwise. The narrower entry wins.
    pub narrow: u8,
}

/// What a list entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListedKind {
    /// A whole number.
    Number,
    /// A run of numbers.
    Prefix,
    /// One address.
    Address,
    /// A run of addresses.
    Cidr,
    /// A domain of e-mail addresses.
    EmailDomain,
}

/// How much was seen in one window of one scope, this attempt included where it was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What it is about.
    pub scope: LimitScope,
    /// By window, in the order of the need: length in seconds, count.
    #[serde(with = "windows_text")]
    pub windows: [SeenWindow; WINDOWS],
}

/// One window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenWindow {
    /// Length in seconds; 0: none.
    pub window_s: u32,
    /// How many, the oldest bucket whole.
    pub seen: u32,
    /// In how many seconds the oldest counted bucket leaves the window.
    pub frees_in_s: u32,
}

/// Why answers are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// The tallies did not answer: judged from what is local, limits at their share of the nodes.
    Tallies {
        /// How many nodes share the limits.
        nodes: u32,
    },
}

/// All that an attempt is judged from, besides itself and the policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Round one.
    pub identity: Identity,
    /// Round two, in the order of the needs.
    pub seen: ArrayVec<Seen, { crate::need::RECORDS }>,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
    /// What its scopes say.
    #[serde(default)]
    pub evidence: crate::evidence::Evidenced,
}

/// Windows as `[[window_s, seen, frees_in_s], …]`, those in use: the journal has a line an attempt.
mod windows_text {
    use super::{SeenWindow, WINDOWS};
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::{SerializeSeq as _, Serializer};

    pub fn serialize<S: Serializer>(windows: &[SeenWindow; WINDOWS], to: S) -> Result<S::Ok, S::Error> {
        let used = windows.iter().rposition(|window| *window != SeenWindow::default()).map_or(0, |n| n + 1);
        let mut list = to.serialize_seq(Some(used))?;
        for window in windows.iter().take(used) {
            list.serialize_element(&[window.window_s, window.seen, window.frees_in_s])?;
        }
        list.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[SeenWindow; WINDOWS], D::Error> {
        struct Windows;
        impl<'de> Visitor<'de> for Windows {
            type Value = [SeenWindow; WINDOWS];

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a list of windows")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut windows = Self::Value::default();
                let mut places = windows.iter_mut();
                while let Some([window_s, seen, frees_in_s]) = list.next_element::<[u32; 3]>()? {
                    let place =
                        places.next().ok_or_else(|| A::Error::custom("more windows than there are"))?;
                    *place = SeenWindow { window_s, seen, frees_in_s };
                }
                Ok(windows)
            }
        }
        from.deserialize_seq(Windows)
    }
}

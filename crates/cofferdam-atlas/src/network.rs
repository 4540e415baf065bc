//! Telephone companies: to whom a run of numbers was allocated. Numbers are ported, so this is a hint and never
//! the network that a message will really reach.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

use crate::tables::networks::NETWORKS;

pub(crate) struct Record {
    pub(crate) id: u32,
    pub(crate) calling_code: u16,
    pub(crate) name: &'static str,
    pub(crate) mcc: &'static str,
    pub(crate) mnc: &'static str,
}

static NOBODY: Record = Record { id: 0, calling_code: 0, name: "", mcc: "", mnc: "" };

/// A telephone company, within one calling code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(u16);

impl Network {
    /// By its identifier.
    pub fn from_id(id: u32) -> Option<Self> {
        NETWORKS.binary_search_by_key(&id, |row| row.id).ok().map(|at| Self(at as u16))
    }

    /// From the packed tables: position plus one, 0 is none.
    pub(crate) fn from_table(entry: u16) -> Option<Self> {
        entry.checked_sub(1).filter(|at| usize::from(*at) < NETWORKS.len()).map(Self)
    }

    /// All networks, in the order of their identifiers.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..NETWORKS.len()).map(|at| Self(at as u16))
    }

    fn record(self) -> &'static Record {
        NETWORKS.get(usize::from(self.0)).unwrap_or(&NOBODY)
    }

    /// An identifier that stays the same in later editions: a hash of calling code and allocation name.
    pub fn id(self) -> u32 {
        self.record().id
    }

    /// The company's name.
    pub fn name(self) -> &'static str {
        self.record().name
    }

    /// The calling code under which the company has its numbers.
    pub fn calling_code(self) -> u16 {
        self.record().calling_code
    }

    /// Mobile country code, where it is known.
    pub fn mcc(self) -> Option<&'static str> {
        Some(self.record().mcc).filter(|code| !code.is_empty())
    }

    /// Mobile network code, where it is known.
    pub fn mnc(self) -> Option<&'static str> {
        Some(self.record().mnc).filter(|code| !code.is_empty())
    }

    /// How it is known: from allocations, not from asking the network.
    pub const fn source(self) -> &'static str {
        "allocation"
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({:08x} {})", self.id(), self.name())
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.id())
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = u32::deserialize(deserializer)?;
        Self::from_id(id).ok_or_else(|| {
            D::Error::invalid_value(Unexpected::Unsigned(id.into()), &"the identifier of a known network")
        })
    }
}

//! The safe list and the deny list as an index that is asked once an attempt.
//!
//! It finds the narrowest entry of each list; which list then wins is the judge's (`judge::standing`).
//! It holds no clear number: whole numbers stand under their keyed names, and the records keep the
//! text that an operator wrote. Built by the shell from the records, and kept up by it.

mod value;

pub use value::{ListValue, ListValueError};

use crate::key::Pseudonym;
use crate::known::{Identity, Listed, ListedKind};
use alloc::{boxed::Box, string::String};
use cofferdam_atlas::{Number, Prefix};
use core::{hash::Hash, net::IpAddr};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Never stopped by others' doings.
    Safe,
    /// Always refused.
    Deny,
}

/// What an entry of a list is matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKey {
    /// A whole number, under its keyed name in the list's realm.
    Number(Pseudonym),
    /// A run of numbers.
    Prefix(Prefix),
    /// One address or a run of them: the first, as IPv6, and how many bits of it count.
    Addresses(u128, u8),
    /// A domain, in lower case.
    EmailDomain(String),
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// Its identifier.
    pub id: String,
    /// Of which list.
    pub list: List,
    /// What it is matched by.
    pub key: ListKey,
    /// When it ends by itself, in Unix milliseconds.
    pub until_ms: Option<i64>,
}

/// The narrowest entries that matched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Of the safe list.
    pub safe: Option<Listed>,
    /// Of the deny list.
    pub deny: Option<Listed>,
}

impl Found {
    /// Puts what was found where the judge looks for it.
    pub fn put_into(self, identity: &mut Identity) {
        identity.safe = self.safe;
        identity.deny = self.deny;
    }
}

/// Both lists of one realm.
#[derive(Debug, Clone, Default)]
pub struct ListIndex {
    safe: Half,
    deny: Half,
}

impl ListIndex {
    /// The index of some entries; of two with the same value in one list the later stands.
    pub fn build(entries: impl IntoIterator<Item = ListEntry>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.insert(entry);
        }
        index
    }

    /// Adds an entry. One with the same value in the same list is replaced, and its identifier given.
    pub fn insert(&mut self, entry: ListEntry) -> Option<String> {
        self.half_mut(entry.list)
            .insert(entry.key, Standing { id: entry.id.into(), until_ms: entry.until_ms })
    }

    /// Removes the entry of a value and answers with its identifier.
    pub fn remove(&mut self, list: List, key: &ListKey) -> Option<String> {
        self.half_mut(list).remove(key)
    }

    /// How many entries stand, those that are over included until they are removed.
    pub fn len(&self) -> usize {
        self.safe.len() + self.deny.len()
    }

    /// Whether none stands.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The narrowest entry of each list that matches a number or the address it was asked from.
    pub fn find(&self, name: Pseudonym, number: Number, ip: Option<IpAddr>, at_ms: i64) -> Found {
        let of = |half: &Half| {
            let number = half.number(name, number, at_ms);
            narrower(number, ip.and_then(|ip| half.address(ip, at_ms)))
        };
        Found { safe: of(&self.safe), deny: of(&self.deny) }
    }

    /// The same for an e-mail address: its domain or any domain above it.
    pub fn find_email(&self, address: &str, ip: Option<IpAddr>, at_ms: i64) -> Found {
        let of =
            |half: &Half| narrower(half.email(address, at_ms), ip.and_then(|ip| half.address(ip, at_ms)));
        Found { safe: of(&self.safe), deny: of(&self.deny) }
    }

    fn half_mut(&mut self, list: List) -> &mut Half {
        match list {
            List::Safe => &mut self.safe,
            List::Deny => &mut self.deny,
        }
    }
}

/// One value is narrower than a run; where neither is, what says something about the destination
/// comes before what says something about the source.
fn narrower(destination: Option<Listed>, source: Option<Listed>) -> Option<Listed> {
    let one = |listed: &Listed| matches!(listed.kind, ListedKind::Number | ListedKind::Address);
    match (destination, source) {
        (Some(d), Some(s)) => Some(if one(&s) && !one(&d) { s } else { d }),
        (d, s) => d.or(s),
    }
}

#[derive(Debug, Clone)]
struct Standing {
    id: Box<str>,
    until_ms: Option<i64>,
}

type Map<K> = HashMap<K, Standing, foldhash::fast::FixedState>;

/// One list. Which lengths of prefixes and runs are in use is kept as bits, so that a look-up asks
/// only for those; a bit that nothing stands behind any more costs one look-up and no more.
#[derive(Debug, Clone, Default)]
struct Half {
    numbers: Map<Pseudonym>,
    prefixes: Map<Prefix>,
    prefix_lengths: u32,
    addresses: Map<(u128, u8)>,
    address_lengths: [u64; 3],
    domains: Map<String>,
}

impl Half {
    fn len(&self) -> usize {
        self.numbers.len() + self.prefixes.len() + self.addresses.len() + self.domains.len()
    }

    fn insert(&mut self, key: ListKey, standing: Standing) -> Option<String> {
        let before = match key {
            ListKey::Number(name) => self.numbers.insert(name, standing),
            ListKey::Prefix(prefix) => {
                self.prefix_lengths |= 1u32.checked_shl(u32::from(prefix.len())).unwrap_or(0);
                self.prefixes.insert(prefix, standing)
            }
            ListKey::Addresses(first, bits) => {
                if let Some(word) = self.address_lengths.get_mut(usize::from(bits / 64)) {
                    *word |= 1 << (bits % 64);
                }
                self.addresses.insert((first & mask(bits), bits), standing)
            }
            ListKey::EmailDomain(domain) => self.domains.insert(domain, standing),
        };
        before.map(|standing| standing.id.into())
    }

    fn remove(&mut self, key: &ListKey) -> Option<String> {
        let removed = match key {
            ListKey::Number(name) => self.numbers.remove(name),
            ListKey::Prefix(prefix) => self.prefixes.remove(prefix),
            ListKey::Addresses(first, bits) => self.addresses.remove(&(first & mask(*bits), *bits)),
            ListKey::EmailDomain(domain) => self.domains.remove(domain),
        };
        removed.map(|standing| standing.id.into())
    }

    fn number(&self, name: Pseudonym, number: Number, at_ms: i64) -> Option<Listed> {
        if let Some(standing) = live(&self.numbers, &name, at_ms) {
            return Some(listed(standing, ListedKind::Number, None, 0));
        }
        if self.prefixes.is_empty() {
            return None;
        }
        let whole = number.len();
        (1..=whole).rev().filter(|len| self.prefix_lengths & (1 << len) != 0).find_map(|len| {
            let prefix = number.prefix(whole - len);
            let standing = live(&self.prefixes, &prefix, at_ms)?;
            Some(listed(standing, ListedKind::Prefix, Some(prefix), len))
        })
    }

    fn address(&self, ip: IpAddr, at_ms: i64) -> Option<Listed> {
        if self.addresses.is_empty() {
            return None;
        }
        let ip = as_v6(ip);
        (0..=128u8).rev().filter(|bits| self.uses(*bits)).find_map(|bits| {
            let standing = live(&self.addresses, &(ip & mask(bits), bits), at_ms)?;
            Some(if bits == 128 {
                listed(standing, ListedKind::Address, None, 0)
            } else {
                listed(standing, ListedKind::Cidr, None, bits)
            })
        })
    }

    fn uses(&self, bits: u8) -> bool {
        self.address_lengths.get(usize::from(bits / 64)).is_some_and(|word| word & (1 << (bits % 64)) != 0)
    }

    fn email(&self, address: &str, at_ms: i64) -> Option<Listed> {
        if self.domains.is_empty() {
            return None;
        }
        let (_, domain) = address.rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        let mut rest = domain.as_str();
        loop {
            if let Some(standing) = live(&self.domains, rest, at_ms) {
                let labels = u8::try_from(rest.split('.').count()).unwrap_or(u8::MAX);
                return Some(listed(standing, ListedKind::EmailDomain, None, labels));
            }
            (_, rest) = rest.split_once('.')?;
        }
    }
}

fn live<'a, K, Q>(map: &'a Map<K>, key: &Q, at_ms: i64) -> Option<&'a Standing>
where
    K: Eq + Hash + core::borrow::Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    if map.is_empty() {
        return None;
    }
    map.get(key).filter(|standing| standing.until_ms.is_none_or(|until| at_ms < until))
}

fn listed(standing: &Standing, kind: ListedKind, prefix: Option<Prefix>, narrow: u8) -> Listed {
    Listed { entry: standing.id.clone().into(), kind, prefix, narrow }
}

/// An address as IPv6; an IPv4 one, mapped or not, is the mapped one.
fn as_v6(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The upper bits.
fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0)
}

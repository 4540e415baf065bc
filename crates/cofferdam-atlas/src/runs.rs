//! The tables the other way round: which numbers and addresses a country has. Made-up traffic draws from here;
//! nothing that judges does.
//!
//! It walks the same graph as `plan`, branch by branch, so what it lists is what `parse_e164` accepts. It leaves
//! out numbers that are rewritten, reserved for fiction, or priced above the ordinary.

use alloc::vec::Vec;

use crate::country::Country;
use crate::kind::{Kind, Tariff};
use crate::network::Network;
use crate::number::LONGEST;
use crate::plan::{self, Branch};
use crate::prefix::Prefix;
use crate::tables::{V4_COUNTRY, V4_HOSTING, V6_COUNTRY};

/// All numbers of one length that begin so: they are valid, and alike in all that the plans say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The leading digits.
    pub prefix: Prefix,
    /// How many digits a number has.
    pub len: u8,
    /// Who was given them.
    pub network: Option<Network>,
    /// What they reach.
    pub kind: Kind,
}

impl Run {
    /// How many numbers it has.
    pub fn numbers(&self) -> u64 {
        10_u64.pow(u32::from(self.len - self.prefix.len()))
    }

    /// The digits of the number at a place of the run, counted from 0; the last one for a place beyond.
    pub fn nth(&self, at: u64) -> u64 {
        self.prefix.digits() * self.numbers() + at.min(self.numbers() - 1)
    }
}

/// The runs of numbers in a country that a text message can reach, in the order of their digits.
pub fn mobile_runs(country: Country) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut open: Vec<(u64, u8, Branch)> = plan::roots()
        .filter(|(digits, _)| {
            country.calling_codes().iter().any(|code| {
                let len = code.checked_ilog10().map_or(1, |log| log + 1);
                digits / 10_u64.pow(4 - len) == u64::from(*code)
            })
        })
        .map(|(digits, branch)| (digits, 4, branch))
        .collect();
    open.reverse();
    while let Some((digits, held, branch)) = open.pop() {
        if usize::from(held) > LONGEST {
            continue;
        }
        if let Some(children) = branch.children() {
            let children = (0..10_u32).zip(children);
            open.extend(
                children.rev().map(|(digit, child)| (digits * 10 + u64::from(digit), held + 1, child)),
            );
            continue;
        }
        for (len, entry) in branch.ends() {
            let reachable = matches!(entry.kind, Kind::Mobile | Kind::FixedOrMobile)
                && entry.tariff == Tariff::Standard
                && entry.strictly_valid
                && !entry.fictional;
            if entry.country == Some(country) && reachable && len > held {
                let prefix = Prefix::of(digits, held);
                runs.push(Run { prefix, len, network: entry.network, kind: entry.kind });
            }
        }
    }
    runs
}

/// Runs of IPv4 addresses that were given to a country: the first, and how many.
pub fn addresses_v4(country: Country) -> impl Iterator<Item = (u32, u32)> {
    let value = country.index() + 1;
    spans_v4(V4_COUNTRY).filter(move |(_, _, held)| *held == value).map(|(first, count, _)| (first, count))
}

/// Runs of IPv4 addresses where machines live: the first, and how many.
pub fn hosting_v4() -> impl Iterator<Item = (u32, u32)> {
    spans_v4(V4_HOSTING).filter(|(_, _, held)| held & 1 != 0).map(|(first, count, _)| (first, count))
}

/// Runs of IPv6 networks of /64 that were given to a country: the first one's upper half, and how many.
pub fn networks_v6(country: Country) -> impl Iterator<Item = (u64, u64)> {
    let value = country.index() + 1;
    let starts = V6_COUNTRY.0.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let ends = starts.clone().skip(1);
    let spans = starts.zip(ends).zip(V6_COUNTRY.1);
    spans.filter(move |(_, held)| **held == value).map(|((first, end), _)| (first, end - first))
}

fn spans_v4(table: (&'static [u8], &'static [u8])) -> impl Iterator<Item = (u32, u32, u8)> {
    let starts = table.0.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    let ends = starts.clone().skip(1);
    starts.zip(ends).zip(table.1).map(|((first, end), held)| (first, end - first, *held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ip_facts, parse_e164};
    use alloc::format;
    use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    #[test]
    fn what_is_listed_is_what_is_read() {
        let mut seen = 0;
        for country in Country::all() {
            for run in mobile_runs(country).iter().step_by(7) {
                for at in [0, run.numbers() / 2, run.numbers() - 1] {
                    let found = parse_e164(&format!("+{}", run.nth(at))).unwrap();
                    assert_eq!((found.country, found.network), (Some(country), run.network));
                    assert_eq!(found.number.digits(), run.nth(at));
                    assert!(run.prefix.contains(found.number) && !found.fictional);
                    seen += 1;
                }
            }
        }
        assert!(seen > 10_000, "{seen}");
    }

    #[test]
    fn most_countries_have_numbers_and_addresses() {
        let with = |has: &dyn Fn(Country) -> bool| Country::all().filter(|country| has(*country)).count();
        assert!(with(&|country| !mobile_runs(country).is_empty()) > 220);
        assert!(with(&|country| addresses_v4(country).next().is_some()) > 220);
        assert!(with(&|country| networks_v6(country).next().is_some()) > 180);
    }

    #[test]
    fn addresses_are_where_they_are_listed() {
        let country = Country::from_iso2("PT").unwrap();
        for (first, count) in addresses_v4(country) {
            for address in [first, first + count - 1] {
                assert_eq!(ip_facts(IpAddr::V4(Ipv4Addr::from_bits(address))).country, Some(country));
            }
        }
        for (first, count) in networks_v6(country) {
            for upper in [first, first + count - 1] {
                let address = Ipv6Addr::from_bits(u128::from(upper) << 64);
                assert_eq!(ip_facts(IpAddr::V6(address)).country, Some(country));
            }
        }
        assert!(
            hosting_v4()
                .step_by(97)
                .all(|(first, _)| ip_facts(IpAddr::V4(Ipv4Addr::from_bits(first))).hosting)
        );
    }
}

//! Internet addresses of homes, telephones and machines: where the atlas says that a country has some, cut into
//! made-up networks, a part of which puts many people behind few addresses.

use crate::Dice;
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use cofferdam_atlas::{Country, addresses_v4, hosting_v4, ip_facts, networks_v6};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Slices of addresses that a network has at most.
const SLICES: u64 = 6;
/// The first number for networks of private use: no real network is blamed.
const ASN_PRIVATE: u32 = 4_200_000_000;

/// Where people and machines are online.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    countries: BTreeMap<Country, Vec<Access>>,
    machines: Vec<(u32, u32, u32)>,
}

/// One network of a country.
#[derive(Debug, Clone)]
struct Access {
    asn: u32,
    /// Its share of the country's people, summed up to here.
    share: f64,
    slices: Vec<(u32, u32)>,
    /// Upper halves: the first and how many.
    six: Vec<(u64, u64)>,
    /// The share of its people on IPv6.
    six_share: f64,
    /// Addresses that many people share, and the share of people who do.
    shared: Vec<u32>,
    shared_share: f64,
}

/// Where somebody goes online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// The address; of IPv6 only the upper half stays.
    pub ip: IpAddr,
    /// The network's number.
    pub asn: Option<u32>,
}

impl Home {
    /// The address this time: the lower half of IPv6 is drawn anew, as telephones do.
    pub fn address(&self, dice: &mut Dice) -> (String, Option<u32>) {
        let ip = match self.ip {
            IpAddr::V4(_) => self.ip,
            IpAddr::V6(six) => {
                IpAddr::V6(Ipv6Addr::from_bits((six.to_bits() >> 64 << 64) | u128::from(dice.roll())))
            }
        };
        (format!("{ip}"), self.asn)
    }
}

impl Addresses {
    /// Makes a country's networks up.
    pub(super) fn settle(&mut self, country: Country, weight: f64, dice: &mut Dice) {
        let four: Vec<(u32, u32)> = addresses_v4(country).filter(|(_, count)| *count >= 256).collect();
        let six: Vec<(u64, u64)> = networks_v6(country).filter(|(_, count)| *count >= 65_536).collect();
        let networks = 2 + dice.below(if weight > 0.01 { 6 } else { 2 });
        let six_share = if six.is_empty() || dice.chance(0.35) { 0.0 } else { dice.between(0.1, 0.6) };
        let mut made: Vec<Access> = (0..networks)
            .map(|rank| Access {
                asn: ASN_PRIVATE + u32::from(country.index()) * 32 + rank as u32,
                share: libm::pow(rank as f64 + 1.0, -0.9),
                slices: (0..=dice.below(SLICES)).filter_map(|_| slice(&four, dice)).collect(),
                six: (0..2).filter_map(|_| slice_six(&six, dice)).collect(),
                six_share: (six_share * dice.between(0.5, 1.5)).min(0.9),
                shared: Vec::new(),
                shared_share: if dice.chance(0.45) { dice.between(0.2, 0.85) } else { 0.03 },
            })
            .collect();
        let whole: f64 = made.iter().map(|access| access.share).sum();
        let mut sum = 0.0;
        for access in &mut made {
            sum += access.share / whole;
            access.share = sum;
            // A gateway serves from some dozens to thousands of people.
            let gateways = 4 + dice.below(40) + (weight * 400.0) as u64;
            access.shared = (0..gateways).filter_map(|_| access.one(dice)).collect();
        }
        self.countries.insert(country, made);
    }

    /// Picks the data centres.
    pub(super) fn machines(&mut self, dice: &mut Dice) {
        let all: Vec<(u32, u32)> = hosting_v4().filter(|(_, count)| *count >= 64).collect();
        let picked = (0..48_u32).filter_map(|at| {
            let (first, count) = dice.pick(&all)?;
            Some((*first, *count, ASN_PRIVATE + 20_000 + at / 3))
        });
        self.machines = picked.collect();
    }

    pub(super) fn home_in(&self, country: Country, dice: &mut Dice) -> Home {
        let networks = self.countries.get(&country).map_or(&[][..], Vec::as_slice);
        let drawn = dice.unit();
        let Some(access) = networks.iter().find(|access| drawn < access.share).or(networks.first()) else {
            // A country without people of its own: somebody from anywhere.
            let any = self.countries.keys().copied().nth(dice.below(self.countries.len() as u64) as usize);
            return match any {
                Some(any) if any != country => self.home_in(any, dice),
                _ => Home { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), asn: None },
            };
        };
        let asn = Some(access.asn);
        if dice.chance(access.six_share)
            && let Some((first, count)) = dice.pick(&access.six)
        {
            let upper = first + dice.below(*count);
            return Home { ip: IpAddr::V6(Ipv6Addr::from_bits(u128::from(upper) << 64)), asn };
        }
        let shared = dice.chance(access.shared_share).then(|| dice.pick(&access.shared).copied()).flatten();
        let four = shared.or_else(|| access.one(dice)).unwrap_or_default();
        Home { ip: IpAddr::V4(Ipv4Addr::from_bits(four)), asn }
    }

    pub(super) fn hosting(&self, dice: &mut Dice) -> (String, Option<u32>) {
        let Some((first, count, asn)) = dice.pick(&self.machines).copied() else {
            return (String::new(), None);
        };
        let ip = Ipv4Addr::from_bits(first + dice.below(u64::from(count)) as u32);
        (format!("{ip}"), Some(asn))
    }
}

impl Access {
    fn one(&self, dice: &mut Dice) -> Option<u32> {
        let (first, count) = dice.pick(&self.slices)?;
        Some(first + dice.below(u64::from(*count)) as u32)
    }
}

/// Up to 4,096 addresses of homes, no machines among the first and last.
fn slice(of: &[(u32, u32)], dice: &mut Dice) -> Option<(u32, u32)> {
    for _ in 0..16 {
        let (first, count) = dice.pick(of).copied()?;
        let size = count.min(1 << (8 + dice.below(5)));
        let start = first + dice.below(u64::from(count / size)) as u32 * size;
        let machine = |at: u32| ip_facts(IpAddr::V4(Ipv4Addr::from_bits(at))).hosting;
        if !(machine(start) || machine(start + size - 1) || machine(start + size / 2)) {
            return Some((start, size));
        }
    }
    None
}

/// 65,536 homes of a /64 each.
fn slice_six(of: &[(u64, u64)], dice: &mut Dice) -> Option<(u64, u64)> {
    let (first, count) = dice.pick(of).copied()?;
    Some((first + dice.below(count / 65_536) * 65_536, 65_536))
}

//! Internet addresses: the country that an address was allocated to, and whether machines live there. Built
//! from registries' delegations and a public list; a fallback for installations without better data. It does
//! not know where a person is.

use core::net::IpAddr;

use crate::country::Country;
use crate::tables::{V4_COUNTRY, V4_HOSTING, V6_COUNTRY, V6_HOSTING};

const HOSTING: u8 = 1;
const VPN: u8 = 2;

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IpFacts {
    /// The country of the allocation.
    pub country: Option<Country>,
    /// A data centre: addresses that no person has.
    pub hosting: bool,
    /// A known exit of a private network that people hide behind.
    pub vpn: bool,
}

/// Looks an address up; an IPv4 address that is written as IPv6 is what it is.
pub fn ip_facts(address: IpAddr) -> IpFacts {
    let (country, flags) = match address.to_canonical() {
        IpAddr::V4(four) => (value_v4(V4_COUNTRY, four.to_bits()), value_v4(V4_HOSTING, four.to_bits())),
        IpAddr::V6(six) => {
            // No row of the tables is narrower than /64.
            let half = (six.to_bits() >> 64) as u64;
            (value_v6(V6_COUNTRY, half), value_v6(V6_HOSTING, half))
        }
    };
    IpFacts { country: Country::from_table(country), hosting: flags & HOSTING != 0, vpn: flags & VPN != 0 }
}

fn value_v4(table: (&[u8], &[u8]), key: u32) -> u8 {
    let start = |at: usize| {
        let bytes = table.0.get(at * 4..at * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(u32::MAX, u32::from_le_bytes)
    };
    find(table.1, |at| start(at) <= key)
}

fn value_v6(table: (&[u8], &[u8]), key: u64) -> u8 {
    let start = |at: usize| {
        let bytes = table.0.get(at * 8..at * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(u64::MAX, u64::from_le_bytes)
    };
    find(table.1, |at| start(at) <= key)
}

/// The value of the last start that is not after the key.
fn find(values: &[u8], begins: impl Fn(usize) -> bool) -> u8 {
    let (mut low, mut high) = (0, values.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if begins(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low.checked_sub(1).and_then(|at| values.get(at)).copied().unwrap_or(0)
}

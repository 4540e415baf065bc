//! Internet addresses: the country that an address was allocated to, and whether machines live there. Built
//! from registries' delegations and a public list; a fallback for installations without better data. It does
//! not know where a person is.

use core::net::IpAddr;
use core::ops::Range;

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

/// Every so many starts of IPv4 one is a signpost: they are few enough to stay near the processor, and
/// what lies between two of them is a few lines of memory. A search through all would wait for far memory
/// at nearly every step.
const STEP: usize = 64;

static COUNTRY_SIGNPOSTS: [u32; signposts_of(V4_COUNTRY.0)] = signposts(V4_COUNTRY.0);
static HOSTING_SIGNPOSTS: [u32; signposts_of(V4_HOSTING.0)] = signposts(V4_HOSTING.0);

const fn signposts_of(starts: &[u8]) -> usize {
    (starts.len() / 4).div_ceil(STEP)
}

#[expect(clippy::indexing_slicing, reason = "it runs while this is compiled, and fails there if at all")]
const fn signposts<const N: usize>(starts: &[u8]) -> [u32; N] {
    let (mut posts, mut n) = ([0; N], 0);
    while n < N {
        let at = n * STEP * 4;
        posts[n] = u32::from_le_bytes([starts[at], starts[at + 1], starts[at + 2], starts[at + 3]]);
        n += 1;
    }
    posts
}

/// Looks an address up; an IPv4 address that is written as IPv6 is what it is.
pub fn ip_facts(address: IpAddr) -> IpFacts {
    let (country, flags) = match address.to_canonical() {
        IpAddr::V4(four) => {
            let key = four.to_bits();
            (value_v4(V4_COUNTRY, &COUNTRY_SIGNPOSTS, key), value_v4(V4_HOSTING, &HOSTING_SIGNPOSTS, key))
        }
        IpAddr::V6(six) => {
            // No row of the tables is narrower than /64.
            let half = (six.to_bits() >> 64) as u64;
            (value_v6(V6_COUNTRY, half), value_v6(V6_HOSTING, half))
        }
    };
    IpFacts { country: Country::from_table(country), hosting: flags & HOSTING != 0, vpn: flags & VPN != 0 }
}

fn value_v4(table: (&[u8], &[u8]), signposts: &[u32], key: u32) -> u8 {
    let start = |at: usize| {
        let bytes = table.0.get(at * 4..at * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(u32::MAX, u32::from_le_bytes)
    };
    let Some(post) = signposts.partition_point(|post| *post <= key).checked_sub(1) else { return 0 };
    find(table.1, post * STEP..(post * STEP + STEP).min(table.1.len()), |at| start(at) <= key)
}

fn value_v6(table: (&[u8], &[u8]), key: u64) -> u8 {
    let start = |at: usize| {
        let bytes = table.0.get(at * 8..at * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(u64::MAX, u64::from_le_bytes)
    };
    find(table.1, 0..table.1.len(), |at| start(at) <= key)
}

/// The value of the last start that is not after the key, which lies among these.
fn find(values: &[u8], among: Range<usize>, begins: impl Fn(usize) -> bool) -> u8 {
    let (mut low, mut high) = (among.start, among.end);
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

//! Internet addresses: sorted starts and what holds from there to the next start.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::csv::{field, rows};
use super::pack::Bytes;
use super::places::Places;
use super::{Files, Sources};

const HOSTING: u8 = 1;
const VPN: u8 = 2;

pub(crate) fn write(sources: &Sources, countries: &Places, files: &mut Files) -> Result<(), String> {
    let text = sources.text("ip-country-v4.csv.gz")?;
    let mut spans = Vec::new();
    for row in rows(&text) {
        let (start, end): (Ipv4Addr, Ipv4Addr) = (read(field(&row, 0))?, read(field(&row, 1))?);
        spans.push((u64::from(start.to_bits()), u64::from(end.to_bits()), countries.country(field(&row, 2))));
    }
    put(files, "v4-country", &merge(&spans, false), true);
    let text = sources.text("ip-country-v6.csv.gz")?;
    let mut spans = Vec::new();
    for row in rows(&text) {
        let (start, end): (Ipv6Addr, Ipv6Addr) = (read(field(&row, 0))?, read(field(&row, 1))?);
        let half = |address: Ipv6Addr| (address.to_bits() >> 64) as u64;
        spans.push((half(start), half(end), countries.country(field(&row, 2))));
    }
    put(files, "v6-country", &merge(&spans, false), false);
    let text = sources.text("ip-hosting.csv.gz")?;
    let (mut four, mut six) = (Vec::new(), Vec::new());
    for row in rows(&text) {
        let flag = if field(&row, 0) == "vpn" { VPN } else { HOSTING };
        let (address, bits) = field(&row, 1).split_once('/').unwrap_or((field(&row, 1), "128"));
        let bits: u32 = bits.parse().map_err(|_| format!("cannot read {row:?}"))?;
        if address.contains(':') {
            let start: Ipv6Addr = read(address)?;
            let start = (start.to_bits() >> 64) as u64;
            let size = 1_u64.checked_shl(64 - bits.min(64)).map_or(u64::MAX, |size| size - 1);
            six.push((start, start + size, flag));
        } else {
            let start: Ipv4Addr = read(address)?;
            let start = u64::from(start.to_bits());
            four.push((start, start + (1_u64 << (32 - bits.min(32))) - 1, flag));
        }
    }
    put(files, "v4-hosting", &merge(&four, true), true);
    put(files, "v6-hosting", &merge(&six, true), false);
    Ok(())
}

fn read<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("cannot read the address `{text}`"))
}

/// Closed spans to starts: a later span wins over an earlier one, or their bits add up.
fn merge(spans: &[(u64, u64, u8)], add: bool) -> Vec<(u64, u8)> {
    let mut edges: BTreeMap<u64, Vec<(bool, u8)>> = BTreeMap::new();
    for (start, end, value) in spans {
        edges.entry(*start).or_default().push((true, *value));
        if let Some(after) = end.checked_add(1) {
            edges.entry(after).or_default().push((false, *value));
        }
    }
    let mut open: BTreeMap<u8, u32> = BTreeMap::new();
    let mut found: Vec<(u64, u8)> = vec![(0, 0)];
    for (at, changes) in edges {
        for (begins, value) in changes {
            let count = open.entry(value).or_default();
            *count = if begins { *count + 1 } else { count.saturating_sub(1) };
        }
        let live = open.iter().filter(|(_, count)| **count > 0).map(|(value, _)| *value);
        let value = if add { live.fold(0, |all, bit| all | bit) } else { live.max().unwrap_or(0) };
        if found.last().is_none_or(|(_, last)| *last != value) {
            if found.last().is_some_and(|(start, _)| *start == at) {
                found.pop();
            }
            found.push((at, value));
        }
    }
    found
}

fn put(files: &mut Files, name: &str, starts: &[(u64, u8)], four: bool) {
    let mut keys = Bytes::default();
    let mut values = Bytes::default();
    for (start, value) in starts {
        if four {
            keys.u32(*start as u32);
        } else {
            keys.u64(*start);
        }
        values.u8(*value);
    }
    files.insert(format!("{name}-starts.bin"), keys.0);
    files.insert(format!("{name}-values.bin"), values.0);
}

//! The packed tables against the data sets that they were made from, row by row, by the plainest reading.

#![expect(clippy::unwrap_used, reason = "a test stops where its data is not as it should be")]

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cofferdam_atlas::{Country, Network, ip_facts, parse, reference_price_micros};

fn text(name: &str) -> String {
    let bytes = fs::read(format!("{}/../../data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

/// Rows of files in which no field that is read stands behind a quoted one.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn listed(lengths: &str, length: usize) -> bool {
    lengths.split('/').any(|part| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        (low.parse().unwrap()..=high.parse().unwrap()).contains(&length)
    })
}

#[test]
fn a_valid_number_belongs_to_the_network_of_its_longest_range() {
    let text = text("number-ranges.csv.gz");
    let mut ranges: HashMap<(&str, &str), Vec<(&str, &str)>> = HashMap::new();
    for row in rows(&text) {
        ranges.entry((row[0], row[1])).or_default().push((row[2], row[5]));
    }
    // The identifier of a network is a promise to records: FNV-1a of the calling code and the source's own name.
    let hash = |code: &str, operator: &str| {
        let text = format!("{code}:{operator}");
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    let (mut valid, mut known) = (0, 0);
    for row in rows(&text) {
        let (code, prefix) = (row[0], row[1]);
        let first = row[2].split(['/', '-']).next().unwrap();
        let length: usize = first.parse().unwrap();
        let national = format!("{prefix}{}", "4720913586".repeat(2));
        let national = &national[..length.max(prefix.len())];
        let number = format!("+{code}{national}");
        let Ok(found) = parse(&number, None) else { continue };
        if found.number.to_string() != number || !found.strictly_valid {
            continue;
        }
        valid += 1;
        let expected = (0..=national.len()).rev().find_map(|end| {
            let ranges = ranges.get(&(code, &national[..end]))?;
            ranges
                .iter()
                .rev()
                .find(|(lengths, _)| listed(lengths, national.len()))
                .map(|(_, operator)| *operator)
        });
        let unnamed = ["", "__unknown", "__unkown", "__operator", "__mobile"];
        let expected =
            expected.filter(|operator| !unnamed.contains(operator)).map(|operator| hash(code, operator));
        assert_eq!(found.network.map(Network::id), expected, "{number}");
        known += i32::from(expected.is_some());
    }
    assert!(valid > 150_000 && known > 40_000, "{valid} valid, {known} of a known network");
}

#[test]
fn every_reserved_range_is_known_from_end_to_end() {
    let text = text("test-number-ranges.csv");
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        // The sixth field from the left, but a quoted kind before it may hold a comma.
        let strict = [",1,F", ",1,M", ",1,T", ",1,P", ",1,U"].iter().any(|mark| line.contains(mark));
        for number in [fields[1], fields[2]] {
            let found = parse(number, None).unwrap();
            assert!(found.fictional, "{number}");
            assert_eq!(found.strictly_valid, strict, "{number}");
            assert_eq!(found.number.to_string(), number);
            assert_eq!(found.country.map(Country::iso2), Some(fields[0]), "{number}");
        }
        let before: u64 = fields[1][1..].parse::<u64>().unwrap() - 1;
        let outside = parse(&format!("+{before}"), None).is_ok_and(|found| found.fictional);
        let joined = text.contains(&format!(",+{before},"));
        assert_eq!(outside, joined, "{before}");
    }
}

#[test]
fn addresses_have_the_country_of_their_allocation() {
    let mut rows_seen = 0;
    for row in rows(&text("ip-country-v4.csv.gz")) {
        let ends: [Ipv4Addr; 2] = [row[0].parse().unwrap(), row[1].parse().unwrap()];
        let middle = Ipv4Addr::from_bits(ends[0].to_bits() / 2 + ends[1].to_bits() / 2);
        for address in [ends[0], ends[1], middle.max(ends[0])] {
            let found = ip_facts(IpAddr::V4(address)).country;
            assert_eq!(found.map(Country::iso2), Some(row[2]), "{address}");
            assert_eq!(ip_facts(IpAddr::V6(address.to_ipv6_mapped())).country, found);
        }
        rows_seen += 1;
    }
    for row in rows(&text("ip-country-v6.csv.gz")) {
        let ends: [Ipv6Addr; 2] = [row[0].parse().unwrap(), row[1].parse().unwrap()];
        for address in ends {
            let found = ip_facts(IpAddr::V6(address)).country;
            assert_eq!(found.map(Country::iso2), Some(row[2]), "{address}");
        }
        rows_seen += 1;
    }
    assert!(rows_seen > 200_000);
}

#[test]
fn data_centres_and_exits_are_flagged_and_private_addresses_are_not() {
    for row in rows(&text("ip-hosting.csv.gz")) {
        let (address, bits) = row[1].split_once('/').unwrap();
        let bits: u32 = bits.parse().unwrap();
        let start: IpAddr = address.parse().unwrap();
        let end = match start {
            IpAddr::V4(four) => IpAddr::V4((four.to_bits() | u32::MAX.checked_shr(bits).unwrap_or(0)).into()),
            IpAddr::V6(six) => IpAddr::V6((six.to_bits() | u128::MAX.checked_shr(bits).unwrap_or(0)).into()),
        };
        for address in [start, end] {
            let found = ip_facts(address);
            assert!(if row[0] == "vpn" { found.vpn } else { found.hosting }, "{address} {row:?}");
        }
    }
    for private in
        ["10.0.0.1", "192.168.1.1", "127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "fe80::1", "::"]
    {
        let found = ip_facts(private.parse().unwrap());
        assert_eq!(found, cofferdam_atlas::IpFacts::default(), "{private}");
    }
}

#[test]
fn example_prices_are_those_of_the_list() {
    let price = |number| reference_price_micros(parse(number, None).unwrap());
    assert_eq!(price("+12125550100"), Some(10_000));
    assert_eq!(price("+33199001234"), Some(70_000));
    assert_eq!(price("+80012345678"), None);
}

//! Values as operators write them, and what they match.

use cofferdam_atlas::{Destination, parse_e164};
use cofferdam_engine::attempt::number_name;
use cofferdam_engine::key::{Keyer, Realm};
use cofferdam_engine::known::ListedKind;
use cofferdam_engine::list::{Found, List, ListEntry, ListIndex, ListValue};

const REALM: Realm = Realm(9);

fn keyer() -> Keyer {
    Keyer::new([3; 16])
}

fn entry(id: &str, list: List, value: &str, until_ms: Option<i64>) -> ListEntry {
    let value = ListValue::parse(value, None).unwrap_or_else(|why| panic!("{value}: {why}"));
    ListEntry { id: id.into(), list, key: value.key(&keyer(), REALM), until_ms }
}

fn to(number: &str) -> Destination {
    parse_e164(number).unwrap_or_else(|why| panic!("{number}: {why}"))
}

fn find(index: &ListIndex, number: &str, ip: Option<&str>, at_ms: i64) -> Found {
    let to = to(number);
    let ip = ip.map(|ip| ip.parse().expect("an address"));
    index.find(number_name(&keyer(), REALM, &to), to.number, ip, at_ms)
}

#[test]
fn values_have_one_normal_form() {
    for (written, normal) in [
        ("+1 212-555-0123", "+12125550123"),
        (" +1415555* ", "+1415555*"),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("@Example.COM", "example.com"),
    ] {
        let value = ListValue::parse(written, None).unwrap_or_else(|why| panic!("{written}: {why}"));
        assert_eq!(value.to_string(), normal, "{written}");
    }
    let national = ListValue::parse("020 7946 0018", Some(crate::make::country("GB"))).expect("a number");
    assert_eq!(national.to_string(), "+442079460018");
}

#[test]
fn errors_say_what_to_write() {
    for (written, error) in [
        ("", "a value has 1 to 255 characters"),
        ("1415*", "`1415*` is not a prefix: write `+`, the digits and `*`, as in `+1415555*`"),
        ("192.0.2.1/24", "`192.0.2.1/24` has bits beyond its length: write `192.0.2.0/24`"),
        ("0.0.0.0/0", "`0` is not a length: from 8 to 32 for IPv4, from 16 to 128 for IPv6"),
        ("192.0.2.0/+24", "`+24` is not a length: from 8 to 32 for IPv4, from 16 to 128 for IPv6"),
        ("2001:db8::zz", "`2001:db8::zz` is not an address"),
        ("exa mple.com", "`exa mple.com` is not a domain"),
    ] {
        assert_eq!(ListValue::parse(written, None).expect_err(written).to_string(), error);
    }
    assert!(
        ListValue::parse("12345", None)
            .expect_err("national")
            .to_string()
            .starts_with("`12345` is not a number: ")
    );
    assert!(ListValue::parse(&"9".repeat(1_000_000), None).is_err());
}

#[test]
fn the_narrowest_entry_is_found_in_each_list() {
    let index = ListIndex::build([
        entry("wide", List::Deny, "+1*", None),
        entry("run", List::Deny, "+1212555*", None),
        entry("one", List::Safe, "+12125550123", None),
        entry("net", List::Deny, "198.51.100.0/24", None),
        entry("host", List::Deny, "198.51.100.9", None),
        entry("six", List::Safe, "2001:db8::/32", None),
    ]);
    assert_eq!(index.len(), 6);
    let found = find(&index, "+12125550123", None, 0);
    assert_eq!(found.safe.as_ref().map(|l| (l.entry.as_str(), l.kind)), Some(("one", ListedKind::Number)));
    assert_eq!(found.deny.as_ref().map(|l| (l.entry.as_str(), l.narrow)), Some(("run", 7)));
    assert_eq!(found.deny.and_then(|l| l.prefix).map(|p| p.to_string()), Some("+1212555".into()));
    let entry_of = |found: Found| (found.safe.map(|l| l.entry), found.deny.map(|l| l.entry));
    let gb = "+447700900123";
    assert_eq!(entry_of(find(&index, gb, None, 0)), (None, None));
    assert_eq!(entry_of(find(&index, gb, Some("198.51.100.9"), 0)), (None, Some("host".into())));
    assert_eq!(entry_of(find(&index, gb, Some("::ffff:198.51.100.8"), 0)), (None, Some("net".into())));
    assert_eq!(entry_of(find(&index, gb, Some("2001:db8:1::1"), 0)), (Some("six".into()), None));
    assert_eq!(entry_of(find(&index, "+12135550123", Some("198.51.100.9"), 0)), (None, Some("host".into())));
    assert_eq!(entry_of(find(&index, "+12135550123", Some("198.51.100.8"), 0)), (None, Some("wide".into())));
}

#[test]
fn entries_end_by_themselves_and_can_be_taken_out() {
    let mut index = ListIndex::build([
        entry("a", List::Deny, "+1212555*", Some(1000)),
        entry("b", List::Deny, "+1212*", None),
    ]);
    let deny = |index: &ListIndex, at_ms| find(index, "+12125550123", None, at_ms).deny.map(|l| l.entry);
    assert_eq!(deny(&index, 999), Some("a".into()));
    assert_eq!(deny(&index, 1000), Some("b".into()), "the wider one stands behind it");
    let again = entry("c", List::Deny, "+1212555*", None);
    assert_eq!(index.insert(again.clone()), Some("a".into()));
    assert_eq!(deny(&index, 1000), Some("c".into()));
    assert_eq!(index.remove(List::Safe, &again.key), None);
    assert_eq!(index.remove(List::Deny, &again.key), Some("c".into()));
    assert_eq!(deny(&index, 0), Some("b".into()));
}

#[test]
fn domains_match_themselves_and_what_is_below() {
    let index = ListIndex::build([
        entry("d", List::Deny, "example.com", None),
        entry("s", List::Safe, "good.example.com", None),
    ]);
    let found = |address: &str| {
        let found = index.find_email(address, None, 0);
        (found.safe.map(|l| l.entry), found.deny.map(|l| l.entry))
    };
    assert_eq!(found("a@Example.com"), (None, Some("d".into())));
    assert_eq!(found("a@x.good.example.com"), (Some("s".into()), Some("d".into())));
    assert_eq!(found("a@badexample.com"), (None, None));
    assert_eq!(found("no address"), (None, None));
}

#[test]
fn another_realms_number_is_not_matched() {
    let index = ListIndex::build([entry("a", List::Deny, "+12125550123", None)]);
    let to = to("+12125550123");
    let other = index.find(number_name(&keyer(), Realm(10), &to), to.number, None, 0);
    assert_eq!(other, Found::default());
}

#[test]
fn a_hundred_thousand_entries_are_read_and_kept() {
    let mut index = ListIndex::default();
    for n in 0..100_000u32 {
        let value = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        index.insert(entry("x", List::Deny, &value, None));
    }
    assert_eq!(index.len(), 100_000);
    assert!(find(&index, "+447700900123", Some("10.1.2.3"), 0).deny.is_some());
    assert!(find(&index, "+447700900123", Some("10.2.2.3"), 0).deny.is_none());
}

//! What was asked, under keyed names.

use cofferdam_atlas::{IpFacts, parse_e164};
use cofferdam_engine::key::{Keyer, Realm};
use cofferdam_engine::{Asked, Attempt, Channel};

fn asked(number: &str, ip: &str, realm: u64) -> Attempt {
    let to = parse_e164(number).expect("a number");
    let asked = Asked {
        at_ms: 1_795_261_200_000,
        dice: 1,
        realm: Realm(realm),
        commons: Realm(77),
        profile: "prf_default",
        channel: Channel::Sms,
        destination: &to,
        price_micros: None,
        ip: Some(ip.parse().expect("an address")),
        ip_facts: IpFacts::default(),
        asn: None,
        ip_country: None,
        device_id: Some("a device"),
        session_id: None,
        user_id: Some("a device"),
        user_agent: None,
    };
    Attempt::of(&asked, &Keyer::new([5; 16]))
}

const NUMBER: &str = "+447700900123";

#[test]
fn one_address_has_one_name_however_it_is_written() {
    let name = |ip: &str| asked(NUMBER, ip, 1).source.address;
    assert_eq!(name("192.0.2.1"), name("::ffff:192.0.2.1"));
    assert_ne!(name("192.0.2.1"), name("192.0.2.2"));
    assert_eq!(
        name("2001:db8::1"),
        name("2001:db8:0:0:ffff::9"),
        "a household changes the lower half at will"
    );
    assert_ne!(name("2001:db8::1"), name("2001:db8:0:1::1"));
    let near = |ip: &str| asked(NUMBER, ip, 1).source.neighbourhood;
    assert_eq!(near("192.0.2.1"), near("192.0.2.200"));
    assert_eq!(near("2001:db8:0:1::1"), near("2001:db8:0:ffff::1"));
    assert_ne!(near("2001:db8:1::1"), near("2001:db8:2::1"));
}

#[test]
fn places_are_shared_and_people_are_a_tenants_own() {
    let (one, other) = (asked(NUMBER, "192.0.2.1", 1), asked(NUMBER, "192.0.2.1", 2));
    assert_eq!(one.place.prefixes, other.place.prefixes);
    assert_eq!(one.source.address, other.source.address);
    assert_ne!(one.place.number, other.place.number);
    assert_ne!(one.source.device, other.source.device);
    assert_ne!(one.source.device, one.source.user, "a purpose shares no names with another");
}

#[test]
fn an_attempt_holds_no_number_address_or_name_in_clear() {
    let text = serde_json::to_string(&asked(NUMBER, "192.0.2.1", 1)).expect("written");
    for clear in ["447700900123", "7700900123", "192.0.2", "a device", "prf_default"] {
        assert!(!text.contains(clear), "{clear} in {text}");
    }
    assert!(text.contains("+44770090"), "the prefix is what people are shown");
}

//! Recipes do what was published, to the figure.

extern crate std;

use super::*;
use crate::dice::Dice;
use crate::places::Density;
use crate::stream::{AttemptEvent, Became};
use alloc::string::String;
use cofferdam_atlas::{Country, mobile_runs};
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::CheckResult;
use std::format;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const OK: Became = Became::Check(CheckResult::Ok);

/// An attempt with nothing but a number, from an address, device and session of its own.
fn ask(id: u32, phone: &str) -> AttemptEvent {
    AttemptEvent {
        id: format!("a{id}"),
        at_ms: 0,
        phone: phone.into(),
        channel: Channel::Sms,
        price_micros: None,
        ip: Some(format!("2001:db8:0:{id:x}::1")),
        asn: None,
        ip_country: None,
        device_id: Some(format!("d{id}")),
        session_id: Some(format!("s{id}")),
        user_id: None,
        user_agent: None,
        profile: None,
    }
}

/// A British number of films, each far from the next.
fn british(at: u32) -> String {
    format!("+447700900{:03}", at * 37 % 1000)
}

/// An American one.
fn american(at: u32) -> String {
    format!("+121255501{:02}", at % 100)
}

fn decide(judge: &mut dyn Judge, id: u32, phone: &str, at_ms: i64) -> Decision {
    judge.decide(&ask(id, phone), at_ms).decision
}

#[test]
fn the_table_makes_judges_that_refuse_what_is_no_number() {
    let places = Places::of(Density::Thin, &mut Dice::new(1));
    for recipe in &RECIPES {
        let mut judge = Recipe::named(recipe.name).unwrap().judge(&places);
        let decided = judge.decide(&ask(1, "+000"), 0);
        assert_eq!(decided.decision, Decision::Block, "{}", recipe.name);
        assert_eq!(decided.reasons, ["number.invalid"]);
        assert!(decided.score.is_none());
    }
}

#[test]
fn limits_let_three_in_ten_minutes_and_five_in_an_hour_pass() {
    let mut judge = Limits::new();
    let phone = british(1);
    let asked = [0, 1, 2, 3, 11, 12, 13, 59, 61];
    let passed: Vec<bool> = asked
        .iter()
        .enumerate()
        .map(|(id, at)| decide(&mut judge, id as u32, &phone, at * MINUTE) == Decision::Allow)
        .collect();
    // The fourth is too soon, after ten minutes there is room for two until the hour is full.
    assert_eq!(passed, [true, true, true, false, true, true, false, false, true]);
}

/// Makes attempts share something.
type Same = fn(&mut AttemptEvent);

#[test]
fn limits_let_ten_an_hour_pass_from_an_address_and_five_from_a_device_or_session() {
    let cases: [(Same, u32, &str); 3] = [
        (|attempt| attempt.ip = Some("192.0.2.7".into()), 10, "ip.limit"),
        (|attempt| attempt.device_id = Some("one".into()), 5, "device.limit"),
        (|attempt| attempt.session_id = Some("one".into()), 5, "session.limit"),
    ];
    for (same, most, reason) in cases {
        let mut judge = Limits::new();
        for at in 0..most + 3 {
            let mut attempt = ask(at, &british(at));
            same(&mut attempt);
            let decided = judge.decide(&attempt, i64::from(at) * MINUTE);
            assert_eq!(decided.decision == Decision::Allow, at < most, "{reason} {at}");
            assert!(at < most || decided.reasons == [reason]);
        }
        let mut later = ask(99, &british(99));
        same(&mut later);
        assert_eq!(judge.decide(&later, 2 * HOUR).decision, Decision::Allow);
    }
}

#[test]
fn windows_and_messages_are_bounded() {
    let mut windows = windows::Windows::new(3, HOUR);
    for at in 0..250_000_i64 {
        windows.take(&format!("{at}"), at);
        assert!(windows.len() <= 100_001);
    }
    assert!(!(0..3).all(|_| windows.take("249999", 250_000)), "the newest are still counted");
}

#[test]
fn fifteen_markets_and_no_other() {
    let places = Places::of(Density::Thin, &mut Dice::new(2));
    let mut judge = Markets::largest(&places);
    let mut dice = Dice::new(3);
    let mut passed: Vec<Country> = Vec::new();
    for (at, net) in places.nets.iter().enumerate() {
        let run = places.run_in(at, 3, &mut dice);
        let allowed = decide(&mut judge, 1, &run.nth(0), 0) == Decision::Allow;
        if allowed && !passed.contains(&net.country) {
            passed.push(net.country);
        }
    }
    assert_eq!(passed.len(), 15);
    let largest = places.countries()[0];
    assert!(passed.contains(&largest));
    let mut named = Markets::of(vec![Country::from_iso2("GB").unwrap()]);
    assert_eq!(decide(&mut named, 1, &british(1), 0), Decision::Allow);
    assert_eq!(decide(&mut named, 2, &american(1), 0), Decision::Block);
}

#[test]
fn telnyx_sees_five_numbers_three_apart_and_not_four_apart() {
    for (gap, seen) in [(1, true), (3, true), (4, false)] {
        let mut judge = Telnyx::guide();
        let mut last = Decision::Allow;
        for at in 0..5_u32 {
            let phone = format!("+447700900{:03}", 100 + at * gap);
            assert_eq!(last, Decision::Allow);
            last = decide(&mut judge, at, &phone, i64::from(at) * 1000);
        }
        assert_eq!(last == Decision::Block, seen, "{gap}");
        // An hour later nothing of it is recent.
        assert_eq!(decide(&mut judge, 9, "+447700900100", 2 * HOUR), Decision::Allow);
    }
}

#[test]
fn telnyx_order_of_numbers_does_not_matter_and_others_pass_meanwhile() {
    let mut judge = Telnyx::guide();
    for (id, last) in [(0, 104), (1, 100), (2, 102), (3, 106)] {
        assert_eq!(decide(&mut judge, id, &format!("+447700900{last}"), 0), Decision::Allow);
    }
    assert_eq!(decide(&mut judge, 4, "+447700900103", 1), Decision::Block);
    assert_eq!(decide(&mut judge, 5, "+447700900500", 2), Decision::Allow);
}

#[test]
fn telnyx_takes_a_country_off_the_list_and_brings_it_back_by_degrees() {
    let mut judge = Telnyx::guide();
    for at in 0..12_u32 {
        assert_eq!(decide(&mut judge, at, &british(at), i64::from(at) * 1000), Decision::Allow);
    }
    let off = 6 * MINUTE;
    assert_eq!(decide(&mut judge, 20, &british(20), off), Decision::Block);
    assert_eq!(decide(&mut judge, 21, &american(1), off), Decision::Allow);
    assert_eq!(decide(&mut judge, 22, &british(22), off + HOUR), Decision::Challenge);
    assert_eq!(decide(&mut judge, 23, &british(23), off + 2 * HOUR), Decision::Allow);
}

#[test]
fn telnyx_leaves_a_country_alone_of_which_a_fifth_converts() {
    for (converted, off) in [(2, false), (1, true)] {
        let mut judge = Telnyx::guide();
        for at in 0..10_u32 {
            decide(&mut judge, at, &british(at), i64::from(at) * 1000);
        }
        (0..converted).for_each(|at| judge.learn(&format!("a{at}"), OK, MINUTE));
        assert_eq!(decide(&mut judge, 20, &british(20), 6 * MINUTE) == Decision::Block, off, "{converted}");
    }
}

#[test]
fn telnyx_challenges_its_eleven_countries_and_counts_only_what_was_sent() {
    for iso2 in ["SL", "CI", "GH", "NG", "ZM", "UG", "BD", "KH", "LA", "MV", "GY"] {
        let runs = mobile_runs(Country::from_iso2(iso2).unwrap());
        let run = runs.iter().max_by_key(|run| run.numbers()).unwrap();
        let mut judge = Telnyx::guide();
        for at in 0..12_u32 {
            let phone = format!("+{}", run.nth(u64::from(at) * 101));
            assert_eq!(decide(&mut judge, at, &phone, i64::from(at)), Decision::Challenge, "{iso2}");
        }
        let phone = format!("+{}", run.nth(9000));
        assert_eq!(decide(&mut judge, 20, &phone, 6 * MINUTE), Decision::Challenge, "none was sent");
        let passed = Became::Challenge { passed: true };
        (0..12).for_each(|at| judge.learn(&format!("a{at}"), passed, 7 * MINUTE));
        assert_eq!(decide(&mut judge, 21, &phone, 11 * MINUTE), Decision::Block, "{iso2}");
    }
}

#[test]
fn telnyx_breaker_trips_at_five_hundred_and_only_where_it_is_built_in() {
    let (mut with, mut without) = (Telnyx::guide().with_breaker(), Telnyx::guide());
    let places = Places::of(Density::Busy, &mut Dice::new(5));
    let mut dice = Dice::new(6);
    let mut sent = 0;
    for at in 0..1500_u32 {
        let net = places.pick_net(&mut dice);
        let phone = places.number_in(net, &mut dice);
        let at_ms = i64::from(at) * 1000;
        sent += u32::from(decide(&mut with, at, &phone, at_ms) != Decision::Block);
        decide(&mut without, at, &phone, at_ms);
        with.learn(&format!("a{at}"), OK, at_ms);
        without.learn(&format!("a{at}"), OK, at_ms);
    }
    assert_eq!(sent, 500);
    assert_eq!(decide(&mut with, 9999, &british(1), 1500 * 1000), Decision::Block);
    assert_eq!(decide(&mut without, 9999, &british(1), 1500 * 1000), Decision::Allow);
    assert_eq!(decide(&mut with, 9998, &british(2), 3 * HOUR), Decision::Allow, "a person has reset it");
}

/// Sends twenty to a network, so many of them entered, and lets them grow old.
fn twenty(judge: &mut Vonage, from_ms: i64, entered: u32) -> i64 {
    for at in 0..20 {
        let id = 1_000_000 + from_ms.rem_euclid(1_000_000_007) as u32 % 1_000_000 + at;
        assert_eq!(decide(judge, id, &british(at), from_ms + i64::from(at)), Decision::Allow);
        if at < entered {
            judge.learn(&format!("a{id}"), OK, from_ms + 30_000);
        }
    }
    from_ms + 3 * MINUTE
}

#[test]
fn vonage_blocks_a_network_under_a_third_and_longer_each_time_until_for_ever() {
    let mut judge = Vonage::new();
    let mut now = 0;
    for hours in [1, 6, 24] {
        now = twenty(&mut judge, now, 6);
        assert_eq!(decide(&mut judge, 1, &british(50), now), Decision::Block);
        assert_eq!(decide(&mut judge, 2, &american(1), now), Decision::Allow, "another network");
        let mut other = ask(3, &british(50));
        other.channel = Channel::Whatsapp;
        assert_eq!(judge.decide(&other, now).decision, Decision::Allow, "another channel");
        assert_eq!(decide(&mut judge, 4, &british(50), now + hours * HOUR - MINUTE), Decision::Block);
        now += hours * HOUR + MINUTE;
    }
    now = twenty(&mut judge, now, 6);
    assert_eq!(decide(&mut judge, 5, &british(50), now), Decision::Block);
    assert_eq!(decide(&mut judge, 6, &british(50), now + 5000 * HOUR), Decision::Block);
}

#[test]
fn vonage_leaves_a_network_alone_of_which_enough_converts_or_little_is_known() {
    let mut judge = Vonage::new();
    let now = twenty(&mut judge, 0, 7);
    assert_eq!(decide(&mut judge, 1, &british(50), now), Decision::Allow);
    let mut judge = Vonage::new();
    for at in 0..19 {
        decide(&mut judge, at, &british(at), i64::from(at));
    }
    assert_eq!(decide(&mut judge, 30, &british(50), 10 * MINUTE), Decision::Allow);
}

#[test]
fn authgear_warns_of_the_fourth_country_from_an_address() {
    let mut dice = Dice::new(8);
    let places = Places::of(Density::Thin, &mut dice);
    let countries = places.countries();
    let phones: Vec<String> = countries
        .iter()
        .take(5)
        .map(|country| places.run_in(places.nets_of(*country)[0], 3, &mut dice).nth(0))
        .collect();
    let same = |id: u32, phone: &str| AttemptEvent { ip: Some("192.0.2.9".into()), ..ask(id, phone) };
    let mut judge = Authgear::new();
    for (id, phone) in phones.iter().take(3).enumerate() {
        assert_eq!(judge.decide(&same(id as u32, phone), 0).decision, Decision::Allow);
    }
    assert_eq!(judge.decide(&same(3, &phones[3]), 1).reasons, ["ip.countries"]);
    // Once one of them was verified there, it does not count, but what was denied still does.
    judge.learn("a0", OK, MINUTE);
    assert_eq!(judge.decide(&same(4, &phones[3]), 2 * MINUTE).decision, Decision::Allow);
    assert_eq!(judge.decide(&same(5, &phones[4]), 2 * MINUTE).decision, Decision::Block);
}

#[test]
fn authgear_lets_three_unverified_an_hour_pass_in_a_small_country() {
    let mut judge = Authgear::new();
    for at in 0..3 {
        assert_eq!(decide(&mut judge, at, &british(at), i64::from(at)), Decision::Allow);
    }
    let fourth = judge.decide(&ask(3, &british(3)), 3);
    assert_eq!(fourth.reasons, ["country.unverified_hour"]);
    assert_eq!(decide(&mut judge, 4, &american(1), 4), Decision::Allow);
    assert_eq!(decide(&mut judge, 5, &british(5), 3 * HOUR), Decision::Allow, "it leaks");
}

#[test]
fn authgear_gives_room_for_what_was_verified_and_never_denies_a_verified_number() {
    let mut judge = Authgear::new();
    for at in 0..60_u32 {
        let now = i64::from(at) * 20_000;
        assert_eq!(decide(&mut judge, at, &british(at), now), Decision::Allow, "{at}");
        judge.learn(&format!("a{at}"), OK, now + 15_000);
    }
    // A fifth of sixty in the hour may stay unverified.
    let begun = 60 * 20_000;
    let allowed = (100..140).filter(|id| decide(&mut judge, *id, &unproved(*id), begun) == Decision::Allow);
    assert_eq!(allowed.count(), 12);
    assert_eq!(decide(&mut judge, 200, &british(7), begun + 1), Decision::Allow, "verified before");
    assert_eq!(decide(&mut judge, 201, &british(301), begun + 1), Decision::Block);
}

/// British numbers that nobody has verified.
fn unproved(id: u32) -> String {
    british(id + 100)
}

#[test]
fn authgear_counts_what_it_denied() {
    let mut judge = Authgear::new();
    for at in 0..40 {
        decide(&mut judge, at, &british(at), i64::from(at) * 30 * MINUTE);
    }
    // At two an hour a country that may have three is never denied by the hour, but twenty a day are soon full.
    let reasons = judge.decide(&ask(99, &british(99)), 40 * 30 * MINUTE).reasons;
    assert_eq!(reasons, ["country.unverified_day"]);
}

#[test]
fn prefixes_stop_the_eleventh_of_which_hardly_any_was_entered() {
    for (entered, stopped) in [(1, true), (2, false)] {
        let mut judge = Prefixes::new();
        for at in 0..10 {
            assert_eq!(decide(&mut judge, at, &british(at), i64::from(at)), Decision::Allow);
        }
        assert_eq!(decide(&mut judge, 20, &british(20), MINUTE), Decision::Allow, "they are young");
        (0..entered).for_each(|at| judge.learn(&format!("a{at}"), OK, MINUTE));
        let now = 2 * MINUTE + 30_000;
        assert_eq!(decide(&mut judge, 21, &british(21), now) == Decision::Block, stopped, "{entered}");
        assert_eq!(decide(&mut judge, 22, &american(1), now), Decision::Allow, "another prefix");
        assert_eq!(decide(&mut judge, 23, &british(23), 2 * HOUR), Decision::Allow, "forgotten");
    }
}

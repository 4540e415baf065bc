use super::super::count::{Ask, Fate, faces};
use super::*;
use crate::attempt::{Attempt, Channel, Edition, Place, Source};
use crate::key::{Pseudonym, Realm};
use cofferdam_atlas::{Country, Kind, Tariff};

const START_S: u32 = 1_795_200_000;

/// The nth attempt of a stream: eleven numbers in a thousand come again.
fn attempt(n: u64, at_s: u32) -> Attempt {
    let who = if n.is_multiple_of(90) { n / 3 } else { n };
    Attempt {
        at_ms: i64::from(at_s) * 1000,
        dice: n,
        realm: Realm(1),
        profile: 1 + n % 3,
        channel: Channel::Sms,
        price_micros: None,
        place: Place {
            number: Pseudonym(u128::from(who)),
            country: Country::from_iso2(if n.is_multiple_of(5) { "FR" } else { "GB" }),
            network: Some((n % 4) as u32),
            kind: Kind::Mobile,
            tariff: Tariff::Standard,
            fictional: true,
            shown: "+44770090".parse().unwrap(),
            prefixes: [who / 100 + 7, who / 1000 + 7, who / 10_000 + 7],
            last4: (who % 10_000) as u16,
        },
        source: Source {
            address: Some(n % 50 + 1),
            neighbourhood: Some(n % 9 + 1),
            device: Some(n % 70 + 1),
            ..Source::default()
        },
        challenge_passed: false,
        edition: Edition::from("2026-11-20").unwrap(),
        commons: Realm(2),
    }
}

/// Lets attempts happen, with all that may become of them.
fn live(tallies: &mut EvidenceTallies, ns: core::ops::Range<u64>) {
    for n in ns {
        let at_s = START_S + n as u32 * 2;
        let attempt = attempt(n, at_s);
        let glimpse = tallies.glimpse(&faces(&attempt), at_s);
        let ask = Ask::of(&attempt, glimpse, n % 7 == 0);
        let _ = tallies.count(&ask);
        let fate = match n % 10 {
            8 => Fate::Challenged,
            9 => Fate::Stopped,
            _ => Fate::Sent,
        };
        tallies.decided(n, &ask, fate, 0.01, &[]);
        if let Some(past) = n.checked_sub(20) {
            match past % 6 {
                0 => tallies.challenged(past, past % 4 == 0),
                1 => tallies.undelivered(past),
                2 => tallies.not_sent(past),
                _ => drop(tallies.converted(past, at_s)),
            }
        }
    }
}

#[test]
fn what_is_read_back_goes_on_as_if_nothing_had_been() {
    let mut whole = EvidenceTallies::new(10_000);
    // What is computed now and then is computed again at full five minutes.
    live(&mut whole, 0..1_500);
    let mut back = EvidenceTallies::restore(10_000, &whole.save()).unwrap();
    assert_eq!(back.size().keys, whole.size().keys);
    assert_eq!(back.size().open, whole.size().open);
    assert!(back.size().open > 1_000, "most are awaited still");
    live(&mut whole, 1_500..4_000);
    live(&mut back, 1_500..4_000);
    let (whole, back) = (whole.save(), back.save());
    assert_eq!(whole, back);
}

#[test]
fn steps_come_to_the_same_as_the_whole() {
    let mut tallies = EvidenceTallies::new(10_000);
    live(&mut tallies, 0..3_000);
    let (mut bytes, mut steps) = (Vec::new(), 0);
    let mut at = Some(tallies.begin_save(&mut bytes));
    while let Some(from) = at {
        at = tallies.save_step(from, &mut bytes);
        steps += 1;
    }
    assert!(steps > 6);
    assert_eq!(bytes, tallies.save());
}

#[test]
fn another_version_is_refused_by_name_and_damage_is_refused() {
    let mut tallies = EvidenceTallies::new(1_000);
    live(&mut tallies, 0..40);
    let bytes = tallies.save();
    let mut other = bytes.clone();
    other[8..12].copy_from_slice(&7_u32.to_le_bytes());
    let refused = EvidenceTallies::restore(1_000, &other).unwrap_err();
    assert_eq!(refused, BadEvidence::Version(7));
    assert!(alloc::string::ToString::to_string(&refused).contains("version 7"));
    assert_eq!(EvidenceTallies::restore(1_000, b"nothing").unwrap_err(), BadEvidence::Damaged);
    for cut in 1..40 {
        assert!(EvidenceTallies::restore(1_000, &bytes[..bytes.len() - cut]).is_err(), "{cut}");
    }
    let mut unknown = bytes;
    unknown[16] = 99;
    assert!(EvidenceTallies::restore(1_000, &unknown).is_err(), "a kind of section that nobody wrote");
}

#[test]
fn scopes_stand_at_their_numbers() {
    for (n, scope) in Scope::EVERY.into_iter().enumerate() {
        assert_eq!(scope as usize, n);
    }
}

#[test]
fn what_was_not_sent_after_all_is_no_observation() {
    let mut tallies = EvidenceTallies::new(1_000);
    let (sent, never) = (attempt(1, START_S), attempt(2, START_S));
    for (id, attempt) in [(1, &sent), (2, &never)] {
        let ask = Ask::of(attempt, tallies.glimpse(&faces(attempt), START_S), false);
        let _ = tallies.count(&ask);
        tallies.decided(id, &ask, Fate::Sent, 0.01, &[]);
    }
    tallies.advance(START_S + 1_000);
    let matured = |tallies: &EvidenceTallies| {
        let keys = Ask::of(&sent, tallies.glimpse(&faces(&sent), START_S), false).keys;
        let at = super::super::decay::Moment::new(START_S + 1_000);
        tallies.rich.get(keys[0].1).unwrap().plain.long(super::super::plain::Field::Matured, &at)
    };
    assert!((matured(&tallies) - 2.0).abs() < 0.1, "{}", matured(&tallies));
    tallies.not_sent(2);
    tallies.not_sent(2);
    assert!((matured(&tallies) - 1.0).abs() < 0.1, "{}", matured(&tallies));
    assert!(tallies.converted(2, START_S + 1_001).is_empty(), "and proves nobody");
}

#[test]
fn it_is_read_back_step_by_step_as_it_was_saved() {
    let mut whole = EvidenceTallies::new(10_000);
    live(&mut whole, 0..1_500);
    let mut piece = Vec::new();
    let mut at = Some(whole.begin_save(&mut piece));
    let mut rest = &piece[..];
    let mut back = EvidenceTallies::begin_restore(10_000, &mut rest).unwrap();
    assert!(rest.is_empty());
    let mut pieces = 0;
    while let Some(from) = at {
        let mut piece = Vec::new();
        at = whole.save_step(from, &mut piece);
        back.restore_steps(&piece).unwrap();
        pieces += 1;
    }
    assert!(pieces > 5, "{pieces}");
    assert_eq!(back.save(), whole.save());
    assert_eq!(back.restore_steps(&[77]), Err(BadEvidence::Damaged));
}

use super::*;
use crate::story::Truth;
use crate::stream::AttemptEvent;
use alloc::boxed::Box;
use cofferdam_engine::Channel;

/// A minute of the world, in which somebody asks.
struct Row {
    minute: i64,
    country: &'static str,
    network: u32,
    truth: Truth,
    price_micros: i64,
    passes: bool,
}

const GOOD: Truth = Truth { family: None, campaign: 0, case: None, sitting: 0 };

fn attack(family: &'static str, campaign: u32) -> Truth {
    Truth { family: Some(family), campaign, case: None, sitting: 0 }
}

fn row(minute: i64, truth: Truth) -> Row {
    Row { minute, country: "GB", network: 1, truth, price_micros: 100_000, passes: false }
}

fn posed(row: &Row) -> Box<Posed> {
    Box::new(Posed {
        attempt: AttemptEvent {
            id: String::new(),
            at_ms: row.minute * 60_000,
            phone: "+447700900001".into(),
            channel: Channel::Sms,
            price_micros: None,
            ip: None,
            asn: None,
            ip_country: None,
            device_id: None,
            session_id: None,
            user_id: None,
            user_agent: None,
            profile: None,
        },
        price_micros: row.price_micros,
        country: Country::from_iso2(row.country),
        network: Some(row.network),
        truth: row.truth.clone(),
        passes: row.passes,
    })
}

/// A = allow, C = challenge, B = block.
fn put(card: &mut Scorecard, row: &Row, letter: char, score: Option<f64>, visible: bool) {
    let decision = match letter {
        'A' => Decision::Allow,
        'C' => Decision::Challenge,
        _ => Decision::Block,
    };
    let sent = letter == 'A' || letter == 'C' && row.passes;
    card.add(&Scored { posed: &posed(row), decision, score, sent }, visible);
}

fn campaign(card: &mut Scorecard, family: &'static str, number: u32, course: &str) {
    for (minute, letter) in course.chars().enumerate() {
        put(card, &row(minute as i64, attack(family, number)), letter, None, true);
    }
}

fn near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?} {expected}");
}

#[test]
fn the_leaked_share_is_of_money_and_families_count_the_same() {
    let mut card = Scorecard::default();
    // One leaks a quarter of its money in half of its messages, one much larger leaks all.
    for (price, letter) in [(300_000, 'B'), (100_000, 'A')] {
        put(&mut card, &Row { price_micros: price, ..row(0, attack("flood", 1)) }, letter, None, true);
    }
    for _ in 0..6 {
        put(&mut card, &row(0, attack("drip", 2)), 'A', None, true);
    }
    let figures = card.figures();
    near(figures.measure("family.flood"), 0.25);
    near(figures.measure("family.drip"), 1.0);
    near(figures.mean_leaked(), 0.625);
    near(figures.leaked(), 0.7);
    assert_eq!(figures.worst_families()[0].0, "drip");
}

#[test]
fn a_challenge_that_is_passed_leaks() {
    let mut card = Scorecard::default();
    for passes in [true, false, false, false] {
        put(&mut card, &Row { passes, ..row(0, attack("solver", 1)) }, 'C', None, true);
    }
    let figures = card.figures();
    near(figures.leaked(), 0.25);
    assert_eq!(figures.families["solver"].challenged, Share { hit: 4, of: 4 });
}

#[test]
fn families_that_nobody_can_see_stand_apart() {
    let mut card = Scorecard::default();
    put(&mut card, &row(0, attack("flood", 1)), 'B', Some(0.9), true);
    put(&mut card, &row(0, attack("ghost", 2)), 'A', Some(0.1), false);
    let figures = card.figures();
    near(figures.leaked(), 0.0);
    near(figures.mean_leaked(), 0.0);
    near(figures.measure("family.ghost"), 1.0);
    assert_eq!(figures.missed(), 0, "one that was stopped is no miss, and ghost is not counted");
    assert_eq!(figures.calibration[1].attacks.of, 0);
}

#[test]
fn the_first_stop_and_detection() {
    let course = |text: &str| {
        let mut card = Scorecard::default();
        campaign(&mut card, "flood", 1, text);
        let figures = card.figures();
        (figures.campaigns[0].first_stop, figures.campaigns[0].detected)
    };
    assert_eq!(course("AABBBBBBBBBB"), (Some(2), true));
    // One of ten may slip through, two may not.
    assert_eq!(course("ABBBABBBBBB"), (Some(1), true));
    assert_eq!(course("ABBABABBBBBA"), (Some(1), false));
    assert_eq!(course("AAAAAAAAAAAAA"), (None, false));
    // A stop early on that came to nothing, then it was found.
    assert_eq!(course("ABAAAAABBBBBBBBBB"), (Some(1), true));
    assert_eq!(course("BBBB"), (Some(0), true));
    assert_eq!(course("ABBB"), (Some(1), false));
}

#[test]
fn the_median_counts_those_never_stopped_in_full() {
    let mut card = Scorecard::default();
    campaign(&mut card, "flood", 1, "ABBBBBBBBBB");
    campaign(&mut card, "flood", 2, "AAABBBBBBBBBB");
    let mut even = card.clone();
    campaign(&mut card, "flood", 3, &"A".repeat(40));
    campaign(&mut even, "flood", 3, "B");
    campaign(&mut even, "flood", 4, &"A".repeat(40));
    let figures = card.figures();
    near(figures.first_stop(), 3.0);
    assert_eq!(figures.missed(), 1);
    near(even.figures().first_stop(), 2.0);
}

#[test]
fn good_attempts_stopped_challenged_and_sittings_lost() {
    let mut card = Scorecard::default();
    let of = |sitting, case| Truth { case, sitting, ..GOOD };
    // A sitting that comes through at its second attempt is not lost.
    put(&mut card, &row(0, of(1, Some("office"))), 'B', None, true);
    put(&mut card, &row(1, of(1, Some("office"))), 'A', None, true);
    put(&mut card, &Row { passes: true, ..row(2, of(2, None)) }, 'C', None, true);
    put(&mut card, &row(3, of(3, None)), 'C', None, true);
    put(&mut card, &row(4, of(4, None)), 'A', None, true);
    campaign(&mut card, "flood", 1, "AB");
    let figures = card.figures();
    assert_eq!(figures.good_stopped, Share { hit: 2, of: 5 });
    assert_eq!(figures.good_challenged, Share { hit: 2, of: 5 });
    assert_eq!(figures.sittings_lost, Share { hit: 1, of: 4 });
    assert_eq!(figures.cases["office"], Share { hit: 1, of: 2 });
    near(figures.measure("case.office"), 0.5);
    assert_eq!(figures.worst_case(), None, "two attempts show nothing");
    // A dime of two leaked, a dollar for the sitting, two challenges.
    near(figures.combined_loss(), (0.1 + 1.0 + 0.04) / 0.2);
}

#[test]
fn bystanders_are_told_by_place_and_time() {
    let mut card = Scorecard::default();
    let ask = |card: &mut Scorecard, minute, country, network, letter| {
        put(card, &Row { country, network, ..row(minute, GOOD) }, letter, None, true);
    };
    ask(&mut card, 0, "GB", 1, 'B'); // before
    for minute in 10..20 {
        put(&mut card, &row(minute, attack("flood", 1)), 'B', None, true);
    }
    for minute in 10..19 {
        let elsewhere = Row { country: "FR", network: 7, ..row(minute, attack("flood", 1)) };
        put(&mut card, &elsewhere, 'B', None, true);
    }
    ask(&mut card, 15, "GB", 1, 'B'); // on the network
    ask(&mut card, 16, "GB", 2, 'A'); // beside it
    ask(&mut card, 17, "FR", 7, 'A'); // touched nine times: not attacked
    ask(&mut card, 79, "GB", 1, 'A'); // within the hour after
    ask(&mut card, 80, "GB", 1, 'A'); // after it
    ask(&mut card, 19 + 72 * 60 - 1, "GB", 1, 'A'); // not yet long after it
    ask(&mut card, 19 + 72 * 60, "GB", 2, 'B'); // as it should be as before
    let figures = card.figures();
    assert_eq!(figures.attacked_network, Share { hit: 1, of: 2 });
    assert_eq!(figures.attacked_country, Share { hit: 1, of: 3 });
    assert_eq!(figures.outside, Share { hit: 2, of: 5 });
    assert_eq!(figures.after_attack, Share { hit: 1, of: 1 });
    assert_eq!(figures.good_stopped, Share { hit: 3, of: 8 });
}

#[test]
fn calibration_goes_by_tenths() {
    let mut card = Scorecard::default();
    for which in 0..400 {
        let truth = if which % 4 == 0 { attack("flood", 1) } else { GOOD };
        put(&mut card, &row(0, truth), 'A', Some(0.45), true);
    }
    put(&mut card, &row(0, GOOD), 'A', Some(1.0), true);
    let figures = card.figures();
    assert_eq!(figures.calibration[4].attacks, Share { hit: 100, of: 400 });
    assert!((figures.calibration[4].mean() - 0.45).abs() < 1e-9);
    assert!(figures.calibration[4].off().is_some_and(|off| (1.75..1.85).contains(&off)));
    assert_eq!((figures.calibration[9].attacks.of, figures.calibration[9].off()), (1, None));
}

#[test]
fn the_first_day_stands_apart() {
    let mut card = Scorecard::default();
    put(&mut card, &row(0, GOOD), 'B', None, true);
    put(&mut card, &row(1439, attack("flood", 1)), 'A', None, true);
    put(&mut card, &row(1440, GOOD), 'A', None, true);
    let figures = card.figures();
    assert_eq!(
        (figures.first_day_stopped, figures.first_day_leaked),
        (Share { hit: 1, of: 1 }, Share { hit: 1, of: 1 })
    );
}

#[test]
fn intervals_are_wilsons() {
    // 0 of 200 cannot show 1 %.
    let (low, high) = Share { hit: 0, of: 200 }.interval();
    assert!(low < 1e-12 && (high - 0.018_845).abs() < 1e-5, "{high}");
    let (low, high) = Share { hit: 10, of: 100 }.interval();
    assert!((low - 0.055_229).abs() < 1e-5 && (high - 0.174_366).abs() < 1e-5, "{low} {high}");
    assert_eq!(Share::default().interval(), (0.0, 1.0));
}

#[test]
fn runs_are_pooled_by_counts() {
    let run = |letters: &str| {
        let mut card = Scorecard::default();
        campaign(&mut card, "flood", 1, letters);
        put(&mut card, &row(0, GOOD), 'B', Some(0.2), true);
        card.figures()
    };
    let mut pooled = run("AABB");
    pooled.merge(run("ABBBBBBBBBBB"));
    assert_eq!((pooled.runs, pooled.campaigns.len()), (2, 2));
    near(pooled.leaked(), 3.0 / 16.0);
    assert_eq!(pooled.good_stopped, Share { hit: 2, of: 2 });
    assert_eq!(pooled.sittings_lost, Share { hit: 2, of: 2 }, "sittings of two runs are not the same");
    assert_eq!(pooled.calibration[2].attacks.of, 2);
    near(pooled.first_stop(), 1.5);
}

#[test]
fn every_measure_has_a_figure_where_there_is_something_to_measure() {
    let mut card = Scorecard::default();
    for sitting in 0..400 {
        put(&mut card, &row(3, Truth { sitting, case: Some("office"), ..GOOD }), 'A', Some(0.0), true);
    }
    campaign(&mut card, "flood", 1, "ABBBBBBBBBBBBB");
    put(&mut card, &Row { country: "FR", ..row(3, GOOD) }, 'A', None, true);
    put(&mut card, &row(5000, GOOD), 'A', None, true);
    let figures = card.figures();
    for name in MEASURES {
        assert!(figures.measure(name).is_some(), "{name}");
    }
    assert_eq!(figures.measure("speed"), None);
}

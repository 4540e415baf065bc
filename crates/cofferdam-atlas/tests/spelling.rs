//! However a number is spelt, it is one value: no limit is passed by respelling. Generated numbers of every
//! region, written in the ways people write them; and arbitrary text, which must never do harm.

#![expect(clippy::indexing_slicing, reason = "indices are taken modulo the length")]
#![expect(clippy::unwrap_used, reason = "a test stops where its table is not as it should be")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::LazyLock;

use cofferdam_atlas::{Country, Destination, NumberError, look_up, parse, parse_e164};
use proptest::prelude::*;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/agreement.csv.gz");

/// The valid numbers of the recorded table, and some that exist only in fiction.
static POOL: LazyLock<Vec<Destination>> = LazyLock::new(|| {
    let table = BufReader::new(flate2::read::GzDecoder::new(File::open(TABLE).unwrap()));
    let rows = table.lines().map(Result::unwrap).filter_map(|line| parse(line.split(',').next()?, None).ok());
    let fiction = ["+447700900123", "+33639981234", "+441632960001", "+12685550123", "+353209101234"];
    rows.chain(fiction.map(|text| parse(text, None).unwrap())).collect()
});

fn number() -> impl Strategy<Value = Destination> {
    (0..POOL.len()).prop_map(|at| POOL[at])
}

fn country(iso2: &str) -> Option<Country> {
    Country::from_iso2(iso2)
}

fn any_country() -> impl Strategy<Value = Option<Country>> {
    let all: Vec<Country> = Country::all().collect();
    prop::option::of(prop::sample::select(all))
}

/// Digits with separators between them; the first group may stand in brackets.
fn separated(digits: &str, dice: &[u8]) -> String {
    let marks = [" ", "-", ".", "\u{a0}", " - ", "\u{2013}", "/", "\u{3000}"];
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let roll = dice[at % dice.len()];
        if at > 0 && roll < 96 {
            text.push_str(marks[usize::from(roll) % marks.len()]);
        }
        text.push(digit);
    }
    text
}

fn in_script(text: &str, zero: char) -> String {
    let digit = |c: char| match c.to_digit(10) {
        Some(digit) => char::from_u32(u32::from(zero) + digit).unwrap(),
        None => c,
    };
    text.chars().map(digit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn separators_do_not_matter(found in number(), dice in prop::collection::vec(any::<u8>(), 1..16)) {
        let digits = found.number.digits().to_string();
        prop_assert_eq!(parse(&format!("+{}", separated(&digits, &dice)), None), Ok(found));
        prop_assert_eq!(parse(&format!("  +{digits} "), None), Ok(found));
        let (code, rest) = digits.split_at(found.calling_code().to_string().len());
        prop_assert_eq!(parse(&format!("+{code} ({}) {}", &rest[..2], &rest[2..]), None), Ok(found));
        prop_assert_eq!(parse(&format!("(+{code}) {rest}"), None), Ok(found));
    }

    #[test]
    fn the_international_prefix_may_be_written(found in number(), from in any_country()) {
        let digits = found.number.digits();
        prop_assert_eq!(parse(&format!("00{digits}"), None), Ok(found));
        prop_assert_eq!(parse(&format!("00 {digits}"), None), Ok(found));
        prop_assert_eq!(parse(&format!("011 {digits}"), country("US")), Ok(found));
        prop_assert_eq!(parse(&format!("011{digits}"), country("CA")), Ok(found));
        prop_assert_eq!(parse(&format!("+{digits}"), from), Ok(found));
        prop_assert_eq!(parse(&format!("+{digits} "), from), Ok(found));
    }

    #[test]
    fn scripts_do_not_matter(found in number()) {
        let text = found.number.to_string();
        for zero in ['\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'] {
            prop_assert_eq!(parse(&in_script(&text, zero), None), Ok(found));
        }
        let wide = in_script(&text, '\u{ff10}').replace('+', "\u{ff0b}");
        prop_assert_eq!(parse(&wide, None), Ok(found));
    }

    #[test]
    fn extensions_and_schemes_are_left_out(found in number(), extension in 1_u32..99_999) {
        let text = found.number.to_string();
        for written in [
            format!("tel:{text}"),
            format!("{text};ext={extension}"),
            format!("tel:{text};ext={extension}"),
            format!("{text} ext. {extension}"),
            format!("{text} x{extension}"),
            format!("{text} extension {extension}"),
        ] {
            prop_assert_eq!(parse(&written, None), Ok(found), "{}", written);
        }
    }

    #[test]
    fn a_zero_in_brackets_is_left_out(found in number()) {
        let digits = found.number.digits().to_string();
        let (code, rest) = digits.split_at(found.calling_code().to_string().len());
        let zero = ["GB", "DE", "FR", "CH", "AT", "NL", "SE", "ES", "DK", "PT"];
        if found.country.is_some_and(|country| zero.contains(&country.iso2())) {
            prop_assert_eq!(parse(&format!("+{code} (0){rest}"), None), Ok(found));
            prop_assert_eq!(parse(&format!("+{code}(0) {rest}"), None), Ok(found));
        }
    }

    #[test]
    fn reading_again_changes_nothing(found in number(), from in any_country()) {
        let text = found.number.to_string();
        prop_assert_eq!(parse(&text, from), Ok(found));
        prop_assert_eq!(parse_e164(&text), Ok(found));
        prop_assert_eq!(look_up(found.number), found);
    }
}

/// Only E.164 comes out, and it is read again as what it is.
fn harmless(text: &str, country: Option<Country>) -> Result<(), TestCaseError> {
    if let Ok(found) = parse(text, country) {
        let e164 = found.number.to_string();
        let digits = e164.strip_prefix('+').unwrap();
        prop_assert!((7..=15).contains(&digits.len()) && !digits.starts_with('0'), "{e164}");
        prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{e164}");
        prop_assert!(found.strictly_valid || found.fictional);
        prop_assert_eq!(parse(&e164, None), Ok(found));
        prop_assert_eq!(look_up(found.number), found);
    }
    if let Ok(found) = parse_e164(text) {
        prop_assert_eq!(parse(text, country), Ok(found));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn any_text_is_harmless(text in any::<String>(), country in any_country()) {
        harmless(&text, country)?;
    }

    #[test]
    fn any_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..300), country in any_country()) {
        harmless(&String::from_utf8_lossy(&bytes), country)?;
    }

    #[test]
    fn what_looks_like_a_number_is_harmless(
        text in "[+\u{ff0b}]{0,2}[0-9 ()./\\-;:=,x#*~a-zA-Z\u{660}-\u{669}\u{ff10}-\u{ff19}]{0,40}",
        country in any_country(),
    ) {
        harmless(&text, country)?;
    }

    #[test]
    fn digits_are_harmless(text in "[+]?[0-9]{0,24}", country in any_country()) {
        harmless(&text, country)?;
    }

    #[test]
    fn numbers_that_are_nearly_right_are_harmless(
        found in number(), at in 0_usize..20, with in any::<char>(), country in any_country(),
    ) {
        let mut text: Vec<char> = found.number.to_string().chars().collect();
        text.insert(at.min(text.len()), with);
        harmless(&text.into_iter().collect::<String>(), country)?;
    }
}

#[test]
fn ten_megabytes_are_refused_without_being_read() {
    let digits = "4".repeat(10_000_000);
    let international = format!("+{digits}");
    let wide = "\u{ff14}".repeat(3_000_000);
    // Were the texts read, these rounds would take hours.
    for _ in 0..100_000 {
        assert_eq!(parse(&digits, country("GB")), Err(NumberError::TooLong));
        assert_eq!(parse(&international, None), Err(NumberError::TooLong));
        assert_eq!(parse_e164(&international), Err(NumberError::TooLong));
        assert_eq!(parse(&wide, None), Err(NumberError::TooLong));
    }
}

/// Five plans have forms that the library itself cannot read back: Gabon's and Qatar's older short numbers, and
/// special numbers of Bulgaria, Thailand and Panama that look like an international prefix when written at home.
#[test]
fn the_national_form_is_read_within_its_country() {
    let ambiguous = ["BG", "GA", "PA", "QA", "TH"];
    let mut lost = 0;
    for found in POOL.iter() {
        let Some(home) = found.country else { continue };
        let national = found.national();
        if parse(&national, Some(home)) != Ok(*found) {
            lost += 1;
            assert!(ambiguous.contains(&home.iso2()), "{national} in {home}");
        }
    }
    assert!(lost * 400 < POOL.len(), "{lost} of {}", POOL.len());
}

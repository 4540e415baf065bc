//! What the atlas says of single numbers: shared calling codes, tariffs, fiction, refusals, priors and prices.

#![expect(clippy::unwrap_used, reason = "a test stops where a number is refused")]

use std::collections::BTreeSet;

use cofferdam_atlas::{
    Category, Country, Destination, Kind, Network, Number, NumberError, Prefix, PriceList, PriceScope,
    Tariff, edition, look_up, parse, parse_e164, risk,
};

fn known(text: &str) -> Destination {
    parse(text, None).unwrap()
}

fn home(text: &str) -> &'static str {
    known(text).country.map_or("-", Country::iso2)
}

fn country(iso2: &str) -> Option<Country> {
    Country::from_iso2(iso2)
}

#[test]
fn the_country_is_the_region_and_not_the_calling_code() {
    let expected = [
        ("+12125550100", "US"),
        ("+14165550100", "CA"),
        ("+18765550100", "JM"),
        ("+12685550100", "AG"),
        ("+78005550100", "RU"),
        ("+77012345678", "KZ"),
        ("+442079460018", "GB"),
        ("+441534123456", "JE"),
        ("+447781123456", "GG"),
        ("+447624123456", "IM"),
        ("+61255501234", "AU"),
        ("+61891621234", "CC"),
        ("+61891641234", "CX"),
        ("+390612345678", "IT"),
        ("+390669881234", "VA"),
        ("+358181234567", "AX"),
        ("+4779123456", "SJ"),
        ("+262269601234", "YT"),
        ("+590690001234", "GP"),
        ("+59995181234", "CW"),
        ("+80012345678", "-"),
    ];
    for (number, iso2) in expected {
        assert_eq!(home(number), iso2, "{number}");
    }
}

#[test]
fn a_number_in_e164_has_one_form() {
    // A national prefix after the calling code, and Argentina's mobile sign.
    for (typed, e164) in [
        ("+4402079460018", "+442079460018"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+4407700900123", "+447700900123"),
        ("+541115 23456789", "+5491123456789"),
        ("+54 9 11 2345 6789", "+5491123456789"),
        ("+1 (1) 212 555 0100", "+12125550100"),
        ("0044 20 7946 0018", "+442079460018"),
        ("\u{ff0b}44 20 7946 0018", "+442079460018"),
        ("+\u{664}\u{664} 20 7946 0018", "+442079460018"),
        ("tel:+44-20-7946-0018;ext=5", "+442079460018"),
    ] {
        assert_eq!(known(typed).number.to_string(), e164, "{typed}");
    }
    let london = known("+442079460018");
    assert_eq!(parse("020 7946 0018", country("GB")), Ok(london));
    assert_eq!(parse("(020) 7946-0018", country("GB")), Ok(london));
    assert_eq!(parse("0044 20 7946 0018", country("US")), Ok(london));
    assert_eq!(parse("tel:020-7946-0018;phone-context=+44", None), Ok(london));
    assert_eq!(london.national(), "020 7946 0018");
    assert_eq!((london.kind, london.tariff), (Kind::Fixed, Tariff::Standard));
}

#[test]
fn kinds_and_tariffs_are_two_questions() {
    for (number, kind, tariff) in [
        ("+12125550100", Kind::FixedOrMobile, Tariff::Standard),
        ("+447400123456", Kind::Mobile, Tariff::Standard),
        ("+449098790000", Kind::Unknown, Tariff::Premium),
        ("+448081570000", Kind::Unknown, Tariff::TollFree),
        ("+443069990000", Kind::Uan, Tariff::Standard),
        ("+447012345678", Kind::Personal, Tariff::Standard),
        ("+447640123456", Kind::Pager, Tariff::Standard),
        ("+445612345678", Kind::Voip, Tariff::Standard),
        ("+881612345678", Kind::Mobile, Tariff::Standard),
    ] {
        let found = known(number);
        assert_eq!((found.kind, found.tariff), (kind, tariff), "{number}");
    }
}

#[test]
fn fiction_is_accepted_where_the_plan_refuses() {
    for (number, iso2, kind, strict) in [
        ("+447700900123", "GB", Kind::Mobile, false),
        ("+33639981234", "FR", Kind::Mobile, false),
        ("+441632960999", "GB", Kind::Fixed, false),
        ("+12125550199", "US", Kind::FixedOrMobile, true),
        ("+15555550123", "US", Kind::FixedOrMobile, false),
        ("+61491570006", "AU", Kind::Mobile, true),
    ] {
        let found = known(number);
        assert!(found.fictional, "{number}");
        assert_eq!(
            (found.country, found.kind, found.strictly_valid),
            (country(iso2), kind, strict),
            "{number}"
        );
    }
    assert_eq!(parse("07700 900123", country("GB")), Ok(known("+447700900123")));
    assert!(!known("+12125550200").fictional);
    assert!(!known("+447400123456").fictional);
}

#[test]
fn a_refusal_says_why() {
    for (text, why) in [
        ("", NumberError::NotANumber),
        ("hello", NumberError::NotANumber),
        ("+", NumberError::NotANumber),
        ("+1", NumberError::TooShort),
        ("+44123", NumberError::TooShort),
        ("+4420794600", NumberError::TooShort),
        ("+442079460018123", NumberError::TooLong),
        ("+4420794600181234567890", NumberError::TooLong),
        ("+99912345678", NumberError::UnknownCallingCode),
        ("+2101234567", NumberError::UnknownCallingCode),
        ("+999123", NumberError::UnknownCallingCode),
        ("+441111111111", NumberError::Unassigned),
        ("020 7946 0018", NumberError::CountryNeeded),
        ("442079460018", NumberError::CountryNeeded),
        ("00 999 1234567", NumberError::UnknownCallingCode),
    ] {
        assert_eq!(parse(text, None).map(|found| found.number), Err(why), "`{text}`");
    }
    assert_eq!(parse_e164("+44 20 7946 0018"), Err(NumberError::NotANumber));
    assert_eq!(NumberError::UnknownCallingCode.code(), "unknown_calling_code");
    assert_eq!(NumberError::CountryNeeded.code(), "country_needed");
}

#[test]
fn a_number_shows_itself_only_when_asked() {
    let number = known("+447700900123").number;
    assert_eq!(number.to_string(), "+447700900123");
    assert_eq!(format!("{number:?}"), "Number(+44770090••••)");
    assert_eq!(number.masked().to_string(), "+44770090••••");
    assert!(!format!("{:?}", known("+447700900123")).contains("0123"));
    assert_eq!((number.len(), number.digits(), number.calling_code()), (12, 447_700_900_123, 44));
}

#[test]
fn every_number_finds_its_calling_code() {
    for country in Country::all() {
        for code in country.calling_codes() {
            let padded = format!("{code}{}", "5".repeat(12 - code.to_string().len()));
            assert_eq!(Number::recall(padded.parse().unwrap()).unwrap().calling_code(), *code);
        }
    }
    for code in [800, 808, 870, 878, 881, 882, 883, 888, 979] {
        assert_eq!(Number::recall(code * 1_000_000_000).unwrap().calling_code(), code as u16);
    }
}

#[test]
fn what_was_recorded_stays_readable() {
    let gone = Number::recall(441_111_111_111).unwrap();
    let found = look_up(gone);
    assert_eq!((found.number, found.strictly_valid, found.country), (gone, false, None));
    assert_eq!(risk(&found).category, Category::High);
    // Not in its normal form, so not the number that would be read today.
    assert!(!look_up(Number::recall(4_402_079_460_018).unwrap()).strictly_valid);
    for impossible in [0, 999_999, 1_000_000_000_000_000, u64::MAX] {
        assert_eq!(Number::recall(impossible), None, "{impossible}");
    }
}

#[test]
fn prefixes_are_runs_of_numbers() {
    let number = known("+12125550100").number;
    let run: Prefix = "+1212555*".parse().unwrap();
    assert_eq!((run.to_string().as_str(), run.len(), run.digits()), ("+1212555", 7, 1_212_555));
    assert!(run.contains(number) && number.prefix(4) == run && number.prefix(0).contains(number));
    assert!(!run.contains(known("+14165550100").number));
    assert!("+1".parse::<Prefix>().unwrap().covers(run) && !run.covers("+1".parse().unwrap()));
    assert_eq!(number.prefix(200).to_string(), "+1");
    for bad in ["", "+", "*", "+*", "1212", "+0212", "+12a", "+12**", "+1 212", "+1234567890123456", "+-1"] {
        assert!(bad.parse::<Prefix>().is_err(), "`{bad}`");
    }
    assert_eq!(serde_json::to_string(&run).unwrap(), "\"+1212555\"");
    assert_eq!(serde_json::from_str::<Prefix>("\"+1212555*\"").unwrap(), run);
    assert!(serde_json::from_str::<Prefix>("\"1212\"").is_err());
}

#[test]
fn countries_and_networks_have_stable_names() {
    let britain = Country::from_iso2("GB").unwrap();
    assert_eq!((britain.iso3(), britain.name(), britain.calling_code()), ("GBR", "United Kingdom", Some(44)));
    assert_eq!(britain.continent(), "Europe");
    assert_eq!(serde_json::to_string(&britain).unwrap(), "\"GB\"");
    assert_eq!(serde_json::from_str::<Country>("\"GB\"").unwrap(), britain);
    assert!(serde_json::from_str::<Country>("\"XX\"").is_err() && Country::from_iso2("gb").is_none());
    let indices: BTreeSet<u8> = Country::all().map(Country::index).collect();
    assert_eq!(indices.len(), Country::all().len());
    for network in Network::all() {
        assert_eq!(Network::from_id(network.id()), Some(network));
        assert!(!network.name().is_empty() && !network.name().starts_with('_'));
        assert_eq!(network.mcc().is_some(), network.mnc().is_some());
        assert!(network.mcc().is_none_or(|mcc| mcc.len() == 3));
    }
    let network = known("+447400123456").network.unwrap();
    // The identifier is written into records, so it must not change.
    assert_eq!((network.name(), network.source()), ("Three", "allocation"));
    assert_eq!(serde_json::from_str::<Network>(&network.id().to_string()).unwrap(), network);
    assert!(edition().data().starts_with("2026-") && edition().plans() == "9.0.42");
    assert_eq!(serde_json::to_string(&Kind::FixedOrMobile).unwrap(), "\"fixed_or_mobile\"");
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
    }
    for tariff in Tariff::ALL {
        assert_eq!(serde_json::to_string(&tariff).unwrap(), format!("\"{tariff}\""));
    }
}

#[test]
fn a_prior_says_why() {
    let quiet = risk(&known("+442079460018"));
    assert_eq!((quiet.category, quiet.why.len()), (Category::Low, 0));
    assert!((quiet.score - 0.02).abs() < 1e-12);
    let premium = risk(&known("+449098790000"));
    assert_eq!(premium.category, Category::High);
    assert!((premium.score - (1.0 - 0.98 * 0.1)).abs() < 1e-12);
    assert!(premium.why[0].starts_with("premium-rate"));
    let warned = risk(&known("+2348021234567"));
    assert_eq!((warned.category, warned.why.len()), (Category::Medium, 1));
    let thrown_away = risk(&known("+3584573981234"));
    assert_eq!(thrown_away.category, Category::High);
    assert_eq!(risk(&known("+881612345678")).category, Category::High);
}

#[test]
fn the_longest_prefix_sets_the_price_and_a_network_before_it() {
    let number = known("+447400123456");
    let network = number.network.unwrap();
    let mut list = PriceList::default();
    assert!(list.is_empty() && list.price(&number, "sms").is_none());
    let prefix = |text: &str| PriceScope::Prefix(text.parse().unwrap());
    let price = |list: &PriceList| list.price(&number, "sms").unwrap().micros;
    list.set(prefix("+4"), "sms", 1);
    list.set(prefix("+44"), "sms", 2);
    list.set(prefix("+45"), "sms", 99);
    assert_eq!(price(&list), 2);
    list.set(prefix("+4474"), "sms", 3);
    list.set(prefix("+447400123456"), "voice", 4);
    assert_eq!(price(&list), 3);
    list.set(prefix("+447400123456"), "sms", 5);
    assert_eq!(price(&list), 5);
    let code = [network.mcc().unwrap(), network.mnc().unwrap()].concat();
    list.set(PriceScope::NetworkCode(code), "sms", 6);
    assert_eq!(price(&list), 6);
    list.set(PriceScope::Network(network.id()), "sms", 7);
    assert_eq!(price(&list), 7);
    assert_eq!(list.remove(&PriceScope::Network(network.id()), "sms"), Some(7));
    assert_eq!((price(&list), list.len()), (6, 7));
}

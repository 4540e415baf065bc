//! What holds for any attempt: the same values give the same assessment, through the journal too, and
//! reasons add up to the score exactly.

use crate::make::{NOW_S, attempt};
use cofferdam_atlas::{Kind, Tariff};
use cofferdam_engine::known::{Blind, Identity, Known, Listed, ListedKind, Seen, SeenWindow};
use cofferdam_engine::limit::{LimitScope, Limits};
use cofferdam_engine::policy::{Destinations, Level, Magic, Mode, Policy, Terms, WindowPlan};
use cofferdam_engine::signal::Code;
use cofferdam_engine::{Assessment, Attempt, Channel, Decision, assess, needs};
use proptest::prelude::*;

const KINDS: [Kind; 10] = [
    Kind::Mobile,
    Kind::Fixed,
    Kind::FixedOrMobile,
    Kind::Voip,
    Kind::Personal,
    Kind::Pager,
    Kind::Uan,
    Kind::Voicemail,
    Kind::Isp,
    Kind::Unknown,
];
const TARIFFS: [Tariff; 4] = [Tariff::Standard, Tariff::Premium, Tariff::SharedCost, Tariff::TollFree];
const CHANNELS: [Channel; 4] = [Channel::Sms, Channel::Voice, Channel::Whatsapp, Channel::Email];
const LEVELS: [Level; 3] = [Level::Basic, Level::Standard, Level::Max];
const MAGIC: [Magic; 5] = [Magic::Block, Magic::Challenge, Magic::Budget, Magic::Landline, Magic::Premium];

fn attempts() -> impl Strategy<Value = Attempt> {
    let place = (0..KINDS.len(), 0..TARIFFS.len(), 0..CHANNELS.len(), any::<bool>());
    let source =
        (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u64>>(), any::<bool>(), any::<bool>());
    (place, source, proptest::option::of(0i64..5_000_000), any::<u128>()).prop_map(
        |((kind, tariff, channel, country), (address, device, user, v6, passed), price, number)| {
            let mut a = attempt();
            (a.place.kind, a.place.tariff, a.channel) = (KINDS[kind], TARIFFS[tariff], CHANNELS[channel]);
            a.place.country = a.place.country.filter(|_| country);
            a.place.number.0 = number;
            (a.source.address, a.source.neighbourhood) = (address, address.map(|x| x ^ 1));
            (a.source.device, a.source.user, a.source.v6) = (device, user, v6);
            (a.price_micros, a.challenge_passed) = (price, passed);
            a
        },
    )
}

fn listed() -> impl Strategy<Value = Option<Listed>> {
    let kinds = [ListedKind::Number, ListedKind::Prefix, ListedKind::Address, ListedKind::Cidr];
    let one = (0..kinds.len(), 1u8..14).prop_map(move |(kind, narrow)| Listed {
        entry: "lst_x".into(),
        kind: kinds[kind],
        prefix: (kinds[kind] == ListedKind::Prefix).then(|| crate::make::prefix("+44770090")),
        narrow,
    });
    proptest::option::weighted(0.2, one)
}

fn knowns() -> impl Strategy<Value = Known> {
    let ago = || proptest::option::weighted(0.3, 0..NOW_S + 100);
    let window = (proptest::sample::select(vec![600u32, 3600, 86_400]), 0u32..60, 0u32..90_000)
        .prop_map(|(window_s, seen, frees_in_s)| SeenWindow { window_s, seen, frees_in_s });
    let seen = (0..LimitScope::ALL.len(), window, any::<u8>()).prop_map(|(scope, window, _)| Seen {
        scope: LimitScope::ALL[scope],
        windows: [window, SeenWindow { window_s: 86_400, ..window }, SeenWindow::default()],
    });
    let blind = proptest::option::weighted(0.1, (0u32..5).prop_map(|nodes| Blind::Tallies { nodes }));
    let identity = (ago(), ago(), ago(), ago(), listed(), listed());
    (identity, proptest::collection::vec(seen, 0..16), blind).prop_map(
        |((a, b, c, d, safe, deny), seen, blind)| {
            let identity = Identity {
                number_proved_s: a,
                device_proved_s: b,
                user_proved_s: b,
                number_device_proved_s: c,
                number_user_proved_s: d,
                safe,
                deny,
                ..Identity::default()
            };
            Known { identity, seen: seen.into_iter().collect(), blind, ..Known::default() }
        },
    )
}

fn terms() -> impl Strategy<Value = (Terms, Policy)> {
    (0..LEVELS.len(), any::<[bool; 5]>(), proptest::option::weighted(0.2, 0..MAGIC.len())).prop_map(
        |(level, [shadow, only, locked, challenge, evidence], magic)| {
            let limits = Limits::builtin(LEVELS[level]);
            let terms = Terms {
                mode: if shadow { Mode::Shadow } else { Mode::Enforce },
                windows: WindowPlan::union([&limits]).expect("few windows"),
                limits,
                destinations: if only {
                    Destinations::Only(vec![crate::make::country("US")])
                } else {
                    Destinations::All
                },
                locked_country: locked.then(|| crate::make::country("GB")),
                can_challenge: challenge,
                magic: magic.map(|at| MAGIC[at]),
                evidence,
            };
            (terms, Policy::builtin(LEVELS[level]))
        },
    )
}

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("written");
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reasons_add_up_and_the_journal_gives_it_again(a in attempts(), k in knowns(), (t, p) in terms()) {
        let assessment = assess(&a, &k, &p, &t);
        let sum = assessment.reasons.iter().fold(assessment.base_points, |sum, r| sum + r.points);
        prop_assert_eq!(sum, assessment.points);
        prop_assert!(assessment.points.abs() <= 12_000);
        prop_assert!((0.0..=1.0).contains(&assessment.score));
        prop_assert_eq!(assessment.waterfall().last().map(|s| s.after_points), Some(assessment.points));
        let again = assess(&through_json(&a), &through_json(&k), &through_json(&p), &through_json(&t));
        prop_assert_eq!(&again, &assessment);
        let read: Assessment = through_json(&assessment);
        prop_assert_eq!(&read, &assessment);
    }

    #[test]
    fn a_block_is_told_why(a in attempts(), k in knowns(), (t, p) in terms()) {
        let assessment = assess(&a, &k, &p, &t);
        let refusing = assessment.reasons.iter().any(|r| r.code.refuses());
        let against = assessment.reasons.iter().any(|r| r.points > 0 || r.code.refuses());
        match assessment.decision {
            Decision::Allow => prop_assert!(!refusing || t.magic.is_some()),
            Decision::Block | Decision::Challenge => prop_assert!(against),
        }
        if !assessment.enforced {
            prop_assert_eq!(t.mode, Mode::Shadow);
            prop_assert!(!refusing || t.magic.is_some());
        }
        for reason in &assessment.reasons {
            prop_assert!(!reason.sentence().to_string().is_empty());
        }
    }

    #[test]
    fn needs_name_each_record_once(a in attempts(), k in knowns(), (t, p) in terms()) {
        let needs = needs(&a, &k.identity, &p, &t);
        let mut keys: Vec<_> = needs.iter().map(|need| need.key).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), needs.len());
    }
}

#[test]
fn every_code_reads_back_and_stands_once() {
    for code in Code::ALL {
        assert_eq!(Code::parse(code.text()), Some(code));
        assert_eq!(Code::ALL.iter().filter(|c| c.text() == code.text()).count(), 1);
    }
    for scope in LimitScope::ALL {
        assert_eq!(Code::Limit(scope).text(), format!("limit.{}", scope.name()));
    }
    assert_eq!(Code::parse("limit.moon"), None);
}

#[test]
fn table_and_files_agree_and_a_code_is_its_files_name() {
    let listed: Vec<_> = cofferdam_engine::detectors().collect();
    for (file, code) in &listed {
        let expected = file.replacen('_', ".", 1);
        match code {
            Some(code) => assert_eq!(code.text(), expected),
            None => assert_eq!(expected, "limit"),
        }
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of detectors") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let name = name.strip_suffix(".rs").expect("a source file").to_owned();
        assert!(listed.iter().any(|(file, _)| *file == name), "{name} is not in the table");
        files += 1;
    }
    assert_eq!(files, listed.len());
}

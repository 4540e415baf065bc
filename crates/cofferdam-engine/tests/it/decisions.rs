//! Examples: one attempt, what is known of it, and what comes out.

use crate::make::{NOW_S, Store, attempt, codes, country, policy, prefix, scopes, terms, with};
use cofferdam_atlas::{Kind, Tariff};
use cofferdam_engine::assessment::{AssessedScope, Assessment};
use cofferdam_engine::known::{Blind, Known, Listed, ListedKind, Seen, SeenWindow};
use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus, Outcome, What};
use cofferdam_engine::policy::{Destinations, Level, Magic, Mode, Policy, Terms};
use cofferdam_engine::signal::{Code, EvidenceKey};
use cofferdam_engine::{
    Attempt, Channel, Closest, Decision, Effect, Entry, Identity, assess, changes, closest_change, give_back,
    identify, learn, needs, review, threshold,
};

fn judged(attempt: &Attempt, terms: &Terms) -> Assessment {
    assess(attempt, &Known::default(), &policy(), terms)
}

fn listed(kind: ListedKind, narrow: u8) -> Listed {
    let prefix = (kind == ListedKind::Prefix).then(|| prefix("+44770090"));
    Listed { entry: "lst_1".into(), kind, prefix, narrow }
}

#[test]
fn an_ordinary_attempt_is_allowed_and_reserved() {
    let assessment = judged(&attempt(), &terms());
    assert_eq!(assessment.decision, Decision::Allow);
    assert_eq!(codes(&assessment), Vec::<&str>::new());
    assert_eq!(assessment.points, -6213);
    assert!((assessment.score - 0.002).abs() < 1e-5, "{}", assessment.score);
    assert_eq!(assessment.policy.as_str(), "pol_standard@1");
    let [Effect::Reserve { scope: LimitScope::Number, limits, windows_s, .. }] =
        assessment.effects.as_slice()
    else {
        panic!("{:?}", assessment.effects)
    };
    assert_eq!(limits.len(), 3);
    assert_eq!(*windows_s, [600, 3600, 86_400]);
}

#[test]
fn premium_and_shared_cost_lines_are_blocked_at_the_default_price() {
    for (tariff, channel) in [
        (Tariff::Premium, Channel::Sms),
        (Tariff::Premium, Channel::Voice),
        (Tariff::SharedCost, Channel::Sms),
        (Tariff::TollFree, Channel::Sms),
    ] {
        let mut attempt = attempt();
        (attempt.place.tariff, attempt.channel) = (tariff, channel);
        let assessment = judged(&attempt, &terms());
        assert_eq!(assessment.decision, Decision::Block, "{tariff:?} {channel:?}");
        assert_eq!(codes(&assessment), ["number.tariff"]);
        assert_eq!(assessment.reasons[0].evidence.key, EvidenceKey::Tariff(tariff));
        assert_eq!(assessment.effects.as_slice(), [Effect::GiveBack]);
        attempt.channel = Channel::Whatsapp;
        assert_eq!(judged(&attempt, &terms()).decision, Decision::Allow, "nobody earns by it there");
    }
}

#[test]
fn a_landline_is_blocked_for_texts_whatever_they_cost() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Fixed;
    assert_eq!(codes(&judged(&attempt, &terms())), ["number.kind"]);
    assert_eq!(judged(&attempt, &terms()).decision, Decision::Block);
    attempt.price_micros = Some(0);
    assert_eq!(judged(&attempt, &terms()).decision, Decision::Block, "no message is reckoned with as free");
    for level in [Level::Basic, Level::Standard, Level::Max] {
        let at = assess(&attempt, &Known::default(), &Policy::builtin(level), &terms());
        assert_eq!(at.decision, Decision::Block, "{level:?}");
    }
    attempt.price_micros = None;
    attempt.channel = Channel::Voice;
    assert_eq!(codes(&judged(&attempt, &terms())), Vec::<&str>::new());
    for kind in [Kind::Pager, Kind::Voicemail, Kind::Uan, Kind::Isp] {
        attempt.place.kind = kind;
        assert_eq!(judged(&attempt, &terms()).decision, Decision::Block, "{kind:?}");
    }
}

#[test]
fn an_argentine_mobile_without_its_nine_is_no_landline() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Fixed;
    attempt.place.country = Some(country("AR"));
    assert_eq!(codes(&judged(&attempt, &terms())), Vec::<&str>::new());
    attempt.place.country = Some(country("DE"));
    assert_eq!(codes(&judged(&attempt, &terms())), ["number.kind"]);
}

/// A policy to which a landline is likely waste, and no more: at the least price its expected waste lies between
/// what a good user is worth at max and at standard.
fn doubtful(mut policy: Policy) -> Policy {
    let worth = |level| Policy::builtin(level).weights.user_worth_micros as f64;
    let harm = policy.weights.least_price_micros as f64 * f64::from(policy.weights.invites_percent) / 100.0;
    let odds = (worth(Level::Max) * worth(Level::Standard)).sqrt() / harm;
    policy.weights.fixed_sms_points = (1000.0 * odds.ln()) as i32 - policy.weights.base_points;
    policy
}

#[test]
fn levels_change_what_a_good_user_is_worth() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Fixed;
    attempt.price_micros = Some(0);
    let at =
        |level| assess(&attempt, &Known::default(), &doubtful(Policy::builtin(level)), &terms()).decision;
    assert_eq!(at(Level::Basic), Decision::Allow);
    assert_eq!(at(Level::Standard), Decision::Allow);
    assert_eq!(at(Level::Max), Decision::Block);
}

#[test]
fn who_can_be_challenged_is_challenged_before_being_blocked() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Fixed;
    attempt.price_micros = Some(0);
    let mut terms = terms();
    terms.can_challenge = true;
    let judged =
        |attempt: &Attempt, terms: &Terms| assess(attempt, &Known::default(), &doubtful(policy()), terms);
    let assessment = judged(&attempt, &terms);
    assert_eq!(assessment.decision, Decision::Challenge);
    let [allow, challenge, block] = assessment.losses_micros;
    assert!(challenge < allow && challenge < block);
    assert_eq!(assessment.effects.as_slice(), [Effect::GiveBack], "nothing is sent yet");
    attempt.challenge_passed = true;
    let passed = judged(&attempt, &terms);
    assert_eq!(passed.decision, Decision::Allow);
    assert!(matches!(passed.effects.as_slice(), [Effect::Reserve { .. }]));
}

#[test]
fn destinations_decide_whatever_the_score_and_in_shadow_too() {
    let attempt = attempt();
    let mut terms = terms();
    terms.mode = Mode::Shadow;
    terms.destinations = Destinations::Only(vec![country("US")]);
    let refused = judged(&attempt, &terms);
    assert_eq!((refused.decision, refused.enforced), (Decision::Block, true));
    assert_eq!(codes(&refused), ["destination.not_allowed"]);
    assert_eq!(refused.reasons[0].evidence.key, EvidenceKey::Country(country("GB")));
    terms.destinations = Destinations::Only(vec![country("US"), country("GB")]);
    assert_eq!(judged(&attempt, &terms).decision, Decision::Allow);
    terms.locked_country = Some(country("US"));
    assert_eq!(codes(&judged(&attempt, &terms)), ["destination.locked"]);
}

#[test]
fn shadow_records_what_a_detector_would_have_decided() {
    let mut attempt = attempt();
    attempt.place.tariff = Tariff::Premium;
    let mut terms = terms();
    terms.mode = Mode::Shadow;
    let assessment = judged(&attempt, &terms);
    assert_eq!((assessment.decision, assessment.enforced), (Decision::Block, false));
    assert_eq!(assessment.followed(), Decision::Allow);
    assert!(matches!(assessment.effects.as_slice(), [Effect::Reserve { .. }]), "it is sent, so it counts");
}

#[test]
fn the_narrower_list_entry_wins_and_the_deny_list_between_equals() {
    use ListedKind::{Address, Cidr, Number, Prefix};
    let cases = [
        (None, Some((Number, 0)), Decision::Block),
        (Some((Prefix, 9)), Some((Number, 0)), Decision::Block),
        (Some((Number, 0)), Some((Prefix, 9)), Decision::Allow),
        (Some((Prefix, 9)), Some((Prefix, 5)), Decision::Allow),
        (Some((Prefix, 5)), Some((Prefix, 9)), Decision::Block),
        (Some((Prefix, 9)), Some((Prefix, 9)), Decision::Block),
        (Some((Number, 0)), Some((Number, 0)), Decision::Block),
        (Some((Number, 0)), Some((Address, 0)), Decision::Block),
        (Some((Number, 0)), Some((Cidr, 120)), Decision::Allow),
        (Some((Prefix, 9)), Some((Cidr, 120)), Decision::Block),
        (Some((Cidr, 120)), Some((Cidr, 112)), Decision::Allow),
    ];
    for (safe, deny, decision) in cases {
        let identity = Identity {
            safe: safe.map(|(kind, narrow)| listed(kind, narrow)),
            deny: deny.map(|(kind, narrow)| listed(kind, narrow)),
            ..Identity::default()
        };
        let known = Known { identity, ..Known::default() };
        let assessment = assess(&attempt(), &known, &policy(), &terms());
        assert_eq!(assessment.decision, decision, "safe {safe:?}, deny {deny:?}");
        let expected = if decision == Decision::Allow { "list.safe" } else { "list.deny" };
        assert_eq!(codes(&assessment), [expected]);
    }
}

#[test]
fn a_safe_number_passes_detectors_and_destinations_but_not_its_own_limit() {
    let mut attempt = attempt();
    attempt.place.tariff = Tariff::Premium;
    let mut terms = terms();
    terms.destinations = Destinations::Only(vec![]);
    let identity = Identity { safe: Some(listed(ListedKind::Number, 0)), ..Identity::default() };
    assert_eq!(scopes(&attempt, &identity, &terms), [LimitScope::NumberChecks]);
    let known = Known { identity, ..Known::default() };
    let assessment = assess(&attempt, &known, &policy(), &terms);
    assert_eq!(assessment.decision, Decision::Allow);
    assert_eq!(codes(&assessment), ["number.tariff", "list.safe"]);
    assert!(matches!(assessment.effects.as_slice(), [Effect::Reserve { scope: LimitScope::Number, .. }]));
}

#[test]
fn a_safe_address_is_not_counted_and_its_requests_are_judged_as_anybodys() {
    let mut attempt = attempt();
    let identity = Identity { safe: Some(listed(ListedKind::Cidr, 120)), ..Identity::default() };
    let counted = scopes(&attempt, &identity, &terms());
    assert!(!counted.contains(&LimitScope::Ip) && !counted.contains(&LimitScope::Ipv4_24));
    assert!(counted.contains(&LimitScope::Device));
    attempt.place.tariff = Tariff::Premium;
    let known = Known { identity, ..Known::default() };
    assert_eq!(assess(&attempt, &known, &policy(), &terms()).decision, Decision::Block);
}

#[test]
fn the_sixth_message_of_a_device_waits_and_refused_ones_do_not_count() {
    let terms = with(Limits { device: vec![Limit { max: 5, window_s: 600 }], ..Limits::default() });
    let (mut store, mut attempt) = (Store::new(), attempt());
    for _ in 0..5 {
        assert_eq!(store.judge(&attempt, &Identity::default(), &terms).decision, Decision::Allow);
        attempt.at_ms += 1000;
    }
    // Asking in vain for an hour keeps nobody out: the five leave the window, and the sixth goes.
    let first = store.judge(&attempt, &Identity::default(), &terms);
    assert_eq!((first.decision, codes(&first)), (Decision::Block, vec!["limit.device"]));
    assert_eq!(first.scope, Some(AssessedScope::Limit(LimitScope::Device)));
    let wait_ms = first.retry_after_ms.expect("a time to come back");
    assert_eq!(first.until_ms, Some(attempt.at_ms + wait_ms));
    assert!((600_000..=700_000).contains(&(wait_ms + 5000)), "{wait_ms}");
    for _ in 0..200 {
        assert_eq!(store.judge(&attempt, &Identity::default(), &terms).decision, Decision::Block);
        attempt.at_ms += 1000;
    }
    attempt.at_ms = first.until_ms.expect("as above");
    assert_eq!(store.judge(&attempt, &Identity::default(), &terms).decision, Decision::Allow);
}

#[test]
fn each_limit_has_its_reason() {
    let one = || vec![Limit { max: 1, window_s: 600 }];
    let cases: [(LimitScope, Limits); 11] = [
        (LimitScope::Ip, Limits { ip: one(), ..Limits::default() }),
        (LimitScope::Ipv4_24, Limits { ipv4_24: one(), ..Limits::default() }),
        (LimitScope::Ipv6_64, Limits { ipv6_64: one(), ..Limits::default() }),
        (LimitScope::Ipv6_48, Limits { ipv6_48: one(), ..Limits::default() }),
        (LimitScope::Device, Limits { device: one(), ..Limits::default() }),
        (LimitScope::Session, Limits { session: one(), ..Limits::default() }),
        (LimitScope::User, Limits { user: one(), ..Limits::default() }),
        (LimitScope::UserAgent, Limits { user_agent: one(), ..Limits::default() }),
        (LimitScope::Prefix, Limits { prefix: one(), ..Limits::default() }),
        (LimitScope::Network, Limits { network: one(), ..Limits::default() }),
        (LimitScope::Country, Limits { country: one(), ..Limits::default() }),
    ];
    let profile = (LimitScope::Profile, Limits { profile: one(), ..Limits::default() });
    for (scope, limits) in cases.into_iter().chain([profile]) {
        let (mut store, mut attempt, terms) = (Store::new(), attempt(), with(limits));
        attempt.source.v6 = matches!(scope, LimitScope::Ipv6_64 | LimitScope::Ipv6_48);
        assert_eq!(store.judge(&attempt, &Identity::default(), &terms).decision, Decision::Allow);
        let second = store.judge(&attempt, &Identity::default(), &terms);
        assert_eq!((second.decision, second.enforced), (Decision::Block, true));
        assert_eq!(codes(&second), [format!("limit.{}", scope.name())]);
        assert!(second.reasons[0].sentence().to_string().contains("1 "), "{}", second.reasons[0].sentence());
    }
}

#[test]
fn wrong_guesses_stop_strangers_starts_and_not_her_own() {
    let (attempt, terms) = (attempt(), terms());
    let windows = [
        SeenWindow { window_s: 86_400, seen: 25, frees_in_s: 4000 },
        SeenWindow::default(),
        SeenWindow::default(),
    ];
    let seen = Seen { scope: LimitScope::NumberChecks, windows };
    let mut known = Known { seen: [seen].into_iter().collect(), ..Known::default() };
    let stranger = assess(&attempt, &known, &policy(), &terms);
    assert_eq!((stranger.decision, codes(&stranger)), (Decision::Block, vec!["limit.number_checks"]));
    known.identity.number_user_proved_s = Some(NOW_S - 1000);
    assert_eq!(assess(&attempt, &known, &policy(), &terms).decision, Decision::Allow);
    known.identity = Identity { number_proved_s: Some(NOW_S - 1000), ..Identity::default() };
    assert_eq!(
        assess(&attempt, &known, &policy(), &terms).decision,
        Decision::Block,
        "the number alone is not she"
    );
}

#[test]
fn who_proved_this_number_has_an_allowance_of_his_own() {
    let attempt = attempt();
    let mut all = Limits::builtin(Level::Standard);
    for shared in [&mut all.prefix, &mut all.network, &mut all.country, &mut all.user_agent, &mut all.profile]
    {
        *shared = vec![Limit { max: 1, window_s: 60 }];
    }
    let terms = with(all);
    let key = |identity: Identity| {
        let known = Known { identity, ..Known::default() };
        let assessment = assess(&attempt, &known, &policy(), &terms);
        let Some(Effect::Reserve { key, .. }) = assessment.effects.first() else { panic!("reserved") };
        *key
    };
    let user = Identity { number_user_proved_s: Some(NOW_S - 60), ..Identity::default() };
    let device = Identity { number_device_proved_s: Some(NOW_S - 60), ..Identity::default() };
    let keys = [key(Identity::default()), key(user.clone()), key(device)];
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
    assert_eq!(scopes(&attempt, &user, &terms), [LimitScope::Profile]);
    // Half a year later it is anybody's again.
    let old = Identity { number_user_proved_s: Some(NOW_S - 181 * 86_400), ..Identity::default() };
    assert_eq!(key(old), keys[0]);
}

#[test]
fn a_number_proved_by_anybody_speaks_for_the_attempt() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Fixed;
    let identity = Identity { number_proved_s: Some(NOW_S - 3 * 86_400), ..Identity::default() };
    let known = Known { identity, ..Known::default() };
    let assessment = assess(&attempt, &known, &policy(), &terms());
    assert_eq!(
        (assessment.decision, codes(&assessment)),
        (Decision::Allow, vec!["number.kind", "number.proved"])
    );
    assert_eq!(
        assessment.reasons[1].sentence().to_string(),
        "A right code came back from this number 3 days ago."
    );
}

#[test]
fn a_family_counts_once_and_the_second_a_tenth() {
    let mut attempt = attempt();
    attempt.place.kind = Kind::Pager;
    attempt.place.tariff = Tariff::TollFree;
    let assessment = judged(&attempt, &terms());
    let points: Vec<_> = assessment.reasons.iter().map(|r| (r.code.text(), r.points)).collect();
    assert_eq!(points, [("number.kind", 10_500), ("number.tariff", 950)]);
    assert_eq!(assessment.points, -6_213 + 11_450);
    let steps: Vec<_> = assessment.waterfall().map(|step| step.after_points).collect();
    assert_eq!(steps, [-6_213, 4_287, 5_237]);
}

#[test]
fn blind_judgement_says_so_and_holds_a_share_of_the_limits() {
    let terms = with(Limits { device: vec![Limit { max: 5, window_s: 600 }], ..Limits::default() });
    let seen = |seen| {
        let windows = [
            SeenWindow { window_s: 600, seen, frees_in_s: 30 },
            SeenWindow::default(),
            SeenWindow::default(),
        ];
        let all = [Seen { scope: LimitScope::Device, windows }];
        Known {
            seen: all.into_iter().collect(),
            blind: Some(Blind::Tallies { nodes: 2 }),
            ..Known::default()
        }
    };
    // Half of five, rounded up, is three.
    let third = assess(&attempt(), &seen(3), &policy(), &terms);
    assert_eq!((third.decision, codes(&third)), (Decision::Allow, vec!["blind"]));
    let fourth = assess(&attempt(), &seen(4), &policy(), &terms);
    assert_eq!((fourth.decision, codes(&fourth)), (Decision::Block, vec!["limit.device", "blind"]));
    // Exact limits do not shrink.
    let windows = [
        SeenWindow { window_s: 86_400, seen: 13, frees_in_s: 30 },
        SeenWindow::default(),
        SeenWindow::default(),
    ];
    let checks = Seen { scope: LimitScope::NumberChecks, windows };
    let known = Known { seen: [checks].into_iter().collect(), ..seen(1) };
    assert_eq!(assess(&attempt(), &known, &policy(), &crate::make::terms()).decision, Decision::Allow);
}

#[test]
fn what_the_records_refuse_becomes_a_block_with_its_reason() {
    let assessment = judged(&attempt(), &terms());
    let seen = SeenWindow { window_s: 600, seen: 5, frees_in_s: 77 };
    let refused = assessment.refused(LimitScope::Number, seen, Limit { max: 5, window_s: 600 });
    assert_eq!((refused.decision, refused.enforced), (Decision::Block, true));
    assert_eq!(codes(&refused), ["limit.number"]);
    assert_eq!(refused.retry_after_ms, Some(77_000));
    assert_eq!(refused.until_ms, Some(attempt().at_ms + 77_000));
    assert_eq!(refused.effects.as_slice(), [Effect::GiveBack]);
    assert_eq!(
        refused.reasons[0].sentence().to_string(),
        "5 messages went to this number within 10 minutes, and 5 are allowed."
    );
}

#[test]
fn magic_numbers_play_their_parts() {
    let (attempt, mut terms) = (attempt(), terms());
    terms.can_challenge = true;
    let mut play = |magic| {
        terms.magic = Some(magic);
        let assessment = judged(&attempt, &terms);
        (assessment.decision, codes(&assessment).join(" "), assessment.score > 0.4)
    };
    assert_eq!(play(Magic::Block), (Decision::Block, "block.standing".into(), true));
    assert_eq!(play(Magic::Challenge), (Decision::Challenge, "block.standing".into(), true));
    assert_eq!(play(Magic::Budget), (Decision::Block, "budget.exhausted".into(), false));
    assert_eq!(play(Magic::Landline).1, "number.kind");
    assert_eq!(play(Magic::Premium), (Decision::Block, "number.tariff".into(), true));
    terms.magic = Some(Magic::Block);
    terms.mode = Mode::Shadow;
    assert!(!judged(&attempt, &terms).enforced, "it plays a detector's finding");
    terms.magic = Some(Magic::Budget);
    assert!(judged(&attempt, &terms).enforced, "money decides in shadow too");
}

#[test]
fn the_closest_change_would_have_let_it_through() {
    let (mut attempt, mut terms) = (attempt(), terms());
    let closest =
        |attempt: &Attempt, known: &Known, terms: &Terms| closest_change(attempt, known, &policy(), terms);
    assert_eq!(closest(&attempt, &Known::default(), &terms), None);
    attempt.place.tariff = Tariff::Premium;
    let alone = closest(&attempt, &Known::default(), &terms);
    assert_eq!(alone, Some(Closest::Without(Code::NumberTariff)));
    assert_eq!(
        alone.expect("as above").to_string(),
        "It would have been sent but for this reason alone: `number.tariff`."
    );
    terms.destinations = Destinations::Only(vec![]);
    let both = closest(&attempt, &Known::default(), &terms);
    assert_eq!(both, Some(Closest::Several));
    attempt.place.tariff = Tariff::Standard;
    assert_eq!(
        closest(&attempt, &Known::default(), &terms),
        Some(Closest::Without(Code::DestinationNotAllowed))
    );
    let terms = with(Limits { device: vec![Limit { max: 5, window_s: 600 }], ..Limits::default() });
    let windows =
        [SeenWindow { window_s: 600, seen: 9, frees_in_s: 30 }, SeenWindow::default(), SeenWindow::default()];
    let known = Known {
        seen: [Seen { scope: LimitScope::Device, windows }].into_iter().collect(),
        ..Known::default()
    };
    let limit = Closest::Limit { scope: LimitScope::Device, window_s: 600, max: 9 };
    assert_eq!(closest(&attempt, &known, &terms), Some(limit));
    let said = "It would have been sent if `limits.device` allowed 9 or more in 10 minutes.";
    assert_eq!(limit.to_string(), said);
}

#[test]
fn the_threshold_is_where_the_decision_changes() {
    let weights = policy().weights;
    // A pumped message costs its price and those that its success invites.
    let harm = 50_000.0 * f64::from(weights.invites_percent) / 100.0;
    let odds: f64 = weights.user_worth_micros as f64 / harm;
    assert!((threshold(&weights, 50_000, false) - odds / (1.0 + odds)).abs() < 1e-12);
    assert!(threshold(&weights, 50_000, true) < threshold(&weights, 50_000, false));
    let least = threshold(&weights, weights.least_price_micros, true);
    assert!((threshold(&weights, 0, true) - least).abs() < f64::EPSILON, "nothing is reckoned with as free");
}

#[test]
fn a_right_check_proves_and_what_was_not_sent_is_given_back() {
    let attempt = attempt();
    let outcome = |what| Outcome { at_ms: attempt.at_ms + 5000, what };
    let asked = identify(&attempt);
    let proved = learn(&outcome(What::Check { result: CheckResult::Ok }), &attempt);
    let at_s = NOW_S + 5;
    let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user];
    let expected: Vec<_> = keys.into_iter().flatten().map(|key| Effect::Prove { key, at_s }).collect();
    assert_eq!(expected.len(), 5);
    assert_eq!(proved, expected);
    assert_eq!(learn(&outcome(What::NotSent), &attempt), [Effect::GiveBack]);
    for what in [
        What::Check { result: CheckResult::Wrong },
        What::Expired,
        What::Delivery { status: DeliveryStatus::Failed },
        What::Challenge { passed: false },
    ] {
        assert_eq!(learn(&outcome(what), &attempt), [], "{what:?}");
    }
}

#[test]
fn time_ends_entries_of_lists() {
    let entry = |id: &str, until_ms| Entry { id: id.into(), until_ms };
    let standing = [entry("a", None), entry("b", Some(1000)), entry("c", Some(1001))];
    assert_eq!(review(&standing, 1000), [Effect::EndEntry { entry: "b".into() }]);
}

#[test]
fn what_is_counted_is_given_back_under_the_same_keys() {
    let needs = needs(&attempt(), &Identity::default(), &policy(), &terms());
    let counted: Vec<_> = changes(&needs, NOW_S).collect();
    let given: Vec<_> = give_back(&needs, NOW_S).collect();
    assert_eq!(counted.len(), needs.iter().filter(|need| need.add).count());
    assert!(!needs.iter().any(|need| need.scope == LimitScope::NumberChecks && need.add));
    assert_eq!(counted.len(), given.len());
    assert!(needs.len() <= 24);
}

#[test]
fn realms_share_no_keys() {
    let (one, mut other) = (attempt(), attempt());
    other.realm = cofferdam_engine::Realm(2);
    let keys = |attempt: &Attempt| -> Vec<u64> {
        let needs = needs(attempt, &Identity::default(), &policy(), &terms());
        needs.iter().map(|need| need.key).chain([identify(attempt).number]).collect()
    };
    let (one, other) = (keys(&one), keys(&other));
    assert!(one.iter().all(|key| !other.contains(key)));
}

//! What standing blocks do to attempts, and which scope an attack is blocked in.

use crate::make::{NOW_S, attempt, codes, policy, prefix, terms};
use arrayvec::ArrayVec;
use cofferdam_engine::assessment::{AssessedScope, Assessment};
use cofferdam_engine::block::Stood;
use cofferdam_engine::evidence::{Climate, Company, Evidenced, Reading, Scope};
use cofferdam_engine::known::{Known, Listed, ListedKind};
use cofferdam_engine::policy::{Mode, Terms};
use cofferdam_engine::signal::EvidenceKey;
use cofferdam_engine::{Attempt, Decision, Effect, Identity, assess};

/// A scope in which so many came, `usual` of them expected, and nobody converts.
fn reading(scope: Scope, seen: f32, usual: f32) -> Reading {
    Reading {
        scope,
        key: 100 + scope as u64,
        seen: [seen; 3],
        explained: [0.0; 3],
        matured: [0.8 * seen; 3],
        converted: [0.0; 3],
        expected: [usual; 3],
        rate: 0.7,
        rate_of: 200.0,
        challenged: 0.0,
        failed: 0.0,
        strikes: 0.0,
        asked: seen,
        trusted: None,
        order: None,
        tried: [[0.0; 2]; 2],
    }
}

fn known(readings: &[Reading]) -> Known {
    let climate = Climate { age_h: 500.0, heat: 0.0, pipe: [1.0; 3] };
    let evidence = Evidenced {
        newcomer: true,
        climate,
        readings: readings.iter().copied().collect(),
        ..Evidenced::default()
    };
    Known { evidence, ..Known::default() }
}

fn stood(scope: Scope) -> Stood {
    Stood {
        scope,
        key: 100 + scope as u64,
        shown: EvidenceKey::Evidence(scope),
        by_hand: false,
        trial: false,
        until_s: Some(NOW_S + 900),
        holds_out: false,
        kept_open: false,
    }
}

fn met(mut known: Known, stood: impl IntoIterator<Item = Stood>) -> Known {
    known.identity.blocks = stood.into_iter().collect::<ArrayVec<_, 4>>();
    known
}

fn dear() -> Attempt {
    Attempt { price_micros: Some(300_000), ..attempt() }
}

fn judged(known: &Known, terms: &Terms) -> Assessment {
    assess(&dear(), known, &policy(), terms)
}

/// Suspicious, but not enough to be blocked by itself where one can be challenged.
fn doubtful() -> Known {
    known(&[reading(Scope::Prefix4, 6.0, 0.1)])
}

fn challenges() -> Terms {
    Terms { can_challenge: true, ..terms() }
}

fn opened(assessment: &Assessment) -> Option<Scope> {
    assessment.effects.iter().find_map(|effect| match effect {
        Effect::OpenBlock(met) => Some(met.scope),
        _ => None,
    })
}

#[test]
fn an_attack_is_blocked_in_the_scope_with_the_fewest_good_people() {
    let network = reading(Scope::Network, 90.0, 20.0);
    for (narrow, usual) in [(Scope::Prefix4, 0.1), (Scope::Address, 0.02), (Scope::ClientNetwork, 1.0)] {
        let assessment = judged(&known(&[network, reading(narrow, 70.0, usual)]), &terms());
        assert_eq!(assessment.decision, Decision::Block);
        assert_eq!(opened(&assessment), Some(narrow), "{narrow:?}");
    }
    // What holds only a part of it explains nothing: the whole network.
    let part = [network, reading(Scope::Prefix4, 12.0, 1.0)];
    assert_eq!(opened(&judged(&known(&part), &terms())), Some(Scope::Network));
    // Whole countries are never shut by the engine alone.
    let country = judged(&known(&[reading(Scope::Country, 900.0, 20.0)]), &terms());
    assert_eq!((country.decision, opened(&country)), (Decision::Block, None));
    // A surge of which nothing is known yet is no evidence.
    let mut fresh = reading(Scope::Prefix4, 70.0, 0.1);
    fresh.matured = [0.0; 3];
    assert_eq!(opened(&judged(&known(&[fresh]), &terms())), None);
}

#[test]
fn in_shadow_nothing_is_opened_and_what_is_shut_already_is_not_opened_again() {
    let guilty = known(&[reading(Scope::Prefix4, 70.0, 0.1)]);
    let shadow = Terms { mode: Mode::Shadow, ..terms() };
    assert_eq!(opened(&judged(&guilty, &shadow)), None);
    assert_eq!(opened(&judged(&met(guilty.clone(), [stood(Scope::Prefix4)]), &terms())), None);
    let trial = Stood { trial: true, ..stood(Scope::Prefix4) };
    assert_eq!(opened(&judged(&met(guilty, [trial]), &terms())), Some(Scope::Prefix4));
}

#[test]
fn a_block_keeps_what_the_score_doubts_and_lets_pass_whom_it_clears() {
    let alone = judged(&doubtful(), &challenges());
    assert!(alone.score > 0.35 && alone.decision != Decision::Block, "{} {:?}", alone.score, alone.decision);
    let blocked = judged(&met(doubtful(), [stood(Scope::Prefix4)]), &challenges());
    assert_eq!((blocked.decision, blocked.score.to_bits()), (Decision::Block, alone.score.to_bits()));
    assert_eq!(codes(&blocked)[0], "block.standing");
    assert_eq!(blocked.scope, Some(AssessedScope::Evidence(Scope::Prefix4)));
    assert_eq!(blocked.until_ms, Some(i64::from(NOW_S + 900) * 1_000));
    assert!(blocked.effects.contains(&Effect::StopAtBlock { key: 100 + Scope::Prefix4 as u64 }));
    let clear = judged(&met(known(&[]), [stood(Scope::Prefix4)]), &challenges());
    assert_eq!((clear.decision, codes(&clear)), (Decision::Allow, Vec::<&str>::new()));
}

#[test]
fn who_is_trusted_or_safe_passes() {
    let block = || met(doubtful(), [stood(Scope::Address)]);
    let with = |change: fn(&mut Identity)| {
        let mut known = block();
        change(&mut known.identity);
        judged(&known, &challenges())
    };
    let stopped = |assessment: &Assessment| codes(assessment).contains(&"block.standing");
    assert!(stopped(&with(|_| {})));
    let listed = |kind| Some(Listed { entry: "lst_1".into(), kind, prefix: None, narrow: 0 });
    assert!(!stopped(&with(|identity| identity.number_proved_s = Some(NOW_S - 60))));
    let mut safe = block();
    safe.identity.safe = listed(ListedKind::Number);
    assert!(!stopped(&judged(&safe, &challenges())));
    safe.identity.safe = listed(ListedKind::Address);
    assert!(!stopped(&judged(&safe, &challenges())), "a safe address passes a block of addresses");
    safe.identity.blocks[0] = stood(Scope::Prefix4);
    assert!(stopped(&judged(&safe, &challenges())), "and not one of numbers");
}

#[test]
fn one_made_by_a_person_holds_whatever_the_score_and_in_shadow_too() {
    let shadow = Terms { mode: Mode::Shadow, ..terms() };
    let own = judged(&met(doubtful(), [stood(Scope::Prefix4)]), &shadow);
    assert_eq!((own.decision, own.enforced), (Decision::Block, false));
    let by_hand = Stood { by_hand: true, ..stood(Scope::Prefix4) };
    let held = judged(&met(known(&[]), [by_hand]), &shadow);
    assert_eq!((held.decision, held.enforced), (Decision::Block, true));
}

#[test]
fn about_one_in_fifty_is_let_through_by_its_dice_while_there_is_room() {
    let room = met(doubtful(), [Stood { holds_out: true, ..stood(Scope::Prefix4) }]);
    let full = met(doubtful(), [stood(Scope::Prefix4)]);
    let rolls = (0..6_000u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let let_through = |known: &Known| {
        let passed = rolls.clone().filter(|dice| {
            let attempt = Attempt { dice: *dice, ..dear() };
            let assessment = assess(&attempt, known, &policy(), &terms());
            let held_out = Effect::PassBlock { key: 100 + Scope::Prefix4 as u64, held_out: true };
            assert_eq!(assessment.decision == Decision::Allow, assessment.effects.contains(&held_out));
            assessment.decision == Decision::Allow
        });
        passed.count()
    };
    let passed = let_through(&room);
    assert!((80..160).contains(&passed), "{passed}");
    assert_eq!(let_through(&full), 0);
}

#[test]
fn what_a_person_keeps_open_is_sent_and_what_stands_half_open_is_watched() {
    let guilty = || known(&[reading(Scope::Prefix4, 70.0, 0.1)]);
    let kept = Stood { kept_open: true, ..stood(Scope::Prefix4) };
    assert_eq!(judged(&guilty(), &terms()).decision, Decision::Block);
    assert_eq!(judged(&met(guilty(), [kept]), &terms()).decision, Decision::Allow);
    let other = met(guilty(), [stood(Scope::Address), kept]);
    assert_eq!(judged(&other, &terms()).decision, Decision::Block, "another block stands");
    let trial = Stood { trial: true, ..stood(Scope::Prefix4) };
    let watched = judged(&met(known(&[]), [trial]), &terms());
    let pass = Effect::PassBlock { key: 100 + Scope::Prefix4 as u64, held_out: false };
    assert!(watched.decision == Decision::Allow && watched.effects.contains(&pass));
}

#[test]
fn a_block_is_told_in_words_without_the_value_of_a_source() {
    let shown = [
        (EvidenceKey::Prefix(prefix("+44770090")), "Numbers that begin with +44770090 are blocked."),
        (EvidenceKey::Evidence(Scope::Address), "The address is blocked."),
        (EvidenceKey::Network(7), "Numbers of this telephone network are blocked."),
    ];
    for (shown, sentence) in shown {
        let block = Stood { shown, by_hand: true, ..stood(Scope::Address) };
        let assessment = judged(&met(known(&[]), [block]), &terms());
        assert_eq!(assessment.reasons[0].sentence().to_string(), sentence);
    }
}

#[test]
fn a_surge_alone_is_challenged_however_much_is_known_of_the_installation() {
    // All of it always has outcomes, and nothing is expected of it: that says nothing of a surge.
    let all = reading(Scope::All, 20_000.0, 0.0);
    let mut surge = reading(Scope::Network, 70.0, 0.1);
    surge.matured = [0.0; 3];
    let asked = judged(&known(&[all, surge]), &challenges());
    assert_eq!(asked.decision, Decision::Challenge, "{:?}", asked.reasons);
    // Outcomes that fail to come say more than growth can.
    surge.matured = [60.0; 3];
    assert_eq!(judged(&known(&[all, surge]), &challenges()).decision, Decision::Block);
}

/// An address from which a company signs its people up: so many challenges, of which some failed, and so many old
/// messages without a code.
fn company(asked: f32, failed: f32, matured: f32) -> [Reading; 2] {
    let tried = |reading: Reading| Reading {
        matured: [matured; 3],
        challenged: asked,
        failed,
        tried: [[asked; 2], [failed; 2]],
        ..reading
    };
    [tried(reading(Scope::ProfileNetwork, 50.0, 1.0)), tried(reading(Scope::Address, 50.0, 0.2))]
}

#[test]
fn who_asks_from_an_address_whose_people_solve_their_challenges_is_asked_and_not_shut_out() {
    let judged_of = |readings: &[Reading], terms: &Terms| judged(&known(readings), terms).decision;
    assert_eq!(judged_of(&company(24.0, 2.0, 12.0), &challenges()), Decision::Challenge);
    // Where nobody can be asked nothing is known of who would solve one.
    assert_eq!(judged_of(&company(24.0, 2.0, 12.0), &terms()), Decision::Block);
    for (asked, failed, matured, why) in [
        (4.0, 0.0, 12.0, "four are too few to tell"),
        (24.0, 12.0, 12.0, "machines fail half of them"),
        (24.0, 2.0, 40.0, "of forty old messages no code came back"),
    ] {
        assert_eq!(judged_of(&company(asked, failed, matured), &challenges()), Decision::Block, "{why}");
    }
    // Forty old messages, and the codes of a company's slow people.
    let slow = company(24.0, 2.0, 40.0).map(|reading| Reading { converted: [15.0; 3], ..reading });
    assert_ne!(judged_of(&slow, &challenges()), Decision::Block);
    // The address is a small part of what is suspected: it says nothing of the rest.
    let [place, address] = company(24.0, 2.0, 12.0);
    let crowd = [Reading { seen: [150.0; 3], ..place }, address];
    assert_eq!(judged_of(&crowd, &challenges()), Decision::Block);
}

#[test]
fn challenges_failed_yesterday_are_not_held_against_the_next_quarter_of_an_hour() {
    let mut quiet = reading(Scope::Network, 8.0, 5.0);
    (quiet.matured, quiet.converted) = ([5.0; 3], [3.0; 3]);
    (quiet.seen, quiet.expected) = ([8.0, 70.0, 800.0], [5.0, 70.0, 800.0]);
    (quiet.matured, quiet.converted) = ([5.0, 60.0, 700.0], [3.0, 42.0, 490.0]);
    (quiet.challenged, quiet.failed) = (230.0, 70.0);
    let judged_at = |reading: Reading| judged(&known(&[reading]), &challenges());
    assert_eq!(judged_at(quiet).decision, Decision::Allow, "{:?}", judged_at(quiet));
    // Failed just now, they are.
    let now = Reading { challenged: 40.0, failed: 30.0, tried: [[40.0; 2], [30.0; 2]], ..quiet };
    let (now, quiet) = (judged_at(now).score, judged_at(quiet).score);
    assert!(now > 2.0 * quiet, "{now} {quiet}");
}

#[test]
fn half_of_a_surely_attacked_networks_newcomers_are_pumped_and_those_unlike_the_others_are_not() {
    let mut half = reading(Scope::Network, 240.0, 100.0);
    half.converted = [70.0; 3];
    let with = |seen: f32| {
        let mut known = known(&[half]);
        let client = Company { scope: Scope::ClientNetwork, of: [239.0; 3], seen: [seen; 3], share: 0.2 };
        known.evidence.company.push(client);
        judged(&known, &challenges())
    };
    let alone = judged(&known(&[half]), &challenges()).score;
    assert!((0.3..0.65).contains(&alone), "{alone}");
    // A fifth of the people have this browser: 20 of them are expected, and 150 came.
    let (usual, surge) = (with(20.0).score, with(150.0).score);
    assert!(usual < 0.75 * alone && surge > 1.2 * alone, "{usual} {alone} {surge}");
}

/// Many came to a place, which says no more than that; yesterday's attack there is remembered.
fn remembered() -> Reading {
    Reading {
        matured: [0.0; 3],
        strikes: 2.5,
        challenged: 8.0,
        failed: 4.0,
        tried: [[8.0; 2], [4.0; 2]],
        ..reading(Scope::Country, 90.0, 2.0)
    }
}

fn rolled(known: &Known, terms: &Terms) -> [usize; 3] {
    let mut decisions = [0; 3];
    for dice in 0..4_000u64 {
        let attempt = Attempt { dice: dice.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..dear() };
        decisions[assess(&attempt, known, &policy(), terms).decision as usize] += 1;
    }
    decisions
}

#[test]
fn whom_memory_shuts_out_is_asked_now_and_then_whether_things_have_changed() {
    let [allowed, challenged, blocked] = rolled(&known(&[remembered()]), &challenges());
    assert_eq!(allowed, 0);
    // One in twenty-four: eight, and four for each of the four that failed.
    assert!((110..230).contains(&challenged), "{challenged} challenged, {blocked} blocked");
    // Where challenges go on failing fewer are asked.
    let failing = Reading { challenged: 60.0, failed: 40.0, tried: [[60.0; 2], [40.0; 2]], ..remembered() };
    let [_, fewer, _] = rolled(&known(&[failing]), &challenges());
    assert!(fewer * 3 < challenged, "{fewer} of {challenged}");
    // Fresh outcomes speak for themselves.
    let fresh = Reading { matured: [20.0; 3], ..remembered() };
    assert_eq!(rolled(&known(&[fresh]), &challenges())[1], 0);
    // Where nobody can be asked a few are sent: one in 140 of a crowd of ninety, and of a flood next to none.
    let [sent, asked, _] = rolled(&known(&[remembered()]), &terms());
    assert!((12..50).contains(&sent) && asked == 0, "{sent} sent, {asked} asked");
    let flood = Reading { seen: [40_000.0; 3], ..remembered() };
    assert!(rolled(&known(&[flood]), &terms())[0] <= 1);
}

#[test]
fn a_premium_line_is_never_drawn_and_no_surge_softens_its_block() {
    let surge = Reading { challenged: 0.0, failed: 0.0, strikes: 0.0, ..remembered() };
    for reading in [remembered(), surge] {
        for terms in [challenges(), terms()] {
            for dice in 0..2_000u64 {
                let mut attempt = Attempt { dice: dice.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..dear() };
                attempt.place.tariff = cofferdam_atlas::Tariff::Premium;
                let judged = assess(&attempt, &known(&[reading]), &policy(), &terms);
                assert_eq!(judged.decision, Decision::Block, "{dice} {:?}", codes(&judged));
            }
        }
    }
}

#[test]
fn memory_does_not_feed_itself() {
    let struck = |known: &Known| {
        let judged = judged(known, &terms());
        assert_eq!(judged.decision, Decision::Block);
        judged.effects.iter().find_map(|effect| match effect {
            Effect::Strike { scope, .. } => Some(*scope),
            _ => None,
        })
    };
    let guilty = reading(Scope::Prefix4, 70.0, 0.1);
    assert_eq!(struck(&known(&[guilty])), Some(Scope::Prefix4));
    // Enough is enough: the installation's heat alone is told.
    assert_eq!(struck(&known(&[Reading { strikes: 3.5, ..guilty }])), Some(Scope::All));
}

#[test]
fn whoever_is_drawn_is_told_so() {
    let known = known(&[remembered()]);
    for dice in 0..200u64 {
        let attempt = Attempt { dice: dice.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..dear() };
        let judged = assess(&attempt, &known, &policy(), &challenges());
        let told = codes(&judged).last() == Some(&"holdout");
        assert_eq!(told, judged.decision == Decision::Challenge, "{dice}");
        assert_eq!(judged.points, judged.base_points + judged.reasons.iter().map(|r| r.points).sum::<i32>());
    }
}

#[test]
fn a_source_whose_people_convert_speaks_for_the_places_it_walks_through() {
    let place = Reading { matured: [0.0; 3], ..reading(Scope::WhenceNetwork, 14.0, 0.2) };
    let source = |seen: f32, converted: f32| Reading {
        matured: [0.8 * seen; 3],
        converted: [converted; 3],
        ..reading(Scope::Address, seen, 0.2)
    };
    let points = |source: Reading| judged(&known(&[place, source]), &challenges()).points;
    let good = points(source(30.0, 16.0));
    // Others' people, of whom it sends a few: what came of them says nothing of the place.
    let few = points(source(6.0, 3.3));
    let silent = points(source(30.0, 0.0));
    assert!(good + 1_000 < few && good + 4_000 < silent, "good {good}, few {few}, silent {silent}");
}

use super::*;
use crate::effect::Effect;
use crate::evidence::{Ask, Evidenced, Faces, Glimpse, Keys};

const NOON: u32 = 1_790_000_000;

fn met(key: u64, scope: Scope, sure: bool) -> Met {
    let shown = EvidenceKey::Evidence(scope);
    Met { scope, key, shown, sure, pace_milli: 40_000, usual_milli: 500, rate_ppm: 700_000 }
}

fn block() -> Block {
    Block::open(&met(7, Scope::Prefix4, true), Channel::Sms, ArrayVec::new(), NOON)
}

fn ask(keys: &[(Scope, u64)], at_s: u32) -> Ask {
    Ask {
        at_s,
        faces: Faces { number: 1, session: None },
        keys: keys.iter().copied().collect::<Keys>(),
        newcomer: true,
        trusted: false,
        glimpse: Glimpse::default(),
        country: None,
        network: None,
        last4: 0,
        proofs: ArrayVec::new(),
        word: None,
    }
}

fn follow(blocks: &mut Blocks, ask: &Ask, effects: &[Effect]) -> usize {
    let evidence = &Evidenced::default();
    let followed =
        Followed { id: 1, ask, channel: Channel::Sms, price_micros: 100_000, effects, points: 0, evidence };
    blocks.follow(&followed, &BlockTerms::default()).len()
}

#[test]
fn each_return_stays_longer_and_strikes_fade_one_a_week() {
    let (mut block, guilty) = (block(), met(7, Scope::Prefix4, true));
    let mut at_s = NOON;
    for lasts in [900, 3_600, 14_400, 86_400, 604_800].map(Some).into_iter().chain([None, None]) {
        assert_eq!(block.until_s.map(|until| until - at_s), lasts);
        at_s += 60;
        block.shut(&guilty, Channel::Sms, at_s);
    }
    let (strikes, weeks) = (block.strikes_at(at_s), 3);
    assert!((block.strikes_at(at_s + weeks * WEEK_S) - (strikes - 3.0)).abs() < 0.01);
    block.shut(&guilty, Channel::Sms, at_s + 7 * WEEK_S);
    assert_eq!(block.until_s, Some(at_s + 7 * WEEK_S + 3_600), "one strike was left, and this is the second");
}

#[test]
fn while_asking_goes_on_it_is_extended_and_when_nobody_asks_it_opens_half() {
    let mut loud = block();
    for second in 0..900 {
        // Forty in a quarter of an hour, as at its opening.
        if second % 22 == 0 {
            loud.ask(NOON + second);
        }
    }
    assert_eq!(loud.review(NOON + 899), None);
    assert_eq!(loud.review(NOON + 900), Some(Turn::Extend { until_s: NOON + 1_800 }));
    let mut quiet = block();
    assert_eq!(quiet.review(NOON + 900), Some(quiet.trial(NOON + 900, Why::Time)), "half the pace is gone");
    // A longer one ends early, but not before two half-lives.
    quiet.until_s = Some(NOON + DAY_S);
    quiet.asked = 1.0;
    assert_eq!(quiet.review(NOON + QUIET_S - 1), None);
    let turn = quiet.review(NOON + QUIET_S).unwrap();
    assert!(matches!(turn, Turn::Trial { why: Why::Quiet, .. }));
    quiet.turn(turn, NOON + QUIET_S);
    assert!(!quiet.stops(Channel::Sms, NOON + QUIET_S) && quiet.state == State::Trial);
    let over = quiet.until_s.unwrap();
    assert_eq!(quiet.review(over - 1), None);
    assert_eq!(quiet.review(over), Some(Turn::End(Why::Time)));
}

#[test]
fn other_channels_pass_and_time_that_is_over_opens_unreviewed() {
    let block = block();
    assert!(block.stops(Channel::Sms, NOON + 899) && !block.stops(Channel::Sms, NOON + 900));
    assert!(!block.stops(Channel::Voice, NOON));
}

#[test]
fn those_let_through_lift_a_block_by_a_few_conversions_and_not_by_one() {
    let mut block = block();
    block.outcome(true);
    assert_eq!(block.review(NOON + 10), None);
    block.outcome(true);
    block.outcome(true);
    assert_eq!(block.review(NOON + 10), Some(Turn::End(Why::Converts)));
    block.stopped = 50;
    assert!((block.good_stopped() - 50.0).abs() < 1e-6);
    block.turn(Turn::End(Why::Converts), NOON + 10);
    assert!(block.strikes_at(NOON + 10) < 1e-6, "it stood against good people, which is no strike");
    assert!(!block.is_gone(NOON + 10) && block.is_gone(NOON + 10 + DAY_S));
    block = Block::open(&met(7, Scope::Prefix4, true), Channel::Sms, ArrayVec::new(), NOON);
    let mut guilty = block;
    for _ in 0..40 {
        guilty.outcome(false);
    }
    assert_eq!(guilty.review(NOON + 10), None);
    assert!(guilty.good_stopped() < 1e-9);
}

#[test]
fn letting_through_is_bounded_by_hour_and_by_age() {
    let mut block = block();
    assert!(!block.holds_out(NOON + HOLDOUT_AFTER_S - 1, 3), "a young block ends by itself soon");
    let old = NOON + HOLDOUT_AFTER_S;
    for _ in 0..3 {
        assert!(block.holds_out(old, 3));
        block.hold_out(old);
    }
    assert!(!block.holds_out(old, 3) && block.holds_out(old + HOUR_S, 3));
    block.by_hand = true;
    assert!(!block.holds_out(old + HOUR_S, 3));
}

#[test]
fn three_in_a_row_open_it_and_an_honest_one_between_breaks_the_row() {
    let mut blocks = Blocks::new();
    let keys = [(Scope::Network, 3), (Scope::Prefix4, 7)];
    let open = [Effect::OpenBlock(met(7, Scope::Prefix4, false))];
    for second in 0..2 {
        assert_eq!(follow(&mut blocks, &ask(&keys, NOON + second), &open), 0);
    }
    follow(&mut blocks, &ask(&keys, NOON + 3), &[]);
    for second in 4..6 {
        assert_eq!(follow(&mut blocks, &ask(&keys, NOON + second), &open), 0);
    }
    assert_eq!(follow(&mut blocks, &ask(&keys, NOON + 6), &open), 1);
    assert_eq!(blocks.get(7).unwrap().state, State::Shut);
    // Sure: at once. And what comes back in the trial is met at once, one rung higher.
    let sure = [Effect::OpenBlock(met(9, Scope::Address, true))];
    assert_eq!(follow(&mut blocks, &ask(&[(Scope::Address, 9)], NOON + 7), &sure), 1);
    let turned = blocks.advance(NOON + 3_000);
    assert_eq!(turned.len(), 2);
    assert_eq!(follow(&mut blocks, &ask(&keys, NOON + 3_001), &open), 1);
    assert_eq!((blocks.get(7).unwrap().rung, blocks.get(7).unwrap().state), (1, State::Shut));
}

#[test]
fn a_narrower_block_takes_the_wider_ones_place_and_a_wider_one_that_of_those_in_it() {
    let mut blocks = Blocks::new();
    let keys = [(Scope::Country, 2), (Scope::Network, 3), (Scope::Prefix4, 7)];
    let of = |key, scope| [Effect::OpenBlock(met(key, scope, true))];
    follow(&mut blocks, &ask(&keys, NOON), &of(3, Scope::Network));
    follow(&mut blocks, &ask(&keys, NOON + 60), &of(7, Scope::Prefix4));
    let (network, prefix) = (blocks.get(3).unwrap(), blocks.get(7).unwrap());
    assert_eq!((network.state, prefix.state), (State::Ended, State::Shut));
    assert_eq!(prefix.opened_s, NOON, "it goes on where the wider one stood");
    let mut blocks = Blocks::new();
    for key in [7, 8] {
        let keys = [(Scope::Network, 3), (Scope::Prefix4, key)];
        follow(&mut blocks, &ask(&keys, NOON), &of(key, Scope::Prefix4));
    }
    let elsewhere = [(Scope::Network, 3), (Scope::Prefix4, 9)];
    follow(&mut blocks, &ask(&elsewhere, NOON + 60), &of(3, Scope::Network));
    assert_eq!(blocks.iter().filter(|block| block.state == State::Shut).count(), 1);
    assert_eq!(blocks.get(3).unwrap().state, State::Shut);
}

#[test]
fn a_lifted_block_can_be_kept_open_and_everything_is_forgotten_in_the_end() {
    let mut blocks = Blocks::new();
    follow(
        &mut blocks,
        &ask(&[(Scope::Prefix4, 7)], NOON),
        &[Effect::OpenBlock(met(7, Scope::Prefix4, true))],
    );
    assert!(blocks.lift(7, NOON + 60, 86_400) && !blocks.lift(7, NOON + 60, 0));
    blocks.advance(NOON + 120);
    assert!(blocks.get(7).unwrap().is_kept_open(NOON + 120));
    let text = serde_json::to_string(&blocks).unwrap();
    assert_eq!(serde_json::from_str::<Blocks>(&text).unwrap(), blocks);
    let bytes = blocks.save();
    assert_eq!(Blocks::restore(&bytes), Some(blocks.clone()));
    assert_eq!(Blocks::restore(&bytes[..bytes.len() - 1]), None);
    let mut later = bytes;
    later[0] = 9;
    assert_eq!(Blocks::restore(&later), None, "another version");
    blocks.advance(NOON + 60 + 86_400);
    assert!(blocks.is_empty());
}

#[test]
fn blocks_are_bounded_and_what_is_over_gives_way() {
    let mut blocks = Blocks::new();
    for key in 0..5_000 {
        let open = [Effect::OpenBlock(met(key, Scope::Address, true))];
        follow(&mut blocks, &ask(&[(Scope::Address, key)], NOON), &open);
    }
    assert_eq!(blocks.len(), 4_096);
    assert!(blocks.get(4_999).is_none());
    blocks.advance(NOON + 10 * HOUR_S);
    blocks.advance(NOON + 20 * HOUR_S);
    let open = [Effect::OpenBlock(met(4_999, Scope::Address, true))];
    follow(&mut blocks, &ask(&[(Scope::Address, 4_999)], NOON + 20 * HOUR_S), &open);
    assert!(blocks.get(4_999).is_some() && blocks.len() == 4_096);
}

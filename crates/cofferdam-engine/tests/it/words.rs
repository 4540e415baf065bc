//! What a block says of the thousandth who asks in a second: who is judged by its word, and who never is.

use crate::world::{Judged, Net, Then, Who, World};
use cofferdam_engine::block::{Blocks, State};
use cofferdam_engine::evidence::Scope;
use cofferdam_engine::signal::Code;
use cofferdam_engine::{Decision, Effect, Known, assess};

/// Somebody of the attack: numbers of one network, one browser, all else new.
fn bot(world: &mut World, net: &Net, n: u64) -> Who {
    let mut who = Who::new(net.nth(n * 977), &mut world.rolls);
    who.agent = Some("bot".into());
    who.price_micros = Some(300_000);
    who
}

/// A world in which somebody proved himself and then an attack was shut out, and the key of the block.
fn attacked() -> (World, Net, Who, u64) {
    let mut world = World::new(5);
    world.blocks = Some(Blocks::new());
    let net = Net::of("GB").remove(0);
    let mut person = Who::new(net.nth(1), &mut world.rolls);
    person.agent = Some("bot".into());
    let first = world.ask(&person);
    assert!(first.sent());
    world.wait(20);
    world.happens(first.id, Then::Enters);
    for n in 0..6_000 {
        let who = bot(&mut world, &net, 1_000 + n);
        let judged = world.ask(&who);
        if judged.assessment.reasons.iter().any(|reason| reason.code == Code::BlockStanding) {
            let key = judged.known.identity.blocks[0].key;
            world.wait(1);
            return (world, net, person, key);
        }
        if n % 40 == 39 {
            world.wait(1);
        }
    }
    panic!("six thousand messages to one network, and nothing was shut");
}

fn by_word(judged: &Judged) -> bool {
    judged.known.evidence.word.is_some()
}

/// So many ask in this second.
fn flood(world: &mut World, net: &Net, from: u64, many: u64) -> Vec<Judged> {
    (from..from + many)
        .map(|n| {
            let who = bot(world, net, n);
            world.ask(&who)
        })
        .collect()
}

#[test]
fn of_a_thousand_in_a_second_a_few_are_judged_in_full_and_all_are_stopped() {
    let (mut world, net, _, key) = attacked();
    let before = world.blocks.as_ref().unwrap().get(key).unwrap().stopped;
    let all = flood(&mut world, &net, 10_000, 1_000);
    assert!(all.iter().all(Judged::blocked));
    let full = all.iter().filter(|judged| !by_word(judged)).count();
    assert_eq!(full, 4, "judged in full");
    assert_eq!(
        world.blocks.as_ref().unwrap().get(key).unwrap().stopped,
        before + 1_000,
        "and all are counted"
    );
    for judged in all.iter().filter(|judged| by_word(judged)) {
        let (said, word) = (&judged.assessment, judged.known.evidence.word.unwrap());
        assert_eq!((word.key, word.read_s), (key, world.now_s));
        assert!(said.score > 0.95 && said.effects.contains(&Effect::StopAtBlock { key }));
        let sum: i32 = said.reasons.iter().map(|reason| reason.points).sum();
        assert_eq!(said.base_points + sum, said.points, "what is told adds up");
        assert_eq!(said.reasons[0].code, Code::BlockStanding);
        // Judged again from what is journalled.
        let text = serde_json::to_string(&judged.known).unwrap();
        let known: Known = serde_json::from_str(&text).unwrap();
        assert_eq!(assess(&judged.attempt, &known, &world.policy, &world.terms), *said);
    }
    // They were counted like any others.
    let evidence = &flood(&mut world, &net, 20_000, 1)[0].known.evidence;
    assert!(evidence.word.is_some());
    world.wait(1);
    let next = flood(&mut world, &net, 30_000, 5);
    assert!(next[..4].iter().all(|judged| !by_word(judged)) && by_word(&next[4]), "another second");
    let network = next[0].known.evidence.readings.iter().find(|own| own.scope == Scope::Network).unwrap();
    assert!(network.seen[0] > 1_000.0, "{}", network.seen[0]);
}

#[test]
fn whoever_has_anything_that_speaks_for_him_is_judged_in_full() {
    let (mut world, net, person, _) = attacked();
    flood(&mut world, &net, 10_000, 50);
    assert!(by_word(&flood(&mut world, &net, 11_000, 1)[0]));
    let again = world.ask(&person);
    assert!(!by_word(&again) && again.sent(), "who proved the number: {:?}", again.assessment);
    let mut other = bot(&mut world, &net, 12_000);
    other.device = person.device.clone();
    assert!(!by_word(&world.ask(&other)), "whose device proved a number");
    let mut neighbour = bot(&mut world, &net, 12_001);
    neighbour.ip = person.ip;
    assert!(!by_word(&world.ask(&neighbour)), "at whose address people proved themselves");
    let resend = bot(&mut world, &net, 12_002);
    world.ask(&resend);
    assert!(!by_word(&world.ask(&resend)), "who is no newcomer");
    let listed = bot(&mut world, &net, 12_003);
    world.list(cofferdam_engine::list::List::Safe, &listed.number);
    let listed = world.ask(&listed);
    assert!(!by_word(&listed) && listed.sent(), "who stands on the safe list");
}

#[test]
fn who_is_drawn_to_be_let_through_still_is() {
    let (mut world, net, _, key) = attacked();
    world.policy.blocks.holdout_day_micros = 5_000_000;
    let blocks = world.blocks.as_mut().unwrap();
    let mut old = blocks.get(key).unwrap().clone();
    (old.since_s, old.until_s) = (old.since_s - 7 * 3_600, None);
    blocks.put(old);
    let all = flood(&mut world, &net, 10_000, 1_000);
    let passed: Vec<&Judged> =
        all.iter().filter(|judged| judged.assessment.decision != Decision::Block).collect();
    // Three an hour, and no more for being many.
    assert_eq!(passed.len(), 3);
    for judged in passed {
        assert!(judged.sent() && !by_word(judged));
        assert!(judged.assessment.reasons.iter().any(|reason| reason.code == Code::Holdout));
    }
}

#[test]
fn a_block_that_is_open_says_nothing() {
    let (mut world, net, _, key) = attacked();
    assert!(flood(&mut world, &net, 10_000, 50).iter().any(by_word));
    let now_s = world.now_s;
    assert!(world.blocks.as_mut().unwrap().lift(key, now_s, 0));
    assert_eq!(world.blocks.as_ref().unwrap().get(key).unwrap().state, State::Ended);
    assert!(!by_word(&flood(&mut world, &net, 11_000, 1)[0]));
}

//! Attackers who know how evidence is counted.

use crate::world::{Judged, Net, Then, Who, World};

const DAY: u32 = 86_400;

fn live(world: &mut World, nets: &[Net], over_s: u32, gap_s: u32) -> usize {
    let mut blocked = 0;
    for _ in 0..over_s / gap_s {
        world.wait(gap_s);
        let number = nets[world.rolls.below(nets.len() as u64) as usize].any(&mut world.rolls);
        let who = Who::new(number, &mut world.rolls);
        blocked += usize::from(world.person(&who, 0.7).blocked());
    }
    blocked
}

fn town(seed: u64) -> (World, Vec<Net>) {
    let mut world = World::new(seed);
    let nets: Vec<Net> = ["GB", "FR"].iter().flat_map(|iso2| Net::of(iso2).into_iter().take(3)).collect();
    live(&mut world, &nets, 4 * DAY, 300);
    (world, nets)
}

/// Numbers of one network at a steady pace, nobody of whom enters anything: how many went out.
fn attack(
    world: &mut World,
    net: &Net,
    count: usize,
    gap_s: u32,
    mut dress: impl FnMut(usize, &mut Who),
) -> usize {
    let mut sent = 0;
    for n in 0..count {
        world.wait(gap_s);
        let mut who = Who::new(net.any(&mut world.rolls), &mut world.rolls);
        dress(n, &mut who);
        sent += usize::from(world.person(&who, 0.0).sent());
    }
    sent
}

#[test]
fn a_session_for_many_numbers_hides_none_of_them() {
    let (mut world, nets) = town(81);
    let plain = attack(&mut world, &nets[4], 400, 15, |_, _| {});
    let (mut world, nets) = town(81);
    let hidden =
        attack(&mut world, &nets[4], 400, 15, |n, who| who.session = Some(format!("sitting {}", n / 9)));
    assert!(hidden <= 2 * plain + 10, "{plain} went out with a session each, {hidden} with one for nine");
}

#[test]
fn numbers_that_were_proved_once_are_no_licence() {
    let (mut world, nets) = town(82);
    let numbers: Vec<Who> =
        (0..60).map(|_| Who::new(nets[4].any(&mut world.rolls), &mut world.rolls)).collect();
    for who in &numbers {
        world.wait(600);
        world.person(who, 1.0);
    }
    let (mut all, mut sent) = (0, 0);
    for _ in 0..80 {
        world.wait(1_800);
        for who in &numbers {
            all += 1;
            sent += usize::from(world.person(who, 0.0).sent());
        }
    }
    assert!(sent * 2 < all, "{sent} of {all} messages went out to sixty numbers, and no code came back");
}

#[test]
fn a_clock_that_was_ahead_for_one_attempt_blinds_nobody() {
    let sent = |ahead_s: u32| {
        let (mut world, nets) = town(83);
        let right_s = world.now_s;
        world.now_s += ahead_s;
        let who = Who::new(nets[4].any(&mut world.rolls), &mut world.rolls);
        world.person(&who, 0.0);
        world.now_s = right_s;
        live(&mut world, &nets, 2 * DAY, 300);
        attack(&mut world, &nets[4], 400, 15, |_, _| {})
    };
    let (never, week) = (sent(0), sent(30 * DAY));
    assert!(
        week <= 2 * never + 10,
        "{never} went out with a clock that was right, {week} after it was ahead"
    );
}

#[test]
fn who_solves_a_challenge_slowly_can_still_prove_his_number() {
    let (mut world, nets) = town(84);
    world.terms.can_challenge = true;
    let mut waiting: Option<Judged> = None;
    for _ in 0..400 {
        world.wait(15);
        let mut who = Who::new(nets[4].any(&mut world.rolls), &mut world.rolls);
        who.price_micros = Some(500_000);
        let judged = world.ask(&who);
        if judged.assessment.decision == cofferdam_engine::Decision::Challenge
            && judged.assessment.score < 0.4
        {
            waiting = Some(judged);
            break;
        }
    }
    let waiting = waiting.expect("somebody is challenged");
    world.wait(360);
    world.happens(waiting.id, Then::Passes);
    world.wait(30);
    let keys = world.tallies.converted(waiting.id, world.now_s);
    assert!(!keys.is_empty(), "six minutes at a puzzle, and the code came back");
}

#[test]
fn proved_numbers_that_ask_in_vain_make_nobody_deaf() {
    let sent = |in_vain: usize| {
        let (mut world, nets) = town(85);
        let proved: Vec<Who> =
            (0..60).map(|_| Who::new(nets[5].any(&mut world.rolls), &mut world.rolls)).collect();
        for who in &proved {
            world.wait(300);
            world.person(who, 1.0);
        }
        let mut sent = 0;
        for n in 0..1_200 {
            world.wait(60);
            for k in 0..in_vain {
                world.person(&proved[(n * in_vain + k) % 60], 0.0);
            }
            let who = Who::new(nets[4].any(&mut world.rolls), &mut world.rolls);
            sent += usize::from(world.person(&who, 0.0).sent());
        }
        sent
    };
    let (alone, covered) = (sent(0), sent(1));
    assert!(
        covered <= 2 * alone + 20,
        "{alone} of 1,200 went out alone, {covered} behind proved numbers that fall silent"
    );
}

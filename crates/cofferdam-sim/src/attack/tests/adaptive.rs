//! What those who adapt do when they are answered.

use super::*;

fn knobs(name: &str) -> Knobs {
    drawn(name, thin(), 21).1
}

fn place(planned: &Planned) -> (Option<u32>, Option<cofferdam_atlas::Country>) {
    let to = parse_e164(&planned.attempt.phone).unwrap();
    (to.network.map(cofferdam_atlas::Network::id), to.country)
}

/// The mean gap of a part of all attempts, in milliseconds.
fn gap(of: &[Planned]) -> f64 {
    let (first, last) = (&of.first().unwrap().attempt, &of.last().unwrap().attempt);
    (last.at_ms - first.at_ms) as f64 / (of.len() - 1) as f64
}

#[test]
fn a_mover_stays_while_it_gets_through_and_moves_when_it_does_not() {
    let knobs = knobs("mover");
    let stayed = driven(&knobs, thin(), |_| Decision::Allow);
    assert_eq!(countries(&stayed), 1);
    let moved = driven(&knobs, thin(), |_| Decision::Block);
    assert!(countries(&moved) >= 5, "{}", countries(&moved));
    assert!(distinct(moved.iter().map(|one| one.attempt.profile.clone())) >= 2);
    assert!(distinct(moved.iter().map(place)) > countries(&stayed));
}

#[test]
fn a_mover_leaves_only_the_place_that_stops_it() {
    let knobs = knobs("mover");
    let mut first = None;
    let all = driven(&knobs, thin(), |one| {
        let country = *first.get_or_insert(place(one).1);
        if place(one).1 == country { Decision::Block } else { Decision::Allow }
    });
    let there = share(&all, |one| Some(place(one).1) == first);
    assert!(there < 0.2, "{there}");
    assert_eq!(countries(&all), 2);
}

#[test]
fn the_edge_is_found_from_below() {
    let knobs = knobs("edge");
    let mut last = None;
    let mut stopped = 0_u32;
    // Stops whoever comes within ten seconds of the one before.
    let all = driven(&knobs, thin(), |one| {
        let now = one.attempt.at_ms;
        let soon = last.replace(now).is_some_and(|last| now - last < 10_000);
        stopped += u32::from(soon);
        if soon { Decision::Block } else { Decision::Allow }
    });
    let free = driven(&knobs, thin(), |_| Decision::Allow);
    assert!(stopped > 0);
    assert!(gap(&free[free.len() / 2..]) < 3000.0, "it speeds up: {}", gap(&free[free.len() / 2..]));
    assert!(gap(&all[all.len() / 2..]) > 5.0 * gap(&free[free.len() / 2..]));
}

#[test]
fn a_warmer_enters_codes_first_and_again_when_stopped() {
    let knobs = knobs("warmer");
    let all = driven(&knobs, thin(), |_| Decision::Allow);
    assert!(share(&all[..20], entered) > 4.0 * share(&all[100..], entered).max(0.02));
    let mut count = 0;
    let again = driven(&knobs, thin(), |_| {
        count += 1;
        if (100..120).contains(&count) { Decision::Block } else { Decision::Allow }
    });
    let tail = share(&again[120..140], entered);
    assert!(tail > 0.2, "it warms up again: {tail}");
}

#[test]
fn a_rival_wants_the_block_to_last_and_not_its_money() {
    let knobs = knobs("rival");
    let loud = driven(&knobs, thin(), |_| Decision::Allow);
    let quiet = driven(&knobs, thin(), |_| Decision::Block);
    assert!(share(&loud, entered) < 0.001);
    assert!(gap(&quiet) > 5.0 * gap(&loud));
    assert!(quiet.len() > 15, "it knocks now and then");
    assert_eq!(distinct(loud.iter().map(|one| place(one).1)), 1);
}

#[test]
fn the_slower_slows_down() {
    let knobs = knobs("slower");
    let free = driven(&knobs, thin(), |_| Decision::Allow);
    let stopped = driven(&knobs, thin(), |_| Decision::Block);
    assert!(gap(&stopped[stopped.len() - 10..]) > 10.0 * gap(&free));
}

#[test]
fn the_returner_stays_away_and_comes_back_to_the_same_place() {
    let knobs = knobs("returner");
    let mut turn = 0;
    let all = driven(&knobs, thin(), |_| {
        turn += 1;
        if turn % 60 > 30 { Decision::Block } else { Decision::Allow }
    });
    let away = all.windows(2).filter(|two| two[1].attempt.at_ms - two[0].attempt.at_ms > HOUR_MS / 2);
    assert!(away.count() >= 3);
    assert_eq!(countries(&all), 1);
}

#[test]
fn a_challenge_that_is_solved_does_not_stop_anybody() {
    let mut solving = knobs("mover");
    solving.solves = 1.0;
    assert_eq!(countries(&driven(&solving, thin(), |_| Decision::Challenge)), 1);
    solving.solves = 0.0;
    assert!(countries(&driven(&solving, thin(), |_| Decision::Challenge)) > 2);
}

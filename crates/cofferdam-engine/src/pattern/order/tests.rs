//! Order, in the paper's terms: what counts through numbers is seen, and people are not.

use super::run::chains;
use super::*;
use crate::pattern::CAP;
use alloc::vec::Vec;
use proptest::prelude::*;

/// A stream of chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// `n` different numbers of the blocks, as (first, size).
    fn people(&mut self, n: usize, blocks: &[(u64, u64)]) -> Vec<u16> {
        let mut all = Vec::new();
        while all.len() < n {
            let (first, size) = blocks[self.below(blocks.len() as u64) as usize];
            let one = (first + self.below(size)) as u16;
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    fn shuffle(&mut self, all: &mut [u16]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

fn counted(first: u16, step: u16, n: u16) -> Vec<u16> {
    (0..n).map(|i| first + i * step).collect()
}

/// The share of honest draws that say more than one nat, and the mean of what they say.
fn false_alarms(seed: u64, mut draw: impl FnMut(&mut Dice) -> Vec<u16>) -> (f64, f64) {
    let (mut dice, rounds) = (Dice(seed), 1500);
    let (mut loud, mut sum) = (0.0, 0.0);
    for _ in 0..rounds {
        let said = order(&draw(&mut dice)).nats;
        loud += f64::from(u8::from(said > 1.0)) / f64::from(rounds);
        sum += said / f64::from(rounds);
    }
    (loud, sum)
}

#[test]
fn counting_up_is_seen_from_five_numbers_on() {
    assert_eq!(order(&counted(100, 1, 4)), Order::default());
    for (n, step) in [(5, 1), (8, 1), (32, 1), (6, 7), (12, 10), (32, 100), (10, 333)] {
        let said = order(&counted(100, step, n));
        assert_eq!(said.step, Some(step), "{n} at {step}");
        assert!(said.nats > 3.0, "{n} at {step}: {said:?}");
    }
}

#[test]
fn holes_and_several_runs_at_once_are_seen() {
    let mut holes = counted(2000, 3, 20);
    holes.retain(|n| n % 5 != 0);
    assert!(order(&holes).nats > 3.0, "{:?}", order(&holes));

    let two: Vec<u16> = counted(1000, 7, 16).into_iter().chain(counted(1003, 7, 16)).collect();
    assert_eq!(order(&two).step, Some(7));
    let other: Vec<u16> = counted(1000, 7, 12).into_iter().chain(counted(1004, 11, 12)).collect();
    assert!(order(&other).nats > 3.0, "{:?}", order(&other));
}

#[test]
fn a_run_among_living_numbers_is_seen() {
    let mut dice = Dice(7);
    let living: [(usize, &[(u64, u64)]); 3] =
        [(24, &[(0, 10_000)]), (24, &[(3000, 1000)]), (16, &[(3200, 100)])];
    for (people, blocks) in living {
        for step in [1, 7, 13] {
            for _ in 0..50 {
                let mut all = dice.people(people, blocks);
                all.extend(counted(3200 + dice.below(60) as u16, step, 32 - people as u16));
                let said = order(&all);
                assert!(said.nats > 2.0 && said.step == Some(step), "{people} {blocks:?} {step}: {said:?}");
            }
        }
    }
    // Four among twenty-eight may be a family's; nothing follows.
    let mut all = dice.people(28, &[(0, 3000)]);
    all.extend(counted(4000, 1, 4));
    assert!(order(&all).nats < 0.0);
}

#[test]
fn people_anywhere_say_nothing() {
    for n in [5, 8, 16, 32] {
        let (loud, mean) = false_alarms(n as u64, |dice| dice.people(n, &[(0, 10_000)]));
        assert!(loud < 0.005 && mean.abs() < 0.9, "{n}: {loud} {mean}");
    }
}

#[test]
fn a_ratio_is_one_on_average_over_people() {
    // Whoever adds these to a posterior relies on it: what is told must not be told too loudly.
    let mut dice = Dice(11);
    for n in [5, 10, 20, 32] {
        for blocks in [&[(0, 10_000)][..], &[(2000, 1000), (0, 10_000)]] {
            let said = (0..1500).map(|_| libm::exp(order(&dice.people(n, blocks)).nats));
            let mean = said.sum::<f64>() / 1500.0;
            assert!(mean < 1.15, "{n} of {blocks:?}: {mean}");
        }
    }
}

#[test]
fn living_blocks_say_little() {
    let blocks: [&[(u64, u64)]; 4] =
        [&[(3000, 1000)], &[(3000, 1000), (7000, 1000)], &[(500, 3000)], &[(4200, 300), (0, 10_000)]];
    for (seed, blocks) in blocks.iter().enumerate() {
        for n in [8, 16, 32] {
            let (loud, mean) = false_alarms(seed as u64, |dice| dice.people(n, blocks));
            assert!(loud < 0.01 && mean < 0.3, "{blocks:?} {n}: {loud} {mean}");
        }
    }
    // In a block of a hundred fleets and small attacks live as well, so it says a little more, and
    // never enough to stop anybody.
    for (seed, blocks) in [&[(4200, 100)][..], &[(4200, 100), (0, 10_000)]].iter().enumerate() {
        for n in [8, 16, 32] {
            let (loud, mean) = false_alarms(seed as u64, |dice| dice.people(n, blocks));
            assert!(loud < 0.05 && mean < 0.6, "{blocks:?} {n}: {loud} {mean}");
        }
    }
}

#[test]
fn typing_errors_are_not_runs() {
    // Four people in twenty-four typed a neighbour first, one of them two; others missed a digit by one.
    let (loud, _) = false_alarms(3, |dice| {
        let mut all = dice.people(24, &[(10, 9980)]);
        for at in 0..4 {
            all.push(all[at] + 1);
        }
        all.push(all[0] - 1);
        for at in 4..7 {
            all.push(all[at].saturating_sub(10));
        }
        all
    });
    assert!(loud < 0.005, "{loud}");
}

proptest! {
    #[test]
    fn shuffling_hides_nothing(seed in any::<u64>(), step in 1u16..200, n in 5u16..32) {
        let mut all = counted(77, step, n);
        let sorted = order(&all);
        Dice(seed).shuffle(&mut all);
        all.push(all[0]);
        prop_assert_eq!(sorted, order(&all));
    }

    #[test]
    fn longer_runs_say_more(step in 1u16..200, n in 5u16..31) {
        let (short, long) = (order(&counted(9, step, n)), order(&counted(9, step, n + 1)));
        prop_assert!(long.run_nats >= short.run_nats && long.nats > 2.0);
    }

    #[test]
    fn whatever_comes_it_is_held(all in proptest::collection::vec(any::<u16>(), 0..50)) {
        let said = order(&all);
        prop_assert!(said.nats.is_finite() && said.nats.abs() <= CAP);
    }

    #[test]
    fn crowded_numbers_fit_the_array_of_chains(seed in any::<u64>(), size in 32u64..80) {
        let all: Sorted = {
            let mut all = Dice(seed).people(32, &[(500, size)]);
            all.sort_unstable();
            all.into_iter().collect()
        };
        prop_assert!(chains(&all, &Here::of(all.iter().copied())).len() < 256);
    }
}

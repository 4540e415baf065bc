//! Whither a campaign sends: the networks that pay, and in which order their numbers are taken.

use super::knobs::{Among, Knobs, Numbers, PriceClass};
use crate::Dice;
use crate::places::{NumberRun, Places};
use alloc::{string::String, vec::Vec};

/// The largest run whose numbers are dealt like cards.
const DEALT_MAX: u64 = 100_000;
/// How many of the largest countries are home.
const HOMES: usize = 4;

/// The destinations of a campaign.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    hits: Vec<Hit>,
    turn: usize,
}

/// One network that is attacked.
#[derive(Debug, Clone)]
struct Hit {
    net: usize,
    runs: Vec<Dealt>,
    same: Vec<String>,
    turn: usize,
}

/// A run, and how far it is used up.
#[derive(Debug, Clone)]
struct Dealt {
    run: NumberRun,
    at: u64,
    order: Vec<u32>,
}

impl Aim {
    /// Chooses networks and runs.
    pub(super) fn choose(knobs: &Knobs, places: &Places, dice: &mut Dice) -> Self {
        let mut aim = Self { hits: Vec::new(), turn: 0 };
        for _ in 0..knobs.networks.max(1) {
            let taken = aim.nets();
            if let Some(net) = another(knobs, places, &taken, dice) {
                aim.hits.push(Hit::of(net, knobs, places, dice));
            }
        }
        aim
    }

    /// The networks that are attacked.
    pub(super) fn nets(&self) -> Vec<usize> {
        self.hits.iter().map(|hit| hit.net).collect()
    }

    /// The next number, and its network; the networks take turns.
    pub(super) fn next(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) -> (usize, String) {
        self.turn += 1;
        let count = self.hits.len().max(1);
        let Some(hit) = self.hits.get_mut(self.turn % count) else { return (0, String::new()) };
        (hit.net, hit.number(knobs, places, dice))
    }

    /// Gives up the runs for others of the same networks.
    pub(super) fn other_runs(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) {
        for hit in &mut self.hits {
            *hit = Hit::of(hit.net, knobs, places, dice);
        }
    }

    /// Gives up the networks for others of their countries, where there are.
    pub(super) fn other_networks(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) {
        for hit in &mut self.hits {
            let country = places.nets.get(hit.net).map(|net| net.country);
            let siblings: Vec<usize> = country
                .map_or_else(Vec::new, |of| places.nets_of(of))
                .into_iter()
                .filter(|net| *net != hit.net)
                .collect();
            let net = dice.pick(&siblings).copied().unwrap_or(hit.net);
            *hit = Hit::of(net, knobs, places, dice);
        }
    }

    /// Gives up the countries.
    pub(super) fn other_countries(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) {
        let taken = self.nets();
        for hit in &mut self.hits {
            if let Some(net) = another(knobs, places, &taken, dice) {
                *hit = Hit::of(net, knobs, places, dice);
            }
        }
    }
}

/// A network that pays, of a country that is not attacked yet if there is one.
fn another(knobs: &Knobs, places: &Places, taken: &[usize], dice: &mut Dice) -> Option<usize> {
    let of_taken: Vec<_> =
        taken.iter().filter_map(|net| places.nets.get(*net)).map(|net| net.country).collect();
    let candidates = candidates(knobs, places);
    let free: Vec<usize> = candidates.iter().copied().filter(|net| !taken.contains(net)).collect();
    let elsewhere: Vec<usize> = free
        .iter()
        .copied()
        .filter(|net| places.nets.get(*net).is_some_and(|net| !of_taken.contains(&net.country)))
        .collect();
    dice.pick(&elsewhere).or(dice.pick(&free)).or(dice.pick(&candidates)).copied()
}

/// The networks that suit: first by their people, then by their price.
fn candidates(knobs: &Knobs, places: &Places) -> Vec<usize> {
    let mut by_people: Vec<usize> = (0..places.nets.len()).collect();
    let weight = |net: &usize| places.nets.get(*net).map_or(0.0, |net| net.weight);
    by_people.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let third = (by_people.len() / 3).max(1);
    match knobs.among {
        Among::Few => by_people.drain(..third.min(by_people.len() - 1)).for_each(drop),
        Among::Any => {}
        Among::Many => by_people.truncate(third),
        Among::Home => {
            let homes: Vec<_> = places.countries().into_iter().take(HOMES).collect();
            by_people.retain(|net| places.nets.get(*net).is_some_and(|net| homes.contains(&net.country)));
            by_people.truncate(2 * HOMES);
        }
    }
    let price = |net: &usize| places.nets.get(*net).map_or(0, |net| net.price_micros);
    by_people.sort_by_key(price);
    let third = (by_people.len() / 3).max(1);
    match knobs.price {
        PriceClass::Any => {}
        PriceClass::Cheap => by_people.truncate(third),
        PriceClass::Dear => by_people.drain(..by_people.len().saturating_sub(third)).for_each(drop),
    }
    by_people
}

impl Hit {
    fn of(net: usize, knobs: &Knobs, places: &Places, dice: &mut Dice) -> Self {
        let mut hit = Self { net, runs: Vec::new(), same: Vec::new(), turn: 0 };
        match knobs.numbers {
            Numbers::Whole => {}
            Numbers::Same => {
                let run = places.run_in(net, knobs.run_digits, dice);
                hit.same = (0..knobs.runs.max(1)).map(|_| run.nth(dice.below(run.count))).collect();
            }
            Numbers::Walk | Numbers::Dense | Numbers::Shuffled => {
                for _ in 0..knobs.runs.max(1) {
                    let run = places.run_in(net, knobs.run_digits, dice);
                    hit.runs.push(Dealt::of(run, knobs.numbers, dice));
                }
            }
        }
        hit
    }

    fn number(&mut self, knobs: &Knobs, places: &Places, dice: &mut Dice) -> String {
        if let Some(same) = dice.pick(&self.same) {
            return same.clone();
        }
        self.turn += 1;
        let count = self.runs.len().max(1);
        let Some(dealt) = self.runs.get_mut(self.turn % count) else {
            return places.number_in(self.net, dice);
        };
        match knobs.numbers {
            Numbers::Walk => {
                let number = dealt.run.nth(dealt.at);
                dealt.at += knobs.step.max(1);
                number
            }
            Numbers::Shuffled if !dealt.order.is_empty() => {
                let at = dealt.order.get(dealt.at as usize % dealt.order.len()).copied().unwrap_or(0);
                dealt.at += 1;
                dealt.run.nth(u64::from(at))
            }
            _ => dealt.run.nth(dice.below(dealt.run.count)),
        }
    }
}

impl Dealt {
    fn of(run: NumberRun, numbers: Numbers, dice: &mut Dice) -> Self {
        let mut order: Vec<u32> = Vec::new();
        if numbers == Numbers::Shuffled {
            order = (0..run.count.min(DEALT_MAX) as u32).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, dice.below(at as u64 + 1) as usize);
            }
        }
        // A walk begins anywhere: nobody's first number ends in zeros.
        let at = if numbers == Numbers::Walk { dice.below(run.count) } else { 0 };
        Self { run, at, order }
    }
}

//! A network: its numbers, where in them people live, and what is usual there.

use super::markets::Market;
use super::{Density, PRICE_UNKNOWN};
use crate::Dice;
use alloc::{format, string::String, vec::Vec};
use cofferdam_atlas::{Country, Kind, Network, Run, mobile_runs, parse_e164, reference_price_micros};

/// How many runs with living numbers a network has at most.
const LIVING_MAX: u64 = 60;
/// The share of people whose number lies in one of them.
const LIVING_SHARE: f64 = 0.9;
/// How large a living run is, as a power of ten.
const LIVING_DIGITS: u32 = 4;

/// A network that messages can be sent to, with numbers to make up.
#[derive(Debug, Clone)]
pub struct PlaceNet {
    /// Where.
    pub country: Country,
    /// Whom the atlas names for its numbers; none where no allocation is known.
    pub network: Option<u32>,
    /// What a text is priced at, in micros.
    pub price_micros: i64,
    /// What a call is priced at.
    pub voice_price_micros: i64,
    /// The normal share of codes that are entered.
    pub converts: f64,
    /// The share of the world's genuine sittings.
    pub weight: f64,
    /// The share of people who took their number here from another network of the country.
    pub ported: f64,
    runs: Vec<Run>,
    /// How many numbers the runs have up to each, capped so that one vast run is not all.
    sizes: Vec<u64>,
    living: Vec<NumberRun>,
}

/// Consecutive numbers, all valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberRun {
    /// The digits of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl NumberRun {
    /// The number at a place, counted from 0 and beginning again at the end, as `+` and digits.
    pub fn nth(&self, at: u64) -> String {
        format!("+{}", self.first + at % self.count.max(1))
    }
}

impl PlaceNet {
    /// A number of this network's own.
    pub(super) fn number(&self, dice: &mut Dice) -> String {
        if dice.chance(LIVING_SHARE) {
            // The first runs hold more people than the last: the square of an even draw.
            let at = dice.unit() * dice.unit() * self.living.len() as f64;
            if let Some(living) = self.living.get(at as usize) {
                return living.nth(dice.below(living.count));
            }
        }
        let run = self.any_run(dice);
        format!("+{}", run.map_or(0, |run| run.nth(dice.below(run.numbers()))))
    }

    /// A run of `10^digits` numbers; with a chance of `living`, one where people live.
    pub(super) fn run(&self, digits: u32, living: f64, dice: &mut Dice) -> NumberRun {
        let lived_in = dice.chance(living).then(|| dice.pick(&self.living).copied()).flatten();
        if let Some(lived_in) = lived_in {
            let count = 10_u64.pow(digits).min(lived_in.count);
            let at = dice.below(lived_in.count / count.max(1));
            return NumberRun { first: lived_in.first + at * count, count };
        }
        self.fresh(digits, dice)
    }

    fn fresh(&self, digits: u32, dice: &mut Dice) -> NumberRun {
        let Some(run) = self.any_run(dice) else { return NumberRun { first: 0, count: 1 } };
        let count = 10_u64.pow(digits).min(run.numbers());
        let at = dice.below(run.numbers() / count.max(1));
        NumberRun { first: run.nth(at * count), count }
    }

    /// A run, by its size.
    fn any_run(&self, dice: &mut Dice) -> Option<&Run> {
        let at = dice.below(self.sizes.last().copied().unwrap_or(0));
        self.runs.get(self.sizes.partition_point(|size| *size <= at))
    }
}

/// The networks of a country, the largest first.
pub(super) fn of_market(market: &Market, density: Density, dice: &mut Dice) -> Vec<PlaceNet> {
    let mut nets: Vec<(Option<u32>, Vec<Run>)> = Vec::new();
    for run in mobile_runs(market.country).into_iter().filter(ordinary) {
        let network = run.network.map(Network::id);
        match nets.iter_mut().find(|(held, _)| *held == network) {
            Some((_, runs)) => runs.push(run),
            None => nets.push((network, alloc::vec![run])),
        }
    }
    let numbers = |runs: &[Run]| runs.iter().map(|run| run.numbers().min(10_000_000)).sum::<u64>();
    nets.retain(|(_, runs)| numbers(runs) >= 10_000);
    nets.sort_by_key(|(network, runs)| (core::cmp::Reverse(numbers(runs)), *network));
    // Where allocations are known, what is unknown is a small rest; a busy world keeps it.
    if density == Density::Thin && nets.len() > 1 {
        nets.retain(|(network, _)| network.is_some());
    }
    nets.truncate(market.nets);
    let steep = dice.between(0.6, 1.2);
    let made = nets.into_iter().enumerate().map(|(rank, (network, runs))| {
        let weight = market.weight * libm::pow(rank as f64 + 1.0, -steep);
        place(market, (network, runs), weight, density, dice)
    });
    let mut made: Vec<PlaceNet> = made.collect();
    let sum: f64 = made.iter().map(|net| net.weight).sum();
    for net in &mut made {
        net.weight *= market.weight / sum;
    }
    made
}

/// In plans that do not tell telephones apart, all numbers may be mobile; no pagers or numbers for machines, which
/// some plans give more digits.
fn ordinary(run: &Run) -> bool {
    matches!(run.kind, Kind::Mobile | Kind::FixedOrMobile) && run.numbers() >= 100 && run.len <= 13
}

fn place(
    market: &Market,
    (network, runs): (Option<u32>, Vec<Run>),
    weight: f64,
    density: Density,
    dice: &mut Dice,
) -> PlaceNet {
    let sizes: Vec<u64> = runs
        .iter()
        .scan(0, |sum, run| {
            *sum += run.numbers().min(1_000_000);
            Some(*sum)
        })
        .collect();
    let first = runs.first().and_then(|run| parse_e164(&format!("+{}", run.nth(0))).ok());
    let reference = first.and_then(reference_price_micros).unwrap_or(PRICE_UNKNOWN) as f64;
    let price = (reference * dice.log_normal(1.0, 0.2)).max(2000.0);
    let ported = match (market.country.mobile_numbers_are_ported(), density) {
        (false, _) => 0.0,
        (true, Density::Thin) => dice.between(0.02, 0.08),
        (true, Density::Busy) => dice.between(0.08, 0.3),
    };
    let odds = market.converts / (1.0 - market.converts) * libm::exp(0.25 * dice.normal());
    let mut net = PlaceNet {
        country: market.country,
        network,
        price_micros: price as i64,
        voice_price_micros: (price * dice.between(1.5, 4.0)) as i64,
        converts: (odds / (1.0 + odds)).clamp(0.15, 0.96),
        weight,
        ported,
        runs,
        sizes,
        living: Vec::new(),
    };
    let living = 8 + dice.below(LIVING_MAX - 8);
    net.living = (0..living).map(|_| net.fresh(LIVING_DIGITS, dice)).collect();
    net
}

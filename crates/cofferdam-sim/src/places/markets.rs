//! Which countries a world has users in, and how many.

use super::Density;
use crate::Dice;
use alloc::vec::Vec;
use cofferdam_atlas::{Country, addresses_v4, mobile_runs};

/// Countries where installations usually have their people; which of them, and in which order, is drawn.
const USUAL: &[&str] = &[
    "US", "GB", "DE", "FR", "IN", "BR", "ES", "IT", "MX", "NL", "PL", "TR", "ID", "PH", "CA", "AU", "ZA",
    "NG", "EG", "SA", "AE", "TH", "VN", "MY", "SG", "JP", "KR", "SE", "NO", "DK", "FI", "PT", "GR", "RO",
    "CZ", "HU", "AT", "CH", "BE", "IE", "UA", "IL", "CO", "AR", "CL", "PE", "KE", "GH", "MA", "PK",
];
/// Numbers below which a country has too few to be pumped or lived in.
const NUMBERS_MIN: u64 = 20_000;

/// The share of countries where few codes are ever entered.
const POOR: f64 = 0.13;

/// A country of a world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Market {
    pub(super) country: Country,
    /// Relative; networks are scaled to 1 afterwards.
    pub(super) weight: f64,
    /// The share of codes entered, before the network's own.
    pub(super) converts: f64,
    /// Networks it may have at most.
    pub(super) nets: usize,
}

/// The countries, the largest first, then those with next to nobody.
pub(super) fn choose(density: Density, dice: &mut Dice) -> Vec<Market> {
    let (lived_in, nearly_empty, steep, nets) = match density {
        Density::Thin => (30 + dice.below(12) as usize, 34, dice.between(1.0, 1.4), 5),
        Density::Busy => (11 + dice.below(5) as usize, 20, dice.between(0.6, 0.9), 3),
    };
    let mut usual: Vec<Country> = USUAL.iter().filter_map(|iso2| Country::from_iso2(iso2)).collect();
    shuffle(&mut usual, dice);
    let mut rest: Vec<Country> = Country::all().filter(|country| !usual.contains(country)).collect();
    shuffle(&mut rest, dice);
    let home = usual.split_off(usual.len().saturating_sub(lived_in));
    let empty = usual.into_iter().chain(rest).filter(|country| habitable(*country)).take(nearly_empty);
    let mut markets = Vec::new();
    let (mut rank, mut sum) = (0.0, 0.0);
    for country in home.into_iter().filter(|country| habitable(*country)) {
        rank += 1.0;
        let weight = libm::pow(rank, -steep) * dice.log_normal(1.0, 0.15);
        sum += weight;
        // The largest markets are those where it works.
        let poor = if rank <= 3.0 { 0.0 } else { POOR };
        markets.push(Market { country, weight, converts: converts(poor, dice), nets });
    }
    for country in empty {
        // From one person in several days to some tens a day.
        let weight = sum * dice.log_normal(1.2e-4, 1.1);
        markets.push(Market { country, weight, converts: converts(POOR, dice), nets });
    }
    markets
}

/// Codes entered of codes sent: most countries do well, one in eight always poorly.
fn converts(poor: f64, dice: &mut Dice) -> f64 {
    if dice.chance(poor) { dice.between(0.2, 0.45) } else { dice.between(0.52, 0.93) }
}

fn habitable(country: Country) -> bool {
    let numbers: u64 = mobile_runs(country).iter().map(|run| run.numbers().min(1_000_000)).sum();
    numbers >= NUMBERS_MIN && addresses_v4(country).next().is_some() && country.place().is_some()
}

/// In an order drawn (Fisher and Yates).
pub(crate) fn shuffle<T>(of: &mut [T], dice: &mut Dice) {
    for at in (1..of.len()).rev() {
        let other = dice.below(at as u64 + 1) as usize;
        of.swap(at, other);
    }
}

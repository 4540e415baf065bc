//! A list of countries and no other: what every guide calls the most effective single step. Fifteen markets, the
//! largest of the world at its beginning.

use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::places::Places;
use crate::stream::{AttemptEvent, Became};
use alloc::vec::Vec;
use cofferdam_atlas::Country;
use cofferdam_engine::Decision;

/// How many markets an operator has listed.
const MARKETS: usize = 15;

/// Lets pass what goes to a listed country.
#[derive(Debug, Clone)]
pub struct Markets {
    listed: Vec<Country>,
}

impl Markets {
    /// The largest of a world.
    pub fn largest(places: &Places) -> Self {
        let mut people: Vec<(Country, f64)> = Vec::new();
        for net in &places.nets {
            match people.iter_mut().find(|(country, _)| *country == net.country) {
                Some((_, weight)) => *weight += net.weight,
                None => people.push((net.country, net.weight)),
            }
        }
        people.sort_by(|a, b| b.1.total_cmp(&a.1));
        Self::of(people.into_iter().map(|(country, _)| country).take(MARKETS).collect())
    }

    /// These countries.
    pub fn of(listed: Vec<Country>) -> Self {
        Self { listed }
    }
}

impl Judge for Markets {
    fn decide(&mut self, attempt: &AttemptEvent, _: i64) -> Decided {
        match place::of(&attempt.phone) {
            None => because(Decision::Block, place::INVALID),
            Some(to) if to.country.is_some_and(|country| self.listed.contains(&country)) => allow(),
            Some(_) => because(Decision::Block, "country.unlisted"),
        }
    }

    fn learn(&mut self, _: &str, _: Became, _: i64) {}
}

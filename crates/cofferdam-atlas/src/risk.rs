//! What is believed of a destination before anything was seen of it: a prior, to be overruled by an
//! installation's own conversions, and never the only reason for a block.
//!
//! Each thing that speaks against a destination has a weight between 0 and 1, the share of unwanted messages to
//! be expected from it alone. They are joined as if independent: the score is one less the product of
//! (1 - weight), beginning with 0.02 for any destination. Below 0.15 a score is low, from 0.5 high.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::destination::Destination;
use crate::kind::{Kind, Tariff};
use crate::tables::prior::{THROWN_AWAY, WARNED};

/// What providers warn of in a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Warned {
    Burst,
    Pumping,
    TollFraud,
    Mixed,
}

/// How much a score says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Below 0.15.
    Low,
    /// Below 0.5.
    Medium,
    /// All else.
    High,
}

impl Category {
    /// The name that the API uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A prior and its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Between 0 and 1.
    pub score: f64,
    /// The score in a word.
    pub category: Category,
    /// What speaks against the destination, the heaviest first.
    pub why: Vec<&'static str>,
}

const BASE: f64 = 0.02;
const MEDIUM: f64 = 0.15;
const HIGH: f64 = 0.5;
/// Only what is listed is known, so a share of published throw-away numbers counts double, up to this.
const MOST_THROWN_AWAY: f64 = 0.9;

/// The prior of a destination.
pub fn risk(destination: &Destination) -> Risk {
    let mut against: Vec<(f64, &'static str)> = [
        tariff(destination),
        kind(destination),
        country(destination),
        thrown_away(destination),
        standing(destination),
    ]
    .into_iter()
    .flatten()
    .collect();
    against.sort_by(|left, right| right.0.total_cmp(&left.0));
    let good = against.iter().fold(1.0 - BASE, |good, (weight, _)| good * (1.0 - weight));
    let score = 1.0 - good;
    let category = match score {
        low if low < MEDIUM => Category::Low,
        medium if medium < HIGH => Category::Medium,
        _ => Category::High,
    };
    Risk { score, category, why: against.into_iter().map(|(_, why)| why).collect() }
}

fn tariff(destination: &Destination) -> Option<(f64, &'static str)> {
    match destination.tariff {
        Tariff::Standard => None,
        Tariff::Premium => Some((0.9, "premium-rate number: the called party earns")),
        Tariff::SharedCost => Some((0.5, "shared-cost number: the called party may earn")),
        Tariff::TollFree => Some((0.3, "toll-free number: people do not receive codes there")),
    }
}

fn kind(destination: &Destination) -> Option<(f64, &'static str)> {
    match destination.kind {
        Kind::Personal => Some((0.5, "personal number: forwards at the caller's expense")),
        Kind::Pager => Some((0.5, "pager")),
        Kind::Uan => Some((0.3, "company number: people do not receive codes there")),
        Kind::Voicemail => Some((0.5, "mailbox")),
        Kind::Isp => Some((0.5, "internet access number")),
        Kind::Voip => Some((0.12, "number over the internet: easy to get in bulk")),
        Kind::Mobile | Kind::Fixed | Kind::FixedOrMobile | Kind::Unknown => None,
    }
}

fn country(destination: &Destination) -> Option<(f64, &'static str)> {
    let Some(country) = destination.country else {
        return destination
            .strictly_valid
            .then_some((0.6, "number of no country: satellite or international service"));
    };
    let row = WARNED.binary_search_by_key(&(country.index() + 1), |(country, _)| *country).ok()?;
    Some(match WARNED.get(row)?.1 {
        Warned::Mixed => (0.25, "destination that several providers warn of"),
        Warned::Pumping => (0.25, "destination that providers warn of: message pumping"),
        Warned::TollFraud => (0.2, "destination that providers warn of: toll fraud"),
        Warned::Burst => (0.12, "destination that a provider watches for bursts"),
    })
}

fn thrown_away(destination: &Destination) -> Option<(f64, &'static str)> {
    let run = destination.number.digits() / 10_000;
    let row = THROWN_AWAY.binary_search_by_key(&run, |(run, _)| *run).ok()?;
    let share = f64::from(THROWN_AWAY.get(row)?.1) / 10_000.0;
    Some(((2.0 * share).min(MOST_THROWN_AWAY), "throw-away numbers were published from this run"))
}

fn standing(destination: &Destination) -> Option<(f64, &'static str)> {
    let gone = !destination.strictly_valid && !destination.fictional;
    gone.then_some((0.9, "no numbering plan holds this number any more"))
}

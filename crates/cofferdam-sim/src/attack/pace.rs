//! When a campaign sends.

use super::knobs::{Knobs, Pace};
use crate::Dice;
use crate::places::Places;
use alloc::vec::Vec;
use cofferdam_atlas::Country;

pub(super) const HOUR_MS: f64 = 3_600_000.0;
/// The share of a network's sittings that are newcomers, about: what an attacker's share is a share of.
const NEWCOMERS: f64 = 0.5;

/// The moments of `count` messages in a span that begins at a time, in order.
pub(super) fn moments(
    knobs: &Knobs,
    country: Option<Country>,
    (start_ms, hours): (i64, f64),
    count: u64,
    dice: &mut Dice,
) -> Vec<i64> {
    let span = (hours * HOUR_MS).max(1000.0);
    let bursts: Vec<(f64, f64)> = match knobs.pace {
        Pace::Bursts => {
            (0..2 + dice.below(5)).map(|_| (dice.between(0.0, 0.9), dice.between(0.01, 0.08))).collect()
        }
        Pace::Even | Pace::Local => Vec::new(),
    };
    let mut moments: Vec<i64> = (0..count)
        .map(|_| {
            loop {
                let share = match dice.pick(&bursts) {
                    Some((from, wide)) => from + wide * dice.unit(),
                    None => dice.unit(),
                };
                let at = start_ms + (share * span) as i64;
                if knobs.pace != Pace::Local || dice.chance(day(country, at)) {
                    break at;
                }
            }
        })
        .collect();
    moments.sort_unstable();
    moments
}

/// How busy an hour of a country's day is, against its evening.
pub(super) fn day(country: Option<Country>, at_ms: i64) -> f64 {
    let local = country.map_or(at_ms, |country| Places::local_ms(country, at_ms));
    let hour = local.rem_euclid(24 * 3_600_000) as f64 / HOUR_MS;
    let wave = 0.5 + 0.5 * libm::cos((hour - 19.5) / 24.0 * core::f64::consts::TAU);
    0.06 + 0.94 * libm::pow(wave, 1.3)
}

/// How many messages a visit has.
pub(super) fn volume(knobs: &Knobs, places: &Places, nets: &[usize]) -> u64 {
    if knobs.share <= 0.0 {
        return knobs.messages / knobs.visits.max(1);
    }
    let share = knobs.share.min(0.95);
    let a_day: f64 = nets.iter().map(|net| places.per_day_in(*net)).sum();
    let wanted = share / (1.0 - share) * a_day * NEWCOMERS * knobs.hours / 24.0;
    (wanted as u64).clamp(30, knobs.messages.saturating_mul(8).max(30)) / knobs.visits.max(1)
}

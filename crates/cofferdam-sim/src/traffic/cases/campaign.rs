//! Advertising: many times the usual sign-ups for hours, by people who care less.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(4.0, 10.0);
    let net = scene.large_net();
    let Some(country) = scene.country(net) else { return };
    let hour = scene.dice.below(6) as i64 + 10;
    let from = scene.morning(country, hour, hours);
    let usual: f64 = scene.places.nets_of(country).iter().map(|net| scene.places.per_day_in(*net)).sum();
    let newcomers = scene.times(4.0, 11.0, usual);
    let converts = scene.dice.between(0.5, 0.75);
    let usual = Spell::usual("campaign", from, hours, Reach::Country(country));
    scene.spells.push(Spell { newcomers, converts, soft: true, ..usual });
}

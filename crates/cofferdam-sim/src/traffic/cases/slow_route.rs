//! A slow route: a country's messages take minutes for hours; people ask again, and most enter a code at last.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(3.0, 8.0);
    let net = scene.large_net();
    let Some(country) = scene.country(net) else { return };
    let from = scene.morning(country, 10, hours);
    let (slow, arrives) = (scene.dice.between(15.0, 50.0), scene.dice.between(0.7, 0.9));
    let usual = Spell::usual("slow_route", from, hours, Reach::Country(country));
    scene.spells.push(Spell { slow, arrives, converts: 0.85, ..usual });
}

//! A launch in a dear country: from nothing to a leading one within a day, and it converts.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.empty_net(true);
    let Some(country) = scene.country(net) else { return };
    let days = scene.dice.between(1.5, 4.0);
    let from = scene.morning(country, 8, days * 24.0);
    let networks = scene.places.nets_of(country).len().max(1) as f64;
    let more_a_day = scene.size * scene.dice.between(150.0, 450.0) / networks;
    let usual = Spell::usual("launch", from, days * 24.0, Reach::Country(country));
    scene.spells.push(Spell { more_a_day, soft: true, ..usual });
}

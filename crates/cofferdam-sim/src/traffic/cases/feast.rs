//! Midnight of a feast: a country asks at once, and its networks are slow.

use super::super::crowd::HOUR_MS;
use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.large_net();
    let Some(country) = scene.country(net) else { return };
    let from = scene.morning(country, 23, 6.0) + HOUR_MS / 2;
    let (newcomers, known) = (scene.dice.between(12.0, 30.0), scene.dice.between(25.0, 60.0));
    let (slow, arrives) = (scene.dice.between(3.0, 8.0), scene.dice.between(0.75, 0.95));
    let usual = Spell::usual("feast", from, 3.0, Reach::Country(country));
    scene.spells.push(Spell { newcomers, known, slow, arrives, soft: true, ..usual });
}

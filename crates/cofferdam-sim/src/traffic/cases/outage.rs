//! A route fails: next to nothing arrives on one network for hours, and everybody asks again.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..4 {
        let hours = scene.dice.between(2.0, 7.0);
        let net = scene.large_net();
        let Some(country) = scene.country(net) else { return };
        let from = scene.morning(country, 9, hours);
        let arrives = scene.dice.between(0.0, 0.12);
        scene.spells.push(Spell { arrives, ..Spell::usual("outage", from, hours, Reach::Net(net)) });
    }
}

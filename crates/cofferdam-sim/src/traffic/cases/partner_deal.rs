//! A deal with a telephone company: its network alone has many times its usual sign-ups for two days.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.large_net();
    let Some(country) = scene.country(net) else { return };
    let from = scene.morning(country, 8, 48.0);
    let usual = scene.places.per_day_in(net);
    let newcomers = scene.times(2.0, 7.0, usual);
    let converts = scene.dice.between(0.85, 1.0);
    let usual = Spell::usual("partner_deal", from, 48.0, Reach::Net(net));
    scene.spells.push(Spell { newcomers, converts, ..usual });
}

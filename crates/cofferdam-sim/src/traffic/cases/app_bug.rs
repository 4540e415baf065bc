//! A release breaks the field for the code: one client's people ask, and few of them get through.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(4.0, 12.0);
    let agent = if scene.dice.chance(0.5) { "App/4" } else { "Mozilla/5.0 (iPhone" };
    let from = scene.moment(hours);
    let converts = scene.dice.between(0.1, 0.4);
    scene.spells.push(Spell { converts, ..Spell::usual("app_bug", from, hours, Reach::Agent(agent)) });
}

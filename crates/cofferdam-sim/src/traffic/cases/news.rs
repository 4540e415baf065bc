//! A rival is down, or it is in the news: known people of all countries within an hour, and some new ones.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(1.0, 3.0);
    let from = scene.moment(hours);
    let known = 1.0 + scene.size * scene.dice.between(3.0, 8.0);
    let newcomers = 1.0 + scene.size * scene.dice.between(1.0, 3.0);
    let usual = Spell::usual("news", from, hours, Reach::All);
    scene.spells.push(Spell { known, newcomers, soft: true, ..usual });
}

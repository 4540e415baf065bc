//! All were logged out: everybody known comes in again within the hour.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(0.8, 2.5);
    let from = scene.moment(hours);
    let known = 1.0 + scene.size * scene.dice.between(4.0, 12.0);
    let usual = Spell::usual("logout", from, hours, Reach::All);
    scene.spells.push(Spell { known, soft: true, ..usual });
}

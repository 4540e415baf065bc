//! The pipe of outcomes is down or slow for hours: people convert as ever, but nobody hears of it in time.

use super::super::{Reach, Spell};
use super::Scene;
use crate::world::{Fault, FaultKind};

pub(super) fn make(scene: &mut Scene<'_>) {
    let hours = scene.dice.between(1.5, 4.0);
    let from_ms = scene.moment(hours + 1.0);
    let kind = match scene.dice.below(3) {
        0 => FaultKind::Lost,
        1 => FaultKind::Bulk,
        _ => FaultKind::Late((scene.dice.between(4.0, 25.0) * 60_000.0) as i64),
    };
    let spell = Spell::usual("pipe_trouble", from_ms, hours, Reach::All);
    scene.faults.push(Fault { kind, from_ms, to_ms: spell.to_ms });
    scene.spells.push(spell);
}

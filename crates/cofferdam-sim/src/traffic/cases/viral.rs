//! A country grows by itself: faster every hour for three days, on all of its networks, and it converts.

use super::super::{Reach, Spell};
use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = if scene.dice.chance(0.5) { scene.empty_net(false) } else { scene.home_net() };
    let Some(country) = scene.country(net) else { return };
    let networks = scene.places.nets_of(country).len().max(1) as f64;
    let (steps, hours) = (9, 8.0);
    let from = scene.moment(f64::from(steps) * hours);
    let mut more_a_day = scene.size * scene.dice.between(8.0, 25.0) / networks;
    for step in 0..steps {
        let begins = from + (f64::from(step) * hours * 3_600_000.0) as i64;
        let usual = Spell::usual("viral", begins, hours, Reach::Country(country));
        scene.spells.push(Spell { more_a_day, ..usual });
        more_a_day *= 1.55;
    }
}

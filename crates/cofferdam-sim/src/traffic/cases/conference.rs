//! A conference in a hotel: people from everywhere, one address, half a day.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..2 {
        let net = scene.home_net();
        let Some(country) = scene.country(net) else { return };
        let Some(home) = scene.shared(net) else { return };
        let begins = scene.morning(country, 9, 10.0);
        for _ in 0..scene.about(140.0) {
            let of = if scene.dice.chance(0.35) { scene.sibling(net) } else { scene.home_net() };
            let Some(mut person) = scene.person(of, "conference") else { return };
            person.home = home;
            // Most in the first break.
            let at =
                if scene.dice.chance(0.5) { scene.within(begins, 1.2) } else { scene.within(begins, 8.0) };
            scene.sit(at, &person, 1.05);
        }
    }
}

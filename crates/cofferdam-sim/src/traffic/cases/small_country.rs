//! Small countries: a family, a ship or a class signs up where two people a week are usual.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let groups = scene.about(42.0);
    for _ in 0..groups {
        let net = scene.empty_net(false);
        let Some(country) = scene.country(net) else { return };
        let begins = scene.morning(country, 12, 6.0);
        let together = scene.dice.chance(0.5);
        let home = scene.places.home_in(country, &mut scene.dice);
        for _ in 0..=scene.dice.below(14) {
            let of = scene.sibling(net);
            let Some(mut person) = scene.person(of, "small_country") else { return };
            if together {
                person.home = home;
            }
            let at = scene.within(begins, 1.5);
            scene.sit(at, &person, 1.0);
        }
    }
}

//! An office: hundreds of colleagues behind one address, in working hours.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..2 {
        let net = scene.home_net();
        let Some(country) = scene.country(net) else { return };
        let Some(home) = scene.shared(net) else { return };
        let hours = scene.dice.between(2.0, 9.0);
        let begins = scene.morning(country, 8, hours);
        for _ in 0..scene.about(190.0) {
            let of = scene.sibling(net);
            let Some(mut person) = scene.person(of, "office") else { return };
            person.home = home;
            let at = scene.within(begins, hours);
            scene.sit(at, &person, 1.1);
        }
    }
}

//! Testers: a dozen numbers and a few telephones ask all day, and most codes are not entered.

use super::Scene;
use alloc::vec::Vec;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.home_net();
    let Some(country) = scene.country(net) else { return };
    let Some(home) = scene.shared(net) else { return };
    let numbers: Vec<_> = (0..12).filter_map(|_| scene.person(net, "test_team")).collect();
    for _ in 0..2 {
        let begins = scene.morning(country, 9, 9.0);
        for _ in 0..scene.about(120.0) {
            let Some(mut person) = scene.dice.pick(&numbers).cloned() else { return };
            person.home = home;
            let other = scene.dice.pick(&numbers).map_or(person.device, |other| other.device);
            person.device = other;
            let at = scene.within(begins, 8.0);
            scene.sit(at, &person, 0.45);
        }
    }
}

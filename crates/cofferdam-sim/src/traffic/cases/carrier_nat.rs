//! A telephone network with few addresses: thousands of people behind a handful of gateways.

use super::Scene;
use alloc::vec::Vec;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.home_net();
    let Some(country) = scene.country(net) else { return };
    let count = 2 + scene.dice.below(4);
    let gateways: Vec<_> = (0..count).filter_map(|_| scene.shared(net)).collect();
    for _ in 0..3 {
        let begins = scene.morning(country, 7, 24.0);
        for _ in 0..scene.about(170.0) {
            let Some(mut person) = scene.person(net, "carrier_nat") else { return };
            person.home = scene.dice.pick(&gateways).copied().unwrap_or(person.home);
            // Twice drawn, so that the middle of the day has most.
            let half = scene.within(begins, 8.0);
            let at = scene.within(half, 8.0);
            scene.sit(at, &person, 1.0);
        }
    }
}

//! The first days of term: hundreds of students, four addresses, and telephones bought together.

use super::Scene;
use alloc::vec::Vec;

pub(super) fn make(scene: &mut Scene<'_>) {
    let net = scene.home_net();
    let Some(country) = scene.country(net) else { return };
    let gateways: Vec<_> = (0..4).filter_map(|_| scene.shared(net)).collect();
    let days = 3;
    for _ in 0..days {
        let begins = scene.morning(country, 8, 24.0);
        for _ in 0..scene.about(130.0) {
            let of = scene.sibling(net);
            let Some(mut person) = scene.person(of, "campus") else { return };
            person.home = scene.dice.pick(&gateways).copied().unwrap_or(person.home);
            let at = scene.within(begins, 12.0);
            scene.sit(at, &person, 1.05);
        }
    }
}

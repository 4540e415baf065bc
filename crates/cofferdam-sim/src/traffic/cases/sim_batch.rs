//! A batch of new cards: a run of numbers that nobody had yet, sold all over a country within two days.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..2 {
        let net = scene.home_net();
        let Some(country) = scene.country(net) else { return };
        let run = scene.places.run_in(net, 3, &mut scene.dice);
        let begins = scene.morning(country, 9, 48.0);
        for _ in 0..scene.about(160.0) {
            let Some(mut person) = scene.person(net, "sim_batch") else { return };
            person.phone = run.nth(scene.dice.below(run.count));
            let at = scene.within(begins, 44.0);
            scene.sit(at, &person, 1.0);
        }
    }
}

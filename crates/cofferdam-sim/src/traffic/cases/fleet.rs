//! A company's new telephones: consecutive numbers, one address, nearly all convert.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..4 {
        let net = if scene.dice.chance(0.75) { scene.home_net() } else { scene.empty_net(false) };
        let Some(country) = scene.country(net) else { return };
        let Some(home) = scene.shared(net) else { return };
        let run = scene.places.run_in(net, 3, &mut scene.dice);
        let people = scene.about(85.0).min(run.count);
        let (begins, hours) = (scene.morning(country, 9, 8.0), scene.dice.between(0.7, 6.0));
        let first = scene.dice.below(run.count);
        let step = if scene.dice.chance(0.8) { 1 } else { 2 };
        let in_order = scene.dice.chance(0.5);
        for which in 0..people {
            let Some(mut person) = scene.person(net, "fleet") else { return };
            person.phone = run.nth(first + which * step);
            person.home = home;
            let at = if in_order {
                let share = which as f64 / people as f64 * hours;
                scene.within(begins + (share * 3_600_000.0) as i64, 0.05)
            } else {
                scene.within(begins, hours)
            };
            scene.sit(at, &person, 1.6);
        }
    }
}

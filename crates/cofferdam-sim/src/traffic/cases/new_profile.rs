//! A new sending application: its own people, and no history at all.

use super::Scene;

const NAME: &str = "rewards";

pub(super) fn make(scene: &mut Scene<'_>) {
    let country_net = scene.home_net();
    let hours = 48.0;
    let begins = scene.moment(hours);
    for _ in 0..scene.about(330.0) {
        let net = if scene.dice.chance(0.5) { scene.sibling(country_net) } else { scene.home_net() };
        let Some(mut person) = scene.person(net, "new_profile") else { return };
        person.profile = NAME;
        let at = scene.within(begins, hours);
        scene.sit(at, &person, 1.0);
    }
}

//! Travellers and people who live abroad: a holiday place's addresses, numbers of many countries.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    let abroad = if scene.dice.chance(0.5) { scene.home_net() } else { scene.empty_net(false) };
    let Some(country) = scene.country(abroad) else { return };
    let hours = 72.0;
    let begins = scene.moment(hours);
    for _ in 0..scene.about(330.0) {
        let net = scene.home_net();
        let Some(mut person) = scene.person(net, "traveller") else { return };
        person.home = scene.places.home_in(country, &mut scene.dice);
        let at = scene.within(begins, hours);
        scene.sit(at, &person, 0.97);
    }
}

//! A popular way to hide: hundreds of people of several countries behind the same few machines.

use super::Scene;
use crate::traffic::person::hidden;
use alloc::vec::Vec;

pub(super) fn make(scene: &mut Scene<'_>) {
    let exits: Vec<_> = (0..5).filter_map(|_| hidden(scene.places, &mut scene.dice)).collect();
    let hours = 72.0;
    let begins = scene.moment(hours);
    for _ in 0..scene.about(330.0) {
        let net = scene.home_net();
        let Some(mut person) = scene.person(net, "vpn") else { return };
        person.home = scene.dice.pick(&exits).copied().unwrap_or(person.home);
        let at = scene.within(begins, hours);
        scene.sit(at, &person, 0.98);
    }
}

//! A bulk re-verification: the numbers of people from before, in numeric order, from the caller's own server; they
//! answer when they see it, and many do not.

use super::Scene;
use crate::traffic::person::hidden;
use alloc::vec::Vec;

pub(super) fn make(scene: &mut Scene<'_>) {
    let Some(server) = hidden(scene.places, &mut scene.dice) else { return };
    let profile = scene.places.profiles.last().map_or("signup", |profile| profile.name);
    let people = scene.about(420.0);
    let mut all: Vec<_> = Vec::new();
    for _ in 0..people {
        let net = scene.home_net();
        all.extend(scene.person(net, "import"));
    }
    all.sort_by(|one, other| one.phone.cmp(&other.phone));
    let pace = scene.dice.between(3.0, 20.0);
    let mut at = scene.moment(people as f64 * pace / 3600.0 + 4.0);
    for mut person in all {
        person.home = server;
        person.profile = profile;
        // A server solves nothing.
        person.solves = 0.0;
        at += (scene.dice.gap(pace) * 1000.0) as i64;
        let converts = 0.7;
        scene.sit(at, &person, converts);
    }
}

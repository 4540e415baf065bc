//! A monitoring script: one number a route, every few minutes, day and night; it solves no challenge.

use super::Scene;
use crate::traffic::person::hidden;

pub(super) fn make(scene: &mut Scene<'_>) {
    let Some(server) = hidden(scene.places, &mut scene.dice) else { return };
    for _ in 0..2 {
        let net = scene.home_net();
        let Some(mut script) = scene.person(net, "monitor") else { return };
        (script.home, script.solves) = (server, 0.0);
        let (minutes, hours) = (scene.dice.between(8.0, 30.0), 40.0);
        let mut at = scene.moment(hours);
        let rounds = (hours * 60.0 / minutes * scene.size) as u64;
        for _ in 0..rounds {
            at += (minutes * 60_000.0) as i64 + scene.dice.below(3000) as i64;
            // It reads its code nearly always, whatever is usual on the network.
            scene.sit(at, &script, 4.0);
        }
    }
}

//! A tablet in a shop: one device and one address sign up customer after customer, for days.

use super::Scene;

pub(super) fn make(scene: &mut Scene<'_>) {
    for _ in 0..5 {
        let net = scene.home_net();
        let Some(country) = scene.country(net) else { return };
        let Some(tablet) = scene.person(net, "kiosk") else { return };
        for _ in 0..3 {
            let begins = scene.morning(country, 9, 12.0);
            for _ in 0..scene.about(22.0) {
                let of = scene.sibling(net);
                let Some(customer) = scene.person(of, "kiosk") else { return };
                let mut person = tablet.clone();
                (person.phone, person.net, person.user) = (customer.phone, customer.net, customer.user);
                let at = scene.within(begins, 10.0);
                scene.sit(at, &person, 1.15);
            }
        }
    }
}

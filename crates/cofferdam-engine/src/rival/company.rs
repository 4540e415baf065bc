//! Whom an attempt has company of: in a place under attack some browsers, profiles and networks of addresses
//! come in greater numbers than they ought to, and the others as ever. Who is like the ones is likelier of
//! the attack than the place's chance says, who is like the others less. Called by the rivals alone; it
//! says nothing of whether there is an attack.

use super::{f, is_place};
use crate::evidence::{Company, Scope};
use crate::math::ln;

/// The attack's own mix is believed to be the people's until so many of its newcomers say otherwise. Guess.
const BELIEVED: f64 = 3.0;
/// One thing in common changes the odds between these. Guesses: an attack may come through anything once.
const LEAST: f64 = 0.35;
const MOST: f64 = 4.0;
/// What several things say is not independent: browsers belong to profiles. Guess.
const DEPENDENT: f64 = 0.7;

/// How much likelier who has this attempt's profile, browser and network of addresses is one of the `pumped`
/// newcomers of a scope than one of its people, in nats.
pub(super) fn alike(scope: Scope, company: &[Company], horizon: usize, pumped: f64) -> f64 {
    if !is_place(scope) {
        return 0.0;
    }
    let told = company.iter().filter(|own| (own.scope == Scope::Network) == (scope == Scope::Country));
    let nats = told.filter(|own| own.scope != scope).map(|own| {
        let (of, seen, share) = (f(&own.of, horizon), f(&own.seen, horizon), f64::from(own.share));
        let people = share * (of - pumped).max(0.0);
        let ratio = ((seen - people).max(0.0) + BELIEVED * share) / ((pumped + BELIEVED) * share);
        ln(ratio.clamp(LEAST, MOST))
    });
    DEPENDENT * nats.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_whom(seen: f32, share: f32) -> Company {
        Company { scope: Scope::ClientNetwork, of: [60.0; 3], seen: [seen; 3], share }
    }

    #[test]
    fn who_comes_as_ever_is_spared_and_who_came_with_the_surge_is_not() {
        // Sixty newcomers, thirty of them pumped. A tenth of the people have this browser: three are expected.
        let usual = alike(Scope::Network, &[of_whom(3.0, 0.1)], 1, 30.0);
        let surge = alike(Scope::Network, &[of_whom(30.0, 0.1)], 1, 30.0);
        assert!(usual < -0.7 && surge > 0.9, "{usual} {surge}");
        // As many as if the attack were mixed like people.
        assert!(alike(Scope::Network, &[of_whom(6.0, 0.1)], 1, 30.0).abs() < 0.01);
    }

    #[test]
    fn few_newcomers_say_nothing_and_none_says_much() {
        assert!(alike(Scope::Network, &[of_whom(0.0, 0.1)], 1, 0.1).abs() < 0.05);
        let all = [of_whom(60.0, 0.01), of_whom(60.0, 0.01), of_whom(60.0, 0.01)];
        assert!(alike(Scope::Network, &all, 1, 50.0) <= 3.0 * DEPENDENT * ln(MOST) + 1e-9);
    }

    #[test]
    fn a_scope_does_not_speak_for_itself_nor_for_another_kind() {
        let own = [of_whom(30.0, 0.1)];
        assert!(alike(Scope::ClientNetwork, &own, 1, 30.0).abs() < 1e-12);
        assert!(alike(Scope::Country, &own, 1, 30.0).abs() < 1e-12);
        assert!(alike(Scope::Prefix4, &own, 1, 30.0).abs() < 1e-12);
    }
}

//! How many look for a place like an attempt's, now that attacks go on. Who is stopped looks for another door,
//! and of his kind: who sends to networks that nobody uses goes on to the next of them, who hides among people
//! to where people are. So what was found guilty is remembered by whether people live there. It
//! weighs nothing. Called by the evidence of a process alone.

use super::change::Raised;
use super::count::Ask;
use super::decay::{HORIZONS, Moment};
use super::plain::Field;
use super::rich::RichRecord;
use super::scope::Scope;
use super::store::{EvidenceTallies, ONE};
use libm::exp;

/// People live where so many proved themselves within the longest horizon. Guess.
const LIVED_IN: f64 = 3.0;
/// So many strikes make it about as hot as it gets. Guess.
const STRIKES: f64 = 20.0;
/// What is believed of either kind before anything was struck, in strikes. Guess.
const BELIEVED: f64 = 1.0;
/// It is as hot as it gets for the kind that half of the strikes fell on. Guess.
const HALF: f64 = 2.0;

fn is_lived_in(network: &RichRecord, at: &Moment) -> bool {
    network.plain.long(Field::Converted, at) >= LIVED_IN
}

/// Between 0 and 1, for places like this network.
pub(super) fn heat(all: &RichRecord, network: &RichRecord, at: &Moment) -> f64 {
    let strikes = all.plain.long(Field::Strikes, at);
    if strikes <= 0.0 {
        return 0.0;
    }
    // Nobody strikes the trusted, so theirs are those of places where people live.
    let lived_in = (all.trusted.long(Field::Strikes, at) + BELIEVED) / (strikes + 2.0 * BELIEVED);
    let alike = if is_lived_in(network, at) { lived_in } else { 1.0 - lived_in };
    (1.0 - exp(-strikes / STRIKES)) * (HALF * alike).clamp(0.0, 1.0)
}

impl EvidenceTallies {
    /// Something was found guilty: it is hotter for places like this attempt's.
    pub(super) fn warm(&mut self, ask: &Ask) {
        let at = self.moments.get(ask.at_s);
        let key_of = |scope| ask.keys.iter().find(|(own, _)| *own == scope).map(|(_, key)| *key);
        let (Some(all), Some(network)) = (key_of(Scope::All), key_of(Scope::Network)) else { return };
        self.strike(ask.at_s, Scope::All, all, 1.0);
        let lived_in = self.rich.get(network).is_some_and(|network| is_lived_in(network, &at));
        if let Some(record) = self.rich.get_mut(all).filter(|_| lived_in) {
            let units = at.all_units([ONE; HORIZONS]);
            record.trusted.add_units(Field::Strikes, &at, units);
            self.note(all, at.at_s, Raised::Trusted(Field::Strikes, units));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(all: i32, lived_in: i32, converted: i32) -> f64 {
        let at = Moment::new(1_790_000_000);
        let (mut whole, mut network) = (RichRecord::NONE, RichRecord::NONE);
        whole.plain.add(Field::Strikes, &at, ONE * all);
        whole.trusted.add(Field::Strikes, &at, ONE * lived_in);
        network.plain.add(Field::Converted, &at, ONE * converted);
        heat(&whole, &network, &at)
    }

    #[test]
    fn it_is_hot_where_attackers_look_and_not_where_they_never_did() {
        assert!(struck(0, 0, 50).abs() < 1e-9);
        // Two hundred blocked in networks that nobody uses: the next such one is suspect, the busy one is not.
        assert!(struck(200, 0, 0) > 0.95 && struck(200, 0, 50) < 0.05);
        assert!(struck(200, 190, 50) > 0.95 && struck(200, 190, 0) < 0.15);
        // Who hits both looks for both.
        assert!(struck(200, 100, 0) > 0.95 && struck(200, 100, 50) > 0.95);
        // A few strikes are no heat yet.
        assert!(struck(2, 2, 50) < 0.15);
    }
}

//! What a right code teaches: who proved to be a person counts so in all scopes of the attempt, and shows
//! when people of its places live, how long their codes take and how close together they are. Called by the
//! evidence of a process alone.

use super::change::Raised;
use super::decay::Moment;
use super::flight::Flight;
use super::plain::Field;
use super::rich::{Local, MEETS, Meets, Usual, delay_bin};
use super::scope::Scope;
use super::store::{EvidenceTallies, ONE};
use arrayvec::ArrayVec;

impl EvidenceTallies {
    pub(super) fn convert(&mut self, flight: &mut Flight, now_s: u32) {
        let at = self.moments.get(flight.at_s);
        let sent_s = flight.at_s;
        let _ = self.seen.change_own(flight.number, |seen| seen.convert(sent_s));
        self.note(flight.number, sent_s, Raised::Convert);
        if flight.trusted && flight.newcomer {
            self.raise_trusted(flight, Field::Converted, &at, ONE);
        } else if flight.newcomer {
            self.raise(flight, Field::Converted, &at, ONE);
        } else {
            return;
        }
        if !flight.trusted {
            self.meet(flight, &at);
        }
        let after_s = now_s.saturating_sub(sent_s);
        let local = Local::at(sent_s, flight.east_h);
        let good = u32::from(flight.good);
        let keys = flight.keys.iter().zip(&mut flight.places);
        for ((scope, key), place) in keys.filter(|((scope, _), _)| scope.is_rich()) {
            let Some(record) = self.rich.get_mut_at(place, *key) else { continue };
            if !flight.trusted {
                record.usual(Usual::Converted, sent_s, good);
            }
            let is_place = matches!(scope, Scope::All | Scope::Country);
            if is_place {
                record.live(sent_s, local, good);
                record.delay(sent_s, after_s, good);
            }
            if !flight.trusted {
                self.note(*key, sent_s, Raised::Usual(Usual::Converted, good));
            }
            if is_place {
                self.note(*key, sent_s, Raised::Live(local, good));
                self.note(*key, sent_s, Raised::Delay(delay_bin(after_s), good));
            }
        }
    }

    /// Learns how close together people of a place live: with how many of those who proved themselves
    /// lately this one meets.
    fn meet(&mut self, flight: &mut Flight, at: &Moment) {
        let known_address = flight.keys.iter().any(|(scope, _)| *scope == Scope::Address);
        let mut met: ArrayVec<(Meets, u64), MEETS> = ArrayVec::new();
        for ((scope, key), place) in flight.keys.iter().zip(&flight.places) {
            let Some(what) = meets(*scope).filter(|what| known_address || !of_address(*what)) else {
                continue;
            };
            let Some(record) = self.record_at(*place, *scope, *key) else { continue };
            // Without the one who was just counted.
            let others = (record.long(Field::Converted, at) - 1.0).max(0.0);
            let amount = libm::round(others * f64::from(flight.good)) as u64;
            if amount > 0 {
                let _ = met.try_push((what, amount));
            }
        }
        for ((scope, key), place) in flight.keys.iter().zip(&mut flight.places) {
            if !crate::rival::is_wide(*scope) {
                continue;
            }
            let Some(record) = self.rich.get_mut_at(place, *key) else { continue };
            met.iter().for_each(|(what, amount)| record.meet(*what, at.at_s, *amount));
            met.iter().for_each(|(what, amount)| self.note(*key, at.at_s, Raised::Meet(*what, *amount)));
        }
    }
}

/// What those who meet in a scope have in common.
fn meets(scope: Scope) -> Option<Meets> {
    Some(match scope {
        Scope::Network => Meets::OfNetwork,
        Scope::Prefix4 => Meets::Prefix4,
        Scope::Prefix3 => Meets::Prefix3,
        Scope::Prefix2 => Meets::Prefix2,
        Scope::Country => Meets::OfCountry,
        Scope::Address => Meets::Address,
        Scope::Neighbourhood => Meets::Neighbourhood,
        Scope::ProfileNetwork => Meets::Profile,
        Scope::ClientNetwork => Meets::Client,
        Scope::WhenceNetwork => Meets::Whence,
        _ => return None,
    })
}

/// Whether it says how close together the addresses of a country's people are.
fn of_address(what: Meets) -> bool {
    matches!(what, Meets::OfCountry | Meets::Address | Meets::Neighbourhood)
}

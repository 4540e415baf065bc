//! What a right code teaches: who proved to be a person counts so in all scopes of the attempt, and shows
//! when people of its places live, how long their codes take and how close together they are. Called by the
//! evidence of a process alone.

use super::change::Raised;
use super::decay::Moment;
use super::flight::Flight;
use super::plain::Field;
use super::rich::{Local, Meets, Usual, delay_bin};
use super::scope::Scope;
use super::store::{EvidenceTallies, ONE};

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
        for (scope, key) in flight.keys.iter().filter(|(scope, _)| scope.is_rich()) {
            let Some(record) = self.rich.get_mut(key) else { continue };
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
    fn meet(&mut self, flight: &Flight, at: &Moment) {
        let others = |tallies: &Self, wanted: Scope| {
            let mut keys = flight.keys.iter().zip(&flight.places);
            let ((_, key), place) = keys.find(|((scope, _), _)| *scope == wanted)?;
            let record = tallies.record_at(*place, wanted, *key)?;
            // Without the one who was just counted.
            Some(libm::round((record.long(Field::Converted, at) - 1.0).max(0.0) * f64::from(flight.good))
                as u64)
        };
        let pairs = [
            (Meets::OfNetwork, Scope::Network),
            (Meets::Prefix4, Scope::Prefix4),
            (Meets::Prefix3, Scope::Prefix3),
            (Meets::Prefix2, Scope::Prefix2),
            (Meets::OfCountry, Scope::Country),
            (Meets::Address, Scope::Address),
            (Meets::Neighbourhood, Scope::Neighbourhood),
            (Meets::Profile, Scope::ProfileNetwork),
            (Meets::Client, Scope::ClientNetwork),
            (Meets::Whence, Scope::WhenceNetwork),
        ];
        let known_address = flight.keys.iter().any(|(scope, _)| *scope == Scope::Address);
        for (what, scope) in pairs {
            let of_address = matches!(what, Meets::OfCountry | Meets::Address | Meets::Neighbourhood);
            if of_address && !known_address {
                continue;
            }
            let Some(amount) = others(self, scope).filter(|amount| *amount > 0) else { continue };
            for (scope, key) in &flight.keys {
                if matches!(scope, Scope::All | Scope::Country | Scope::Network)
                    && let Some(record) = self.rich.get_mut(key)
                {
                    record.meet(what, at.at_s, amount);
                    self.note(*key, at.at_s, Raised::Meet(what, amount));
                }
            }
        }
    }
}

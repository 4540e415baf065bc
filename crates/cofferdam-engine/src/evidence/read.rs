//! Reads all scopes of an attempt: what stands in their records beside what would be usual there.
//!
//! Expectations go down the line from all to prefix and crossing, see [`super::expect`]. On the way they
//! are raised by what explains a surge honestly: newcomers that convert, siblings that convert, and
//! trusted people who come in numbers too. What is usual is worked out now and then (`usual`), the places of
//! an attempt are read first (`places`), and of its other scopes only what may be worth a look.

mod order;
mod places;
mod usual;

pub(super) use usual::Cached;

use super::count::Ask;
use super::decay::{HORIZONS, Moment, TAU_S};
use super::plain::{Counts, Field, PlainRecord};
use super::reading::{Company, Evidenced, Figures, Reading};
use super::scope::Scope;
use super::share::{at_of, beside, goes_on, greater, in_place, is_part, nearly};
use super::store::EvidenceTallies;
use crate::block::Spoken;
use crate::rival::worth;
use crate::table::Place;
use arrayvec::ArrayVec;
use places::{Expected, Line};
use usual::{RUNS, Usual, key_of};

const DAY_S: f64 = 86_400.0;
/// So many proved newcomers a crossing's usual share is worth. Guess.
const CROSSING: f64 = 4.0;

/// A parent's word is worth so many outcomes. Guess.
const KNOWN: f64 = 10.0;

fn figures(values: [f64; HORIZONS]) -> Figures {
    values.map(|value| value as f32)
}

impl Usual {
    /// So many a second at the mean hour, in each horizon.
    fn each(&self, rate: f64) -> [f64; HORIZONS] {
        [0, 1, 2].map(|h| rate * at_of(&self.wont.faded, h) * at_of(&self.filled, h))
    }

    /// So many a day, in each horizon.
    fn per_day(&self, count: f64) -> [f64; HORIZONS] {
        let mut expected = [0.0; HORIZONS];
        for ((e, tau), filled) in expected.iter_mut().zip(TAU_S).zip(self.filled) {
            *e = count / DAY_S * f64::from(tau) * filled.max(1e-3);
        }
        expected
    }

    /// The share that usually converts in a scope, and from how many outcomes that was learned.
    fn rate_of(&self, scope: Scope) -> (f64, f64) {
        let wont = &self.wont;
        let of = match scope {
            Scope::All | Scope::Profile | Scope::Client | Scope::Asn => &wont.all,
            Scope::Country | Scope::Neighbourhood | Scope::Address | Scope::Device | Scope::User => {
                &wont.country
            }
            Scope::ProfileNetwork => &self.flow,
            _ => &wont.network,
        };
        // How far it wanders and how little is known of where it is add up.
        let known = of.rate_of + KNOWN;
        (of.rate, worth(known * of.firm / (known + of.firm)))
    }
}

impl EvidenceTallies {
    /// Reads what an attempt's scopes say, now that it is counted in them.
    pub(super) fn read(&mut self, ask: &Ask, at: &Moment, evidenced: &mut Evidenced) {
        let usual = self.usual(ask);
        let line = Line::of(self, ask);
        evidenced.newcomer = ask.newcomer;
        evidenced.climate = line.climate(ask, at, &usual);
        evidenced.days = ask.glimpse.days;
        evidenced.neighbours = self.long_converted(ask, Scope::Address, at) as f32;
        evidenced.company.clear();
        evidenced.readings.clear();
        evidenced.word = None;
        if ask.trusted {
            return;
        }
        let pipe = evidenced.climate.pipe;
        let places = line.expected(at, &usual, pipe);
        let [now, ..] = pipe;
        self.cached.arrives = f64::from(now);
        for (n, (scope, key)) in ask.keys.iter().enumerate() {
            let place = self.places.get(n).copied().unwrap_or(Place::UNKNOWN);
            let Some(record) = self.worth_reading(place, *scope, *key, at, &places) else { continue };
            let rate = usual.rate_of(*scope);
            let expected = expected(*scope, &record, &usual, &places);
            let expected = if is_whole(*scope) { expected } else { goes_on(&record, rate.0, pipe, expected) };
            let whole = is_part(*scope) && nearly(&expected, &places.network);
            let mut ordered = None;
            if whole && *scope == Scope::Prefix4 {
                ordered = self.order(*key, ask);
            }
            if whole && ordered.is_none_or(|(nats, _)| nats <= 1.0) {
                // The whole network, by another name.
                continue;
            }
            let mut reading = reading(*scope, *key, &record, expected, rate);
            match scope {
                Scope::Country => reading.trusted = Some(places.country_control.map(figures)),
                Scope::Network => reading.trusted = Some(places.network_control.map(figures)),
                Scope::Prefix4 if reading.seen[2] >= 4.0 && surges(&reading) => {
                    reading.order = ordered.or_else(|| self.order(*key, ask));
                }
                _ => {}
            }
            if worth_a_look(&reading) {
                let _ = evidenced.readings.try_push(reading);
            }
        }
        if evidenced.readings.iter().any(|reading| in_place(reading.scope)) {
            evidenced.company = self.company(ask, at, &usual, &places);
        }
    }

    /// What a block says of an attempt; false, and nothing, if it says none, or if people at its address proved
    /// themselves: that has to be read.
    pub(super) fn spoken(&self, ask: &Ask, at: &Moment, evidenced: &mut Evidenced) -> bool {
        let Some(Spoken { word, reading }) = ask.word else { return false };
        if self.long_converted(ask, Scope::Address, at) > 0.0 {
            return false;
        }
        *evidenced = Evidenced {
            newcomer: ask.newcomer,
            days: ask.glimpse.days,
            word: Some(word),
            ..Evidenced::default()
        };
        evidenced.readings.extend(reading);
        true
    }

    /// What a scope has counted, if there can be anything in it that is worth a look: most records hold this
    /// attempt and little more, which is seen without reading all of them.
    fn worth_reading(
        &self,
        place: Place,
        scope: Scope,
        key: u64,
        at: &Moment,
        places: &Expected,
    ) -> Option<Counts> {
        match scope {
            Scope::Profile | Scope::Client | Scope::Asn => None,
            Scope::All => Some(places.of_all),
            Scope::Country => Some(places.of_country),
            Scope::Network => Some(places.of_network),
            _ => {
                let record = self.record_at(place, scope, key)?;
                let any = |field: Field, least: f64| record.read(field, at).iter().any(|n| *n >= least);
                // A little less than what is asked of a reading, since that is rounded.
                let some = any(Field::Newcomers, 0.99 * SURGES_FROM)
                    || any(Field::Matured, 0.99 * POOR_FROM)
                    || any(Field::Strikes, 0.99 * STRUCK_FROM);
                some.then(|| record.counts(at))
            }
        }
    }

    /// Whom an attempt has company of: those of its network with the same profile, browser or network
    /// of addresses, and those of its country with the same network.
    fn company(&self, ask: &Ask, at: &Moment, usual: &Usual, places: &Expected) -> ArrayVec<Company, 4> {
        let mut all = ArrayVec::new();
        for ((scope, key), place) in ask.keys.iter().zip(&self.places) {
            if !matches!(
                scope,
                Scope::Network | Scope::ProfileNetwork | Scope::ClientNetwork | Scope::WhenceNetwork
            ) {
                continue;
            }
            let (seen, of, share) = if *scope == Scope::Network {
                let long = |counts: &Counts| counts.long(Field::Converted);
                let share = (long(&places.of_network) + 1.0) / (long(&places.of_country) + 4.0);
                (places.of_network.of(Field::Newcomers), &places.of_country, share)
            } else {
                let Some(record) = self.record_at(*place, *scope, *key) else { continue };
                let share = share(*scope, record.long(Field::Converted, at), usual, places);
                (record.read(Field::Newcomers, at), &places.of_network, share)
            };
            let itself = f64::from(u8::from(ask.newcomer));
            let without = |n: [f64; HORIZONS]| figures(n.map(|n| (n - itself).max(0.0)));
            let _ = all.try_push(Company {
                scope: *scope,
                of: without(of.of(Field::Newcomers)),
                seen: without(seen),
                share: share.clamp(0.002, 0.95) as f32,
            });
        }
        all
    }

    pub(super) fn record(&self, scope: Scope, key: u64) -> Option<&PlainRecord> {
        self.record_at(Place::UNKNOWN, scope, key)
    }

    pub(super) fn record_at(&self, place: Place, scope: Scope, key: u64) -> Option<&PlainRecord> {
        if scope.is_rich() {
            self.rich.get_at(place, key).map(|rich| &rich.plain)
        } else {
            self.plain.peek_at(place, key)
        }
    }

    fn long_converted(&self, ask: &Ask, scope: Scope, at: &Moment) -> f64 {
        let place = ask.keys.iter().position(|(own, _)| *own == scope).and_then(|n| self.places.get(n));
        let place = place.copied().unwrap_or(Place::UNKNOWN);
        let key = key_of(&ask.keys, scope);
        key.and_then(|key| self.record_at(place, scope, key))
            .map_or(0.0, |record| record.long(Field::Converted, at))
    }

    /// Whether the last numbers of a run follow an order.
    fn order(&mut self, key: u64, ask: &Ask) -> Option<(f32, u16)> {
        let recent = self.recent.get(key)?;
        self.cached.orders.of(key, &recent, ask.at_s)
    }
}

/// Whether what is expected of it does not rise with who converts, or has done so already.
fn is_whole(scope: Scope) -> bool {
    matches!(scope, Scope::All | Scope::Country | Scope::Network | Scope::Device | Scope::User)
}

/// What is expected of a scope, before what converts now.
fn expected(scope: Scope, record: &Counts, usual: &Usual, places: &Expected) -> [f64; HORIZONS] {
    let shares = &usual.wont.shares;
    let run = |width: f64, share: f64| {
        // People are not spread evenly: some runs have twice their share, and crowded ones teach theirs.
        let own = beside(places.network, &places.of_network.of(Field::Newcomers), record, share);
        greater(own, usual.per_day(1.0 / 30.0).map(|e| e * width / 1e4))
    };
    // As the country's people share addresses.
    let source = |share: f64, floor: f64| {
        let own = beside(places.country, &places.of_country.of(Field::Newcomers), record, share);
        greater(own, usual.per_day(floor))
    };
    let [four, three, two] = RUNS;
    match scope {
        Scope::All | Scope::Profile | Scope::Client | Scope::Asn => [0.0; HORIZONS],
        Scope::Country => places.country,
        Scope::Network => places.network,
        Scope::ProfileNetwork => {
            greater(crossing(scope, record, usual, places), usual.each(usual.flow.newcomers))
        }
        Scope::ClientNetwork | Scope::WhenceNetwork | Scope::ChannelNetwork => {
            crossing(scope, record, usual, places)
        }
        Scope::Prefix4 => run(four, shares.prefix4),
        Scope::Prefix3 => run(three, shares.prefix3),
        Scope::Prefix2 => run(two, shares.prefix2),
        Scope::Neighbourhood => source(shares.neighbourhood, 0.3),
        Scope::Address => source(shares.address, 0.1),
        Scope::Device | Scope::User => usual.per_day(0.2),
    }
}

/// What is expected of a crossing: its own share of those who proved themselves, where there are
/// enough of them, else what is usual among the network's people.
fn crossing(scope: Scope, record: &Counts, usual: &Usual, places: &Expected) -> [f64; HORIZONS] {
    let share = share(scope, record.long(Field::Converted), usual, places);
    beside(places.network, &places.of_network.of(Field::Newcomers), record, share)
}

/// The share of a network's people that a crossing usually has, of whom so many converted.
fn share(scope: Scope, converted: f64, usual: &Usual, places: &Expected) -> f64 {
    let often = match scope {
        Scope::ProfileNetwork => usual.flow.share,
        Scope::ClientNetwork => usual.wont.shares.client,
        Scope::WhenceNetwork => usual.wont.shares.whence,
        _ => 0.1,
    };
    let of = places.of_network.long(Field::Converted);
    ((converted + CROSSING * often) / (of + CROSSING)).clamp(0.005, 1.0)
}

fn reading(scope: Scope, key: u64, record: &Counts, expected: [f64; HORIZONS], rate: (f64, f64)) -> Reading {
    Reading {
        scope,
        key,
        seen: figures(record.of(Field::Newcomers)),
        explained: figures(record.of(Field::Explained)),
        matured: figures(record.of(Field::Matured)),
        converted: figures(record.of(Field::Converted)),
        expected: figures(expected),
        rate: rate.0 as f32,
        rate_of: rate.1 as f32,
        challenged: record.long(Field::Challenged) as f32,
        failed: record.long(Field::Failed) as f32,
        strikes: record.long(Field::Strikes) as f32,
        asked: record.long(Field::Asked) as f32,
        trusted: None,
        order: None,
        tried: [Field::Challenged, Field::Failed].map(|field| {
            let [short, middle, _] = figures(record.of(field));
            [short, middle]
        }),
    }
}

/// Fewer newcomers are no surge.
const SURGES_FROM: f64 = 1.8;
/// Of fewer old messages nobody can say that few convert.
const POOR_FROM: f64 = 5.0;
/// Less is left of a strike that is forgotten.
const STRUCK_FROM: f64 = 0.1;

fn surges(reading: &Reading) -> bool {
    let mut pairs = reading.seen.iter().zip(&reading.expected);
    pairs.any(|(seen, expected)| *seen >= SURGES_FROM as f32 && *seen > 1.3 * expected)
}

/// Most attempts stand where nothing unusual is seen; those readings need no second look.
fn worth_a_look(reading: &Reading) -> bool {
    let surge = surges(reading);
    let poor = reading.matured.iter().zip(&reading.converted).any(|(matured, converted)| {
        *matured >= POOR_FROM as f32 && *converted < 0.75 * reading.rate * matured
    });
    surge || poor || reading.strikes > STRUCK_FROM as f32 || reading.order.is_some_and(|(nats, _)| nats > 1.0)
}

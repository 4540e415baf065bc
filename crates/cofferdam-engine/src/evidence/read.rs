//! Reads all scopes of an attempt: what stands in their records beside what would be usual there.
//!
//! Expectations go down the line from all to prefix and crossing, see [`super::expect`]. On the way they
//! are raised by what explains a surge honestly: newcomers that convert, siblings that convert, and
//! trusted people who come in numbers too.

use super::count::Ask;
use super::decay::{HORIZONS, LONG, Moment, TAU_S};
use super::expect::{self, RATE_OF, Season, Usually, usually};
use super::plain::{Counts, Field, PlainRecord};
use super::reading::{Climate, Company, Evidenced, Figures, Reading};
use super::recent::RECENT;
use super::rich::{DELAYS, Meets, RichRecord};
use super::scope::{Keys, Scope};
use super::share::{at_of, beside, goes_on, greater, honest, in_place, is_part, lift, nearly, pipe, raise};
use super::store::{EvidenceTallies, Map, RICH_MAX};
use crate::table::Place;
use arrayvec::ArrayVec;
use cofferdam_atlas::Country;

const DAY_S: f64 = 86_400.0;
/// What is usual changes slowly: it is computed again every so many seconds.
const SLOT_S: u32 = 300;
/// So many proved newcomers a crossing's usual share is worth. Guess.
const CROSSING: f64 = 4.0;

/// What is computed now and then rather than for each attempt.
#[derive(Debug)]
pub(super) struct Cached {
    usual: Map<(u32, Usually)>,
    seasons: Map<(u32, Season, [f64; HORIZONS])>,
    maturity: Map<(u32, [f64; DELAYS])>,
    /// The share of outcomes that arrives just now.
    pub arrives: f64,
    numbers: Map<f64>,
}

impl Default for Cached {
    fn default() -> Self {
        Self {
            usual: Map::default(),
            seasons: Map::default(),
            maturity: Map::default(),
            arrives: 1.0,
            numbers: Map::default(),
        }
    }
}

/// The places of an attempt and what is usual in them.
struct Usual {
    faded: [f64; HORIZONS],
    all: Usually,
    country: Usually,
    network: Usually,
    /// The profile's traffic to the network.
    flow: Usually,
    /// Numbers of the network, about.
    numbers: f64,
    /// Numbers of the country.
    country_numbers: f64,
    /// How far each horizon has filled since the installation began.
    filled: [f64; HORIZONS],
}

fn key_of(keys: &Keys, scope: Scope) -> Option<u64> {
    keys.iter().find(|(own, _)| *own == scope).map(|(_, key)| *key)
}

fn figures(values: [f64; HORIZONS]) -> Figures {
    values.map(|value| value as f32)
}

impl EvidenceTallies {
    /// The shares of codes that come back by each step, in the attempt's country.
    pub(super) fn maturity(&mut self, keys: &Keys) -> [f64; DELAYS] {
        let slot = self.now_s / SLOT_S;
        let country = key_of(keys, Scope::Country).unwrap_or_default();
        if let Some((at, shares)) = self.cached.maturity.get(&country)
            && *at == slot
        {
            return *shares;
        }
        let record = |key: Option<u64>| key.and_then(|key| self.rich.get(&key)).map(|record| &**record);
        let shares = expect::maturity(record(key_of(keys, Scope::All)), record(Some(country)));
        self.cached.maturity.insert(country, (slot, shares));
        shares
    }

    /// Numbers of a country's network, from the runs that were given to it.
    fn numbers(&mut self, ask: &Ask) -> (f64, f64) {
        let of = |country: Option<Country>, network: Option<u32>| {
            let country = country.map_or(0, |c| c.iso2().bytes().fold(0u64, |v, b| v << 8 | u64::from(b)));
            country << 32 | network.map_or(0xffff_ffff, u64::from)
        };
        let name = of(ask.country, Some(u32::MAX - 1));
        if let Some(country) = ask.country
            && !self.cached.numbers.contains_key(&name)
        {
            let mut whole = 0.0;
            for run in cofferdam_atlas::mobile_runs(country) {
                let network = run.network.map(cofferdam_atlas::Network::id);
                *self.cached.numbers.entry(of(Some(country), network)).or_default() += run.numbers() as f64;
                whole += run.numbers() as f64;
            }
            self.cached.numbers.insert(name, whole);
        }
        let whole = self.cached.numbers.get(&name).copied().unwrap_or(1e7);
        let own = self.cached.numbers.get(&of(ask.country, ask.network)).copied().unwrap_or(1e6);
        (own.max(1e4), whole.max(1e5))
    }

    fn season(&mut self, ask: &Ask, all: Option<u64>, country: Option<u64>) -> (Season, [f64; HORIZONS]) {
        let slot = ask.at_s / SLOT_S;
        let name = country.unwrap_or_default();
        if let Some((at, season, faded)) = self.cached.seasons.get(&name)
            && *at == slot
        {
            return (*season, *faded);
        }
        let record = |key: Option<u64>| key.and_then(|key| self.rich.get(&key)).map(|record| &**record);
        let season = Season::of(record(all), record(country), ask.east_h());
        let faded = season.faded(ask.at_s);
        self.cached.seasons.insert(name, (slot, season, faded));
        (season, faded)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what a place is told by its parent; a struct for one caller says no more"
    )]
    fn usually(
        &mut self,
        key: Option<u64>,
        parent: &Usually,
        share: f64,
        rate_of: f64,
        season: &Season,
        now_s: u32,
        since_s: u32,
    ) -> Usually {
        let slot = now_s / SLOT_S;
        let name = key.unwrap_or_default();
        if let Some((at, usual)) = self.cached.usual.get(&name)
            && *at == slot
        {
            return *usual;
        }
        let record = key.and_then(|key| self.rich.get(&key)).map_or(&RichRecord::NONE, |record| &**record);
        let usual = usually(record, season, parent, share, rate_of, now_s, since_s);
        // Whoever names a new profile with each attempt must not fill memory: what is lost is worked out again.
        if self.cached.usual.len() >= RICH_MAX {
            self.cached.usual.clear();
        }
        self.cached.usual.insert(name, (slot, usual));
        usual
    }

    fn usual(&mut self, ask: &Ask) -> Usual {
        let key = |scope| key_of(&ask.keys, scope);
        let since_s = key(Scope::All).and_then(|all| self.rich.get(&all)).map_or(ask.at_s, |all| all.first_s);
        let (season, faded) = self.season(ask, key(Scope::All), key(Scope::Country));
        let (own, whole) = self.numbers(ask);
        let now_s = ask.at_s;
        let nowhere = expect::nowhere();
        let [of_all, of_country, of_network] = RATE_OF;
        let all = self.usually(key(Scope::All), &nowhere, 0.0, of_all, &season, now_s, since_s);
        // A country or network without a history borrows little: most are never asked for.
        let country =
            self.usually(key(Scope::Country), &all, 1.0 / 200.0, of_country, &season, now_s, since_s);
        let share = (own / whole).min(0.5);
        let network = self.usually(key(Scope::Network), &country, share, of_network, &season, now_s, since_s);
        let profile = self.usually(key(Scope::Profile), &all, 0.05, 50.0, &season, now_s, since_s);
        let age_s = f64::from(now_s.saturating_sub(since_s));
        // After forty times its pace nothing is missing that a figure could hold.
        let filled = TAU_S.map(|tau| match age_s / f64::from(tau) {
            long if long > 40.0 => 1.0,
            short => 1.0 - crate::math::exp(-short),
        });
        let lean = (profile.rate / all.rate.max(0.01)).clamp(0.4, 1.4);
        let parent = Usually { rate: (network.rate * lean).clamp(0.005, 0.995), ..network };
        let line = &[Scope::All, Scope::Country, Scope::Network];
        let share = self.close(ask, Meets::Profile, Meets::OfNetwork, 0.4, line);
        let flow = self.usually(key(Scope::ProfileNetwork), &parent, share, 10.0, &season, now_s, since_s);
        Usual { faded, all, country, network, flow, numbers: own, country_numbers: whole, filled }
    }

    /// Reads what an attempt's scopes say, now that it is counted in them.
    pub(super) fn read(&mut self, ask: &Ask, at: &Moment) -> Evidenced {
        let usual = self.usual(ask);
        let mut evidenced = Evidenced {
            newcomer: ask.newcomer,
            climate: self.climate(ask, at, &usual),
            days: ask.glimpse.days,
            neighbours: self.long_converted(ask, Scope::Address, at) as f32,
            company: ArrayVec::new(),
            readings: ArrayVec::new(),
        };
        if ask.trusted {
            return evidenced;
        }
        let pipe = evidenced.climate.pipe;
        let [now, ..] = pipe;
        self.cached.arrives = f64::from(now);
        let places = self.places(ask, at, &usual, pipe);
        for ((scope, key), place) in ask.keys.iter().zip(&self.places) {
            if matches!(scope, Scope::Profile | Scope::Client | Scope::Asn) {
                continue;
            }
            let Some(record) = self.record_at(*place, *scope, *key) else { continue };
            let record = &record.counts(at);
            let rate = rate_of(*scope, &usual);
            let expected = match scope {
                Scope::All | Scope::Profile | Scope::Client | Scope::Asn => [0.0; HORIZONS],
                Scope::Country => places.country,
                Scope::Network => places.network,
                Scope::ProfileNetwork
                | Scope::ClientNetwork
                | Scope::WhenceNetwork
                | Scope::ChannelNetwork => {
                    let own = self.crossing(ask, *scope, record, &usual, &places);
                    goes_on(record, rate.0, pipe, own)
                }
                Scope::Prefix4 | Scope::Prefix3 | Scope::Prefix2 => {
                    let own = self.run(ask, *scope, record, &usual, &places);
                    goes_on(record, rate.0, pipe, own)
                }
                Scope::Neighbourhood | Scope::Address => {
                    let own = self.source(ask, *scope, record, &usual, &places);
                    goes_on(record, rate.0, pipe, own)
                }
                Scope::Device | Scope::User => per_day(0.2, &usual),
            };
            let ordered =
                || *scope == Scope::Prefix4 && self.order(*key, ask).is_some_and(|(nats, _)| nats > 1.0);
            if is_part(*scope) && nearly(&expected, &places.network) && !ordered() {
                // The whole network, by another name.
                continue;
            }
            let reading = reading(*scope, *key, record, expected, rate);
            let reading = match scope {
                Scope::Country | Scope::Network => Reading {
                    trusted: self.rich.get(key).map(|rich| rich.control(at).map(figures)),
                    ..reading
                },
                Scope::Prefix4 if reading.seen[2] >= 4.0 && surges(&reading) => {
                    Reading { order: self.order(*key, ask), ..reading }
                }
                _ => reading,
            };
            if worth_a_look(&reading) {
                let _ = evidenced.readings.try_push(reading);
            }
        }
        if evidenced.readings.iter().any(|reading| in_place(reading.scope)) {
            evidenced.company = self.company(ask, at, &places);
        }
        evidenced
    }

    /// Whom an attempt has company of: those of its network with the same profile, browser or network
    /// of addresses, and those of its country with the same network.
    fn company(&self, ask: &Ask, at: &Moment, places: &Expected) -> ArrayVec<Company, 4> {
        let mut all = ArrayVec::new();
        for ((scope, key), place) in ask.keys.iter().zip(&self.places) {
            if !matches!(
                scope,
                Scope::Network | Scope::ProfileNetwork | Scope::ClientNetwork | Scope::WhenceNetwork
            ) {
                continue;
            }
            let Some(record) = self.record_at(*place, *scope, *key) else { continue };
            let counts = record.counts(at);
            let (of, share) = if *scope == Scope::Network {
                let share = (places.network_converted + 1.0) / (places.country_converted + 4.0);
                (places.country_seen, share)
            } else {
                (places.network_seen, self.share(ask, *scope, &counts, places))
            };
            let itself = f64::from(u8::from(ask.newcomer));
            let without = |n: [f64; HORIZONS]| figures(n.map(|n| (n - itself).max(0.0)));
            let seen = counts.of(Field::Newcomers);
            let _ = all.try_push(Company {
                scope: *scope,
                of: without(of),
                seen: without(seen),
                share: share.clamp(0.002, 0.95) as f32,
            });
        }
        all
    }

    /// The share of a network's people that a crossing usually has.
    fn share(&self, ask: &Ask, scope: Scope, record: &Counts, places: &Expected) -> f64 {
        let line = &[Scope::All, Scope::Country, Scope::Network];
        let often = match scope {
            Scope::ProfileNetwork => self.close(ask, Meets::Profile, Meets::OfNetwork, 0.4, line),
            Scope::ClientNetwork => self.close(ask, Meets::Client, Meets::OfNetwork, 0.1, line),
            Scope::WhenceNetwork => self.close(ask, Meets::Whence, Meets::OfNetwork, 0.2, line),
            _ => 0.1,
        };
        let own = record.long(Field::Converted);
        ((own + CROSSING * often) / (places.network_converted + CROSSING)).clamp(0.005, 1.0)
    }

    /// What is expected of a crossing: its own share of those who proved themselves, where there are
    /// enough of them, else what is usual among the network's people.
    fn crossing(
        &self,
        ask: &Ask,
        scope: Scope,
        record: &Counts,
        usual: &Usual,
        places: &Expected,
    ) -> [f64; HORIZONS] {
        let share = self.share(ask, scope, record, places);
        let own = beside(places.network, &places.network_seen, record, share);
        if scope != Scope::ProfileNetwork {
            return own;
        }
        let base = [0, 1, 2].map(|h| usual.flow.newcomers * at_of(&usual.faded, h) * at_of(&usual.filled, h));
        greater(own, base)
    }

    /// What is expected of a run of numbers. People are not spread evenly: some runs have twice their
    /// share, and crowded ones teach theirs.
    fn run(
        &self,
        ask: &Ask,
        scope: Scope,
        record: &Counts,
        usual: &Usual,
        places: &Expected,
    ) -> [f64; HORIZONS] {
        let (width, what) = match scope {
            Scope::Prefix4 => (1e4, Meets::Prefix4),
            Scope::Prefix3 => (1e3, Meets::Prefix3),
            _ => (1e2, Meets::Prefix2),
        };
        let least = (2.0 * width / usual.numbers).min(1.0);
        let line = &[Scope::All, Scope::Country, Scope::Network];
        let share = self.close(ask, what, Meets::OfNetwork, least, line);
        let own = beside(places.network, &places.network_seen, record, share);
        greater(own, per_day(1.0 / 30.0, usual).map(|e| e * width / 1e4))
    }

    /// What is expected of an address or its neighbourhood, as the country's people share them.
    fn source(
        &self,
        ask: &Ask,
        scope: Scope,
        record: &Counts,
        usual: &Usual,
        places: &Expected,
    ) -> [f64; HORIZONS] {
        let (what, least, floor) = if scope == Scope::Address {
            (Meets::Address, 2e-4, 0.1)
        } else {
            (Meets::Neighbourhood, 6e-4, 0.3)
        };
        let share = self.close(ask, what, Meets::OfCountry, least, &[Scope::All, Scope::Country]);
        let own = beside(places.country, &places.country_seen, record, share);
        greater(own, per_day(floor, usual))
    }

    pub(super) fn record(&self, scope: Scope, key: u64) -> Option<&PlainRecord> {
        self.record_at(Place::UNKNOWN, scope, key)
    }

    pub(super) fn record_at(&self, place: Place, scope: Scope, key: u64) -> Option<&PlainRecord> {
        if scope.is_rich() {
            self.rich.get(&key).map(|rich| &rich.plain)
        } else {
            self.plain.peek_at(place, key)
        }
    }

    /// The chance that two people of a place meet in one run or at one address, as its people teach it.
    fn close(&self, ask: &Ask, what: Meets, of: Meets, least: f64, line: &[Scope]) -> f64 {
        let mut share = least;
        for (scope, weight) in line.iter().zip([300.0, 100.0, 20.0]) {
            if let Some(record) = key_of(&ask.keys, *scope).and_then(|key| self.rich.get(&key)) {
                share = (record.met(what) + weight * share) / (record.met(of) + weight);
            }
        }
        share.clamp(least.min(1.0), 1.0)
    }

    fn long_converted(&self, ask: &Ask, scope: Scope, at: &Moment) -> f64 {
        let key = key_of(&ask.keys, scope);
        key.and_then(|key| self.record(scope, key)).map_or(0.0, |record| record.long(Field::Converted, at))
    }

    fn climate(&self, ask: &Ask, at: &Moment, usual: &Usual) -> Climate {
        let Some(all) = key_of(&ask.keys, Scope::All).and_then(|key| self.rich.get(&key)) else {
            return Climate { age_h: 0.0, heat: 0.0, pipe: [1.0; HORIZONS] };
        };
        let age_h = f64::from(ask.at_s.saturating_sub(all.first_s)) / 3_600.0;
        let wont = [0, 1, 2].map(|h| usual.all.newcomers * at_of(&usual.faded, h) * at_of(&usual.filled, h));
        let pipe = figures(pipe(all, at, usual.all.rate, &wont));
        Climate { age_h: age_h as f32, heat: all.plain.long(Field::Strikes, at) as f32, pipe }
    }

    /// Whether the last numbers of a run follow an order.
    fn order(&self, key: u64, ask: &Ask) -> Option<(f32, u16)> {
        let recent = self.recent.get(key)?;
        let numbers: ArrayVec<u16, RECENT> = recent.since(ask.at_s.saturating_sub(2 * 86_400)).collect();
        if numbers.len() < 5 {
            return None;
        }
        let order = crate::pattern::order::order(&numbers);
        Some((order.nats as f32, order.step.unwrap_or(0)))
    }

    /// What is expected of country and network, raised by what explains a surge honestly.
    fn places(&self, ask: &Ask, at: &Moment, usual: &Usual, pipe: Figures) -> Expected {
        let record = |scope| key_of(&ask.keys, scope).and_then(|key| self.rich.get(&key)).map(|rich| &**rich);
        let base = |usually: &Usually, least_a_day: f64, least_share: f64| {
            let least = (least_a_day / DAY_S).max(least_share * usual.all.newcomers);
            let rate = usually.newcomers.max(least);
            let mut expected = [0.0; HORIZONS];
            for ((e, faded), filled) in expected.iter_mut().zip(usual.faded).zip(usual.filled) {
                *e = rate * faded * filled;
            }
            expected
        };
        let mut country = base(&usual.country, 2.0 / 3.0, 2e-4);
        let mut network = base(&usual.network, 1.0 / 3.0, 1e-4);
        let empty = &RichRecord::NONE;
        let (own, wide) = (record(Scope::Network).unwrap_or(empty), record(Scope::Country).unwrap_or(empty));
        let all = record(Scope::All).unwrap_or(empty);
        let (own_counts, wide_counts) = (own.plain.counts(at), wide.plain.counts(at));
        // The rest of the country converts in numbers: its networks may, too.
        let (own_v, wide_v) = (own_counts.of(Field::Converted), wide_counts.of(Field::Converted));
        let share = (usual.numbers / usual.country_numbers).clamp(0.05, 0.5);
        for h in 0..HORIZONS {
            let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
            let others = (at_of(&wide_v, h) - at_of(&own_v, h)).max(0.0) / (usual.country.rate * arrives);
            if let Some(e) = network.get_mut(h) {
                *e = e.max(0.8 * others * share / (1.0 - share));
            }
        }
        // A network's share of its country's surge, and a country's of the world's: what lifts all alike is
        // for the wider place to explain.
        let left = |counts: &Counts| {
            let (n, x) = (counts.of(Field::Newcomers), counts.of(Field::Explained));
            [0, 1, 2].map(|h| (at_of(&n, h) - at_of(&x, h)).max(0.0))
        };
        let all_counts = all.plain.counts(at);
        let (n_all, n_wide, n_own) = (left(&all_counts), left(&wide_counts), left(&own_counts));
        for h in 0..HORIZONS {
            let world = usual.all.newcomers * at_of(&usual.faded, h) * at_of(&usual.filled, h);
            let (wide_e, own_e) = (at_of(&country, h), at_of(&network, h));
            let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
            let convert = |whole: &Counts, part: &Counts, rate: f64| honest(whole, part, h, rate * arrives);
            let others = (at_of(&n_wide, h) - at_of(&n_own, h))
                * convert(&wide_counts, &own_counts, usual.country.rate);
            let rest =
                (at_of(&n_all, h) - at_of(&n_wide, h)) * convert(&all_counts, &wide_counts, usual.all.rate);
            let others = lift(others, wide_e, own_e);
            let rest = lift(rest, world, wide_e);
            raise(&mut network, h, others);
            raise(&mut country, h, 1.0 + 0.8 * (rest - 1.0));
        }
        // Trusted people come in greater numbers than in the last days: something happened that people talk of.
        for (place, rich) in [(&mut country, wide), (&mut network, own)] {
            let [trusted, ..] = rich.control(at);
            let usual_now = at_of(&trusted, LONG) / at_of(&usual.faded, LONG);
            for h in 0..LONG {
                let wont = usual_now * at_of(&usual.faded, h);
                if at_of(&trusted, h) >= 5.0 {
                    raise(place, h, 0.7 * at_of(&trusted, h) / wont.max(1.0));
                }
            }
        }
        country = goes_on(&wide_counts, usual.country.rate, pipe, country);
        network = goes_on(&own_counts, usual.network.rate, pipe, network);
        Expected {
            country,
            network,
            country_seen: wide_counts.of(Field::Newcomers),
            network_seen: own_counts.of(Field::Newcomers),
            network_converted: own_counts.long(Field::Converted),
            country_converted: wide_counts.long(Field::Converted),
        }
    }
}

/// What is expected of the two places that have a history.
struct Expected {
    country: [f64; HORIZONS],
    network: [f64; HORIZONS],
    country_seen: [f64; HORIZONS],
    network_seen: [f64; HORIZONS],
    network_converted: f64,
    country_converted: f64,
}

/// The share that usually converts in a scope, and from how many outcomes that was learned.
fn rate_of(scope: Scope, usual: &Usual) -> (f64, f64) {
    match scope {
        Scope::Country => (usual.country.rate, usual.country.rate_of),
        Scope::All | Scope::Profile | Scope::Client | Scope::Asn => (usual.all.rate, usual.all.rate_of),
        Scope::Neighbourhood | Scope::Address | Scope::Device | Scope::User => {
            (usual.country.rate, usual.country.rate_of)
        }
        Scope::ProfileNetwork => (usual.flow.rate, usual.flow.rate_of),
        _ => (usual.network.rate, usual.network.rate_of),
    }
}

/// So many a day, in each horizon.
fn per_day(count: f64, usual: &Usual) -> [f64; HORIZONS] {
    let mut expected = [0.0; HORIZONS];
    for ((e, tau), filled) in expected.iter_mut().zip(TAU_S).zip(usual.filled) {
        *e = count / DAY_S * f64::from(tau) * filled.max(1e-3);
    }
    expected
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

fn surges(reading: &Reading) -> bool {
    let mut pairs = reading.seen.iter().zip(&reading.expected);
    pairs.any(|(seen, expected)| *seen >= 1.8 && *seen > 1.3 * expected)
}

/// Most attempts stand where nothing unusual is seen; those readings need no second look.
fn worth_a_look(reading: &Reading) -> bool {
    let surge = surges(reading);
    let poor = reading
        .matured
        .iter()
        .zip(&reading.converted)
        .any(|(matured, converted)| *matured >= 5.0 && *converted < 0.75 * reading.rate * matured);
    surge || poor || reading.strikes > 0.1 || reading.order.is_some_and(|(nats, _)| nats > 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_profiles_as_somebody_likes_fill_no_memory() {
        let mut tallies = EvidenceTallies::new(16);
        let season = Season::of(None, None, 0);
        for key in 0..3 * RICH_MAX as u64 {
            tallies.usually(Some(key), &expect::nowhere(), 0.0, 10.0, &season, 1_790_000_000, 1_790_000_000);
            assert!(tallies.cached.usual.len() <= RICH_MAX);
        }
    }
}

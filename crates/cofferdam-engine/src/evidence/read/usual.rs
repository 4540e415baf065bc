//! What is usual at the places of an attempt, worked out now and then rather than for each attempt: what
//! is learned of a place changes slowly. All that belongs to one network stands together, so an attempt
//! looks for it once. Called by the reader alone, and by the store for the shares of codes that are back.

use super::order::Orders;
use crate::evidence::count::Ask;
use crate::evidence::decay::{HORIZONS, TAU_S};
use crate::evidence::expect::{self, RATE_OF, Season, Usually, usually};
use crate::evidence::rich::{DELAYS, Meets, RichRecord};
use crate::evidence::scope::{Keys, Scope};
use crate::evidence::store::{EvidenceTallies, Map, RICH_MAX};
use crate::table::Place;
use cofferdam_atlas::Country;

/// What is usual is worked out again every so many seconds.
const SLOT_S: u32 = 300;

/// What is computed now and then rather than for each attempt.
#[derive(Debug)]
pub(in crate::evidence) struct Cached {
    usual: Map<(u32, Usually)>,
    seasons: Map<(u32, Season, [f64; HORIZONS])>,
    maturity: Map<(u32, [f64; DELAYS])>,
    /// By network.
    wonts: Map<(u32, Wont)>,
    pub(super) orders: Orders,
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
            wonts: Map::default(),
            orders: Orders::default(),
            arrives: 1.0,
            numbers: Map::default(),
        }
    }
}

/// What is usual for all attempts at one network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wont {
    pub faded: [f64; HORIZONS],
    pub all: Usually,
    pub country: Usually,
    pub network: Usually,
    pub shares: Shares,
}

/// The chances that two people of a network, or of a country, have one thing in common, as its people teach
/// it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    pub profile: f64,
    pub client: f64,
    pub whence: f64,
    pub prefix4: f64,
    pub prefix3: f64,
    pub prefix2: f64,
    pub address: f64,
    pub neighbourhood: f64,
}

/// The places of an attempt and what is usual in them.
pub(super) struct Usual {
    pub wont: Wont,
    /// The profile's traffic to the network.
    pub flow: Usually,
    /// How far each horizon has filled since the installation began.
    pub filled: [f64; HORIZONS],
}

pub(super) fn key_of(keys: &Keys, scope: Scope) -> Option<u64> {
    keys.iter().find(|(own, _)| *own == scope).map(|(_, key)| *key)
}

/// A profile is taken to have at least this share of a network's people before it has any. Guess.
const LEAST_PROFILE: f64 = 0.02;

/// The widths of runs of numbers.
pub(super) const RUNS: [f64; 3] = [1e4, 1e3, 1e2];

impl Shares {
    /// Learned from the records of all, of the country and of the network, `numbers` being the network's.
    fn of(line: [Option<&RichRecord>; 3], numbers: f64) -> Self {
        let [all, country, _] = line;
        let own = |what: Meets, least: f64| close(&line, what, Meets::OfNetwork, least);
        let wide = |what: Meets, least: f64| close(&[all, country], what, Meets::OfCountry, least);
        let [four, three, two] = RUNS.map(|width| (2.0 * width / numbers).min(1.0));
        Self {
            profile: own(Meets::Profile, 0.4),
            client: own(Meets::Client, 0.1),
            whence: own(Meets::Whence, 0.2),
            prefix4: own(Meets::Prefix4, four),
            prefix3: own(Meets::Prefix3, three),
            prefix2: own(Meets::Prefix2, two),
            address: wide(Meets::Address, 2e-4),
            neighbourhood: wide(Meets::Neighbourhood, 6e-4),
        }
    }
}

/// The chance that two people of a place meet in one run or at one address, as its people teach it.
fn close(line: &[Option<&RichRecord>], what: Meets, of: Meets, least: f64) -> f64 {
    let mut share = least;
    for (record, weight) in line.iter().zip([300.0, 100.0, 20.0]) {
        if let Some(record) = record {
            share = (record.met(what) + weight * share) / (record.met(of) + weight);
        }
    }
    share.clamp(least.min(1.0), 1.0)
}

impl EvidenceTallies {
    /// The shares of codes that come back by each step, in the attempt's country.
    pub(in crate::evidence) fn maturity(&mut self, keys: &Keys) -> [f64; DELAYS] {
        let slot = self.now_s / SLOT_S;
        let country = key_of(keys, Scope::Country).unwrap_or_default();
        if let Some((at, shares)) = self.cached.maturity.get(&country)
            && *at == slot
        {
            return *shares;
        }
        let shares = expect::maturity(self.rich_of(keys, Scope::All), self.rich_of(keys, Scope::Country));
        self.cached.maturity.insert(country, (slot, shares));
        shares
    }

    pub(super) fn rich_of(&self, keys: &Keys, scope: Scope) -> Option<&RichRecord> {
        let n = keys.iter().position(|(own, _)| *own == scope)?;
        let (_, key) = keys.get(n)?;
        // Mostly it is the attempt that was just counted.
        self.rich.get_at(self.places.get(n).copied().unwrap_or(Place::UNKNOWN), *key)
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

    fn season(&mut self, ask: &Ask) -> (Season, [f64; HORIZONS]) {
        let slot = ask.at_s / SLOT_S;
        let name = key_of(&ask.keys, Scope::Country).unwrap_or_default();
        if let Some((at, season, faded)) = self.cached.seasons.get(&name)
            && *at == slot
        {
            return (*season, *faded);
        }
        let (all, country) = (self.rich_of(&ask.keys, Scope::All), self.rich_of(&ask.keys, Scope::Country));
        let season = Season::of(all, country, ask.east_h(), ask.at_s);
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
        let record = key.and_then(|key| self.rich.get(key)).unwrap_or(&RichRecord::NONE);
        let usual = usually(record, season, parent, share, rate_of, now_s, since_s);
        // Whoever names a new profile with each attempt must not fill memory: what is lost is worked out again.
        if self.cached.usual.len() >= RICH_MAX {
            self.cached.usual.clear();
        }
        self.cached.usual.insert(name, (slot, usual));
        usual
    }

    fn wont(&mut self, ask: &Ask, since_s: u32) -> Wont {
        let slot = ask.at_s / SLOT_S;
        let name = key_of(&ask.keys, Scope::Network).unwrap_or_default();
        if let Some((at, wont)) = self.cached.wonts.get(&name)
            && *at == slot
        {
            return *wont;
        }
        let key = |scope| key_of(&ask.keys, scope);
        let (season, faded) = self.season(ask);
        let (numbers, country_numbers) = self.numbers(ask);
        let now_s = ask.at_s;
        let nowhere = expect::nowhere();
        let [of_all, of_country, of_network] = RATE_OF;
        let all = self.usually(key(Scope::All), &nowhere, 0.0, of_all, &season, now_s, since_s);
        // A country or network without a history borrows little: most are never asked for.
        let country =
            self.usually(key(Scope::Country), &all, 1.0 / 200.0, of_country, &season, now_s, since_s);
        let share = (numbers / country_numbers).min(0.5);
        let network = self.usually(key(Scope::Network), &country, share, of_network, &season, now_s, since_s);
        let line = [Scope::All, Scope::Country, Scope::Network].map(|scope| self.rich_of(&ask.keys, scope));
        let shares = Shares::of(line, numbers);
        let wont = Wont { faded, all, country, network, shares };
        if self.cached.wonts.len() >= RICH_MAX {
            self.cached.wonts.clear();
        }
        self.cached.wonts.insert(name, (slot, wont));
        wont
    }

    /// What is usual of a profile's traffic to a network.
    fn flow(&mut self, ask: &Ask, wont: &Wont, since_s: u32) -> Usually {
        let key = key_of(&ask.keys, Scope::ProfileNetwork);
        if let Some((at, usual)) = self.cached.usual.get(&key.unwrap_or_default())
            && *at == ask.at_s / SLOT_S
        {
            return *usual;
        }
        let ((season, _), now_s) = (self.season(ask), ask.at_s);
        let own = key_of(&ask.keys, Scope::Profile);
        let profile = self.usually(own, &wont.all, 0.05, 50.0, &season, now_s, since_s);
        let lean = (profile.rate / wont.all.rate.max(0.01)).clamp(0.4, 1.4);
        let parent = Usually { rate: (wont.network.rate * lean).clamp(0.005, 0.995), ..wont.network };
        // Of a network's people a profile has as many as of all people, until it has some of its own there: of a
        // small one's traffic little is usual anywhere.
        let share = profile.newcomers / wont.all.newcomers.max(f64::MIN_POSITIVE);
        let share = share.clamp(LEAST_PROFILE, wont.shares.profile.max(LEAST_PROFILE));
        self.usually(key, &parent, share, 10.0, &season, now_s, since_s)
    }

    pub(super) fn usual(&mut self, ask: &Ask) -> Usual {
        let since_s = self.rich_of(&ask.keys, Scope::All).map_or(ask.at_s, |all| all.first_s);
        let wont = self.wont(ask, since_s);
        let flow = self.flow(ask, &wont, since_s);
        let age_s = f64::from(ask.at_s.saturating_sub(since_s));
        // After forty times its pace nothing is missing that a figure could hold.
        let filled = TAU_S.map(|tau| match age_s / f64::from(tau) {
            long if long > 40.0 => 1.0,
            short => 1.0 - crate::math::exp(-short),
        });
        Usual { wont, flow, filled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_profiles_as_somebody_likes_fill_no_memory() {
        let mut tallies = EvidenceTallies::new(16);
        let season = Season::of(None, None, 0, 0);
        for key in 0..3 * RICH_MAX as u64 {
            tallies.usually(Some(key), &expect::nowhere(), 0.0, 10.0, &season, 1_790_000_000, 1_790_000_000);
            assert!(tallies.cached.usual.len() <= RICH_MAX);
        }
    }
}

//! What is expected of an attempt's country and network, raised by what explains a surge honestly. Called by
//! the reader alone.

use super::usual::{Usual, key_of};
use super::{DAY_S, figures};
use crate::evidence::count::Ask;
use crate::evidence::decay::{HORIZONS, LONG, Moment};
use crate::evidence::expect::Usually;
use crate::evidence::plain::{Counts, Field};
use crate::evidence::reading::{Climate, Figures};
use crate::evidence::rich::RichRecord;
use crate::evidence::scope::Scope;
use crate::evidence::share::{at_of, goes_on, honest, lift, pipe, raise};
use crate::evidence::store::EvidenceTallies;

/// The records of an attempt's places; where one is not kept, an empty one.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    all: &'a RichRecord,
    country: &'a RichRecord,
    network: &'a RichRecord,
}

/// What is expected of the two places that have a history, and what was seen there and in all.
pub(super) struct Expected {
    pub country: [f64; HORIZONS],
    pub network: [f64; HORIZONS],
    pub of_all: Counts,
    pub of_country: Counts,
    pub of_network: Counts,
    /// The trusted of each.
    pub country_control: [[f64; HORIZONS]; 3],
    pub network_control: [[f64; HORIZONS]; 3],
}

impl<'a> Line<'a> {
    pub fn of(tallies: &'a EvidenceTallies, ask: &Ask) -> Self {
        let [all, country, network] = [Scope::All, Scope::Country, Scope::Network].map(|scope| {
            let record = key_of(&ask.keys, scope).and_then(|key| tallies.rich.get(&key));
            record.map_or(&RichRecord::NONE, |record| &**record)
        });
        Self { all, country, network }
    }

    pub fn climate(&self, ask: &Ask, at: &Moment, usual: &Usual) -> Climate {
        if self.all.first_s == 0 {
            return Climate { age_h: 0.0, heat: 0.0, pipe: [1.0; HORIZONS] };
        }
        let age_h = f64::from(ask.at_s.saturating_sub(self.all.first_s)) / 3_600.0;
        let wont = usual.each(usual.wont.all.newcomers);
        let pipe = figures(pipe(self.all, at, usual.wont.all.rate, &wont));
        Climate { age_h: age_h as f32, heat: self.all.plain.long(Field::Strikes, at) as f32, pipe }
    }

    /// What is expected of country and network.
    pub fn expected(&self, at: &Moment, usual: &Usual, pipe: Figures) -> Expected {
        let wont = &usual.wont;
        let base = |usually: &Usually, least_a_day: f64, least_share: f64| {
            let least = (least_a_day / DAY_S).max(least_share * wont.all.newcomers);
            usual.each(usually.newcomers.max(least))
        };
        let mut country = base(&wont.country, 2.0 / 3.0, 2e-4);
        let mut network = base(&wont.network, 1.0 / 3.0, 1e-4);
        let [of_all, of_country, of_network] =
            [self.all, self.country, self.network].map(|record| record.plain.counts(at));
        // The rest of the country converts in numbers: its networks may, too.
        let (own_v, wide_v) = (of_network.of(Field::Converted), of_country.of(Field::Converted));
        let share = (wont.numbers / wont.country_numbers).clamp(0.05, 0.5);
        for h in 0..HORIZONS {
            let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
            let others = (at_of(&wide_v, h) - at_of(&own_v, h)).max(0.0) / (wont.country.rate * arrives);
            if let Some(e) = network.get_mut(h) {
                *e = e.max(0.8 * others * share / (1.0 - share));
            }
        }
        lifted(&of_all, usual, pipe, (&of_country, &mut country), (&of_network, &mut network));
        let (country_control, network_control) = (self.country.control(at), self.network.control(at));
        talked_of(&mut country, &country_control, usual);
        talked_of(&mut network, &network_control, usual);
        country = goes_on(&of_country, wont.country.rate, pipe, country);
        network = goes_on(&of_network, wont.network.rate, pipe, network);
        Expected { country, network, of_all, of_country, of_network, country_control, network_control }
    }
}

/// A network's share of its country's surge, and a country's of the world's: what lifts all alike is
/// for the wider place to explain.
fn lifted(
    of_all: &Counts,
    usual: &Usual,
    pipe: Figures,
    (of_country, country): (&Counts, &mut [f64; HORIZONS]),
    (of_network, network): (&Counts, &mut [f64; HORIZONS]),
) {
    let left = |counts: &Counts| {
        let (n, x) = (counts.of(Field::Newcomers), counts.of(Field::Explained));
        [0, 1, 2].map(|h| (at_of(&n, h) - at_of(&x, h)).max(0.0))
    };
    let (n_all, n_wide, n_own) = (left(of_all), left(of_country), left(of_network));
    let worlds = usual.each(usual.wont.all.newcomers);
    for h in 0..HORIZONS {
        let (wide_e, own_e) = (at_of(country, h), at_of(network, h));
        let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
        let convert = |whole: &Counts, part: &Counts, rate: f64| honest(whole, part, h, rate * arrives);
        let others =
            (at_of(&n_wide, h) - at_of(&n_own, h)) * convert(of_country, of_network, usual.wont.country.rate);
        let rest = (at_of(&n_all, h) - at_of(&n_wide, h)) * convert(of_all, of_country, usual.wont.all.rate);
        let others = lift(others, wide_e, own_e);
        let rest = lift(rest, at_of(&worlds, h), wide_e);
        raise(network, h, others);
        raise(country, h, 1.0 + 0.8 * (rest - 1.0));
    }
}

/// Trusted people come in greater numbers than in the last days: something happened that people talk of.
fn talked_of(place: &mut [f64; HORIZONS], control: &[[f64; HORIZONS]; 3], usual: &Usual) {
    let [trusted, ..] = control;
    let faded = &usual.wont.faded;
    let usual_now = at_of(trusted, LONG) / at_of(faded, LONG);
    for h in 0..LONG {
        let wont = usual_now * at_of(faded, h);
        if at_of(trusted, h) >= 5.0 {
            raise(place, h, 0.7 * at_of(trusted, h) / wont.max(1.0));
        }
    }
}

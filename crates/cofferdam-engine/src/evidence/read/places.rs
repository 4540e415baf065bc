//! What is expected of an attempt's country and network, raised by what explains a surge honestly. Called by
//! the reader alone.

use super::usual::Usual;
use super::{DAY_S, figures};
use crate::evidence::count::Ask;
use crate::evidence::decay::{HORIZONS, LONG, Moment};
use crate::evidence::expect::Usually;
use crate::evidence::heat::heat;
use crate::evidence::plain::{Counts, Field};
use crate::evidence::reading::{Climate, Figures};
use crate::evidence::rich::RichRecord;
use crate::evidence::scope::Scope;
use crate::evidence::share::{at_of, goes_on, greater, honest, lift, pipe, raise};
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
        let [all, country, network] = [Scope::All, Scope::Country, Scope::Network]
            .map(|scope| tallies.rich_of(&ask.keys, scope).unwrap_or(&RichRecord::NONE));
        Self { all, country, network }
    }

    pub fn climate(&self, ask: &Ask, at: &Moment, usual: &Usual) -> Climate {
        if self.all.first_s == 0 {
            return Climate { age_h: 0.0, heat: 0.0, pipe: [1.0; HORIZONS] };
        }
        let age_h = f64::from(ask.at_s.saturating_sub(self.all.first_s)) / 3_600.0;
        let wont = usual.each(usual.wont.all.newcomers);
        let all = &usual.wont.all;
        let pipe = figures(pipe(self.all, at, (all.rate, all.lately), &wont));
        Climate { age_h: age_h as f32, heat: heat(self.all, self.network, at) as f32, pipe }
    }

    /// What is expected of country and network.
    pub fn expected(&self, at: &Moment, usual: &Usual, pipe: Figures) -> Expected {
        let wont = &usual.wont;
        let base = |usually: &Usually, least_a_day: f64, least_share: f64| {
            let least = (least_a_day / DAY_S).max(least_share * wont.all.newcomers);
            usual.each(usually.newcomers.max(least))
        };
        let usual_country = base(&wont.country, 2.0 / 3.0, 2e-4);
        let usual_network = base(&wont.network, 1.0 / 3.0, 1e-4);
        let [of_all, of_country, of_network] =
            [self.all, self.country, self.network].map(|record| record.plain.counts(at));
        let (country_control, network_control) = (self.country.control(at), self.network.control(at));
        // What lifts a place is seen in its siblings and in its trusted alike: the greater explains both, and
        // neither is counted on top of the other.
        let (mut country, mut network) = (usual_country, usual_network);
        lifted(&of_all, usual, pipe, (&of_country, &mut country), (&of_network, &mut network));
        network = greater(network, siblings(&of_country, &of_network, usual, pipe));
        country = greater(country, talked_of(usual_country, &country_control, usual));
        network = greater(network, talked_of(usual_network, &network_control, usual));
        country = goes_on(&of_country, wont.country.rate, pipe, country);
        network = goes_on(&of_network, wont.network.rate, pipe, network);
        Expected { country, network, of_all, of_country, of_network, country_control, network_control }
    }
}

/// The rest of the country converts in numbers: its networks may, too, each by the share of the country's people
/// that it usually has. How many numbers it was given says little of how many people use them.
fn siblings(of_country: &Counts, of_network: &Counts, usual: &Usual, pipe: Figures) -> [f64; HORIZONS] {
    let wont = &usual.wont;
    let (own, wide) = (of_network.of(Field::Converted), of_country.of(Field::Converted));
    let share = (wont.network.newcomers / wont.country.newcomers.max(f64::MIN_POSITIVE)).min(0.5);
    [0, 1, 2].map(|h| {
        let arrives = pipe.get(h).copied().map_or(1.0, f64::from);
        let others = (at_of(&wide, h) - at_of(&own, h)).max(0.0) / (wont.country.rate * arrives);
        0.8 * others * share / (1.0 - share)
    })
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
fn talked_of(mut place: [f64; HORIZONS], control: &[[f64; HORIZONS]; 3], usual: &Usual) -> [f64; HORIZONS] {
    let [trusted, ..] = control;
    let faded = &usual.wont.faded;
    let usual_now = at_of(trusted, LONG) / at_of(faded, LONG);
    for h in 0..LONG {
        let wont = usual_now * at_of(faded, h);
        if at_of(trusted, h) >= 5.0 {
            raise(&mut place, h, 0.7 * at_of(trusted, h) / wont.max(1.0));
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::super::usual::{Shares, Wont};
    use super::*;
    use crate::evidence::expect;

    /// A network with a tenth of its country's people.
    fn usual() -> Usual {
        let country = Usually { newcomers: 0.01, rate: 0.5, ..expect::nowhere() };
        let network = Usually { newcomers: 0.001, ..country };
        let shares = Shares {
            profile: 0.3,
            client: 0.1,
            whence: 0.2,
            prefix4: 0.01,
            prefix3: 0.001,
            prefix2: 1e-4,
            address: 2e-4,
            neighbourhood: 6e-4,
        };
        let wont = Wont { faded: [900.0, 10_800.0, 129_600.0], all: country, country, network, shares };
        Usual { wont, flow: network, filled: [1.0; HORIZONS] }
    }

    #[test]
    fn a_network_shares_its_countrys_surge_as_far_as_people_use_it() {
        let at = Moment::new(1_790_000_000);
        let mut country = RichRecord::NONE;
        country.plain.add(Field::Converted, &at, 64 * 450);
        let (country, network) = (country.plain.counts(&at), RichRecord::NONE.plain.counts(&at));
        let [_, hours, _] = siblings(&country, &network, &usual(), [1.0; HORIZONS]);
        // Nine hundred others asked; of a thousand a hundred would be its own.
        assert!((75.0..85.0).contains(&hours), "{hours}");
    }
}

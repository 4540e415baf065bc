//! The honest hard cases: habits that break a naive rule, one file each.
//!
//! A case draws its own size and place from the seed. It adds people of its own to the scene, or a spell that
//! changes the everyday. Every attempt of a case bears its name in the truth, so that the scorecard can say what
//! became of it. The table is in the order of the names; each name is its file's.

use super::crowd::{DAY_MS, HOUR_MS};
use super::{Person, Sitting, Spell};
use crate::Dice;
use crate::places::{Home, Places};
use crate::story::Planned;
use crate::world::Fault;
use alloc::vec::Vec;
use cofferdam_atlas::Country;

mod app_bug;
mod campaign;
mod campus;
mod carrier_nat;
mod conference;
mod feast;
mod fleet;
mod import;
mod kiosk;
mod launch;
mod logout;
mod monitor;
mod new_profile;
mod news;
mod office;
mod outage;
mod partner_deal;
mod pipe_trouble;
mod sim_batch;
mod slow_route;
mod small_country;
mod test_team;
mod traveller;
mod viral;
mod vpn;

/// A hard case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// As scenarios and scorecards write it.
    pub name: &'static str,
    /// Which rule it breaks, in a sentence.
    pub breaks: &'static str,
    /// Adds it to a scene.
    pub make: fn(&mut Scene<'_>),
}

macro_rules! cases {
    ($($name:ident: $breaks:literal,)*) => {
        &[$(Case { name: stringify!($name), breaks: $breaks, make: $name::make },)*]
    };
}

/// All cases.
pub const CASES: &[Case] = cases! {
    app_bug: "the codes of one client are not entered, in all countries at once",
    campaign: "many times the usual sign-ups for hours, by people who convert less",
    campus: "hundreds of students behind four addresses in the first days of term",
    carrier_nat: "a telephone network puts thousands behind a handful of addresses",
    conference: "people from everywhere behind one address for half a day",
    feast: "a whole country asks at midnight, and the messages are slow",
    fleet: "a company gives its people consecutive numbers, and all sign up from one address",
    import: "known numbers are verified again in numeric order, from one server",
    kiosk: "one device in a shop signs up customer after customer",
    launch: "a dear country goes from nothing to a leading one within a day, and converts",
    logout: "everybody has to come in again within the hour",
    monitor: "a script asks for a code every few minutes and solves no challenge",
    new_profile: "a sending application without any history",
    news: "people of all countries come back at once, and some bring others",
    office: "hundreds of colleagues behind one address",
    outage: "a network's messages do not arrive for hours, and everybody asks again",
    partner_deal: "one network has many times its usual sign-ups for two days",
    pipe_trouble: "the outcomes of all countries come late, at once, or not at all for hours",
    sim_batch: "a run of numbers that nobody had yet is sold within two days",
    slow_route: "a country's messages take minutes for hours",
    small_country: "a place with two people a week has ten within an hour",
    test_team: "a dozen numbers ask all day, and most codes are not entered",
    traveller: "addresses from other countries than the numbers",
    viral: "a country grows by itself for three days, faster every hour",
    vpn: "hundreds of people behind the same few machines",
};

/// By its name.
pub fn case(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

/// What a case is made in.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The world's map.
    pub places: &'a Places,
    /// When cases may begin, and by when they should be over.
    pub from_ms: i64,
    /// See `from_ms`.
    pub to_ms: i64,
    /// How large, times what the seed gives.
    pub size: f64,
    /// The case's own chance.
    pub dice: Dice,
    /// The number of the sitting before the next.
    pub sittings: u32,
    /// The people of its own.
    pub planned: Vec<Planned>,
    /// What it changes of the everyday.
    pub spells: Vec<Spell>,
    /// What it does to the pipe of outcomes.
    pub faults: Vec<Fault>,
}

impl Scene<'_> {
    /// About so many: half to twice, times the size asked for, at least one.
    fn about(&mut self, people: f64) -> u64 {
        libm::round(people * self.size * self.dice.between(0.6, 1.7)).max(1.0) as u64
    }

    /// A moment that leaves room for some hours.
    fn moment(&mut self, hours: f64) -> i64 {
        let last = self.to_ms - (hours * HOUR_MS as f64) as i64;
        let span = (last - self.from_ms).max(1);
        self.from_ms + self.dice.below(span as u64) as i64
    }

    /// The same, at an hour of the day in a country; on a working day if there is one.
    fn morning(&mut self, country: Country, hour: i64, hours: f64) -> i64 {
        let mut found = self.from_ms;
        for _ in 0..12 {
            let at = self.moment(hours);
            let offset = Places::local_ms(country, at) - at;
            let midnight = (at + offset).div_euclid(DAY_MS) * DAY_MS - offset;
            found = midnight + hour * HOUR_MS;
            let day = ((found + offset).div_euclid(DAY_MS) + 4).rem_euclid(7);
            let last = self.to_ms - (hours * HOUR_MS as f64) as i64;
            found = found.min(last).max(self.from_ms);
            if found > self.from_ms && found < last && !matches!(day, 0 | 6) {
                break;
            }
        }
        found
    }

    /// A network where people live: by their number, so a large one.
    fn home_net(&mut self) -> usize {
        self.places.pick_net(&mut self.dice)
    }

    /// A network with enough people for a change of the everyday to be noticed.
    fn large_net(&mut self) -> usize {
        let drawn: Vec<usize> = (0..5).map(|_| self.home_net()).collect();
        let people = |at: usize| self.places.per_day_in(at);
        drawn.into_iter().max_by(|one, other| people(*one).total_cmp(&people(*other))).unwrap_or(0)
    }

    /// How many times as many newcomers, if as many as drawn are not more than a fifth of the world's people: else the
    /// world would be about this case alone.
    fn times(&mut self, least: f64, most: f64, usual_a_day: f64) -> f64 {
        let more = self.size * self.dice.between(least, most);
        1.0 + more.min(0.2 * self.places.per_day / usual_a_day.max(1.0))
    }

    /// A network where next to nobody lives; one of the dearer of some drawn, if asked for.
    fn empty_net(&mut self, dear: bool) -> usize {
        let empty = |at: &usize| self.places.per_day_in(*at) < 6.0;
        let all: Vec<usize> = (0..self.places.nets.len()).filter(empty).collect();
        let price = |at: usize| self.places.nets.get(at).map_or(0, |net| net.price_micros);
        let dice = &mut self.dice;
        let drawn = (0..if dear { 4 } else { 1 }).filter_map(|_| dice.pick(&all).copied());
        drawn.max_by_key(|at| price(*at)).unwrap_or(0)
    }

    fn country(&self, net: usize) -> Option<Country> {
        self.places.nets.get(net).map(|net| net.country)
    }

    /// One more of the networks of a network's country, by their people.
    fn sibling(&mut self, net: usize) -> usize {
        let Some(country) = self.country(net) else { return net };
        let all = self.places.nets_of(country);
        let whole: f64 = all.iter().map(|at| self.places.per_day_in(*at)).sum();
        let mut left = self.dice.unit() * whole;
        let found = all.iter().find(|at| {
            left -= self.places.per_day_in(**at);
            left <= 0.0
        });
        found.copied().unwrap_or(net)
    }

    /// Somebody new on a network, who bears the case's name.
    fn person(&mut self, net: usize, case: &'static str) -> Option<Person> {
        let mut person = Person::on(net, self.places, &mut self.dice)?;
        person.case = Some(case);
        Some(person)
    }

    /// An address that many will share.
    fn shared(&mut self, net: usize) -> Option<Home> {
        let country = self.country(net)?;
        // Offices and hotels have one of IPv4.
        let homes = (0..24).map(|_| self.places.home_in(country, &mut self.dice));
        homes.reduce(|found, next| if found.ip.is_ipv4() { found } else { next })
    }

    /// Somebody asks, and converts at their network's rate times `converts`.
    fn sit(&mut self, at_ms: i64, person: &Person, converts: f64) -> bool {
        let usual = self.places.nets.get(person.net).map_or(0.5, |net| net.converts);
        self.sittings += 1;
        let sitting = Sitting {
            at_ms,
            person,
            converts: (usual * converts).min(0.985),
            arrives: 0.94,
            slow: 1.0,
            case: person.case,
            number: self.sittings,
        };
        sitting.plan(self.places, &mut self.dice, &mut self.planned)
    }

    /// A moment within so many hours of another, even.
    fn within(&mut self, from_ms: i64, hours: f64) -> i64 {
        from_ms + (self.dice.unit() * hours * HOUR_MS as f64) as i64
    }
}

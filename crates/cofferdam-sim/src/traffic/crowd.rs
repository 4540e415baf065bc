//! The everyday of all networks: one day at a time, hour by hour.

use super::{Person, Sitting, Spells};
use crate::Dice;
use crate::places::{Flow, Places};
use crate::story::Planned;
use alloc::{collections::BTreeMap, vec::Vec};
use cofferdam_atlas::Country;

/// An hour and a day, in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// See `HOUR_MS`.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// People of a network who are remembered as able to come back.
const KNOWN_MAX: usize = 20_000;
/// Numbers of the crowd's sittings begin here; cases and attacks have those below.
pub(crate) const SITTINGS_FROM: u32 = 1 << 28;

/// The everyday.
#[derive(Debug, Clone)]
pub struct Crowd {
    dice: Dice,
    sittings: u32,
    /// The share of sittings by people who were there before.
    known_share: f64,
    /// How much more there is from day to day.
    growth: f64,
    known: BTreeMap<usize, Vec<Person>>,
    manners: BTreeMap<Country, Manners>,
}

/// How the people of a country spread over the day and the week.
#[derive(Debug, Clone, Copy)]
struct Manners {
    peak_hour: f64,
    steep: f64,
    weekend: f64,
}

impl Crowd {
    /// The people of a world, none of whom has come yet.
    pub fn new(places: &Places, dice: &Dice) -> Self {
        let mut dice = dice.apart("crowd");
        let manner = |dice: &mut Dice| Manners {
            peak_hour: dice.between(17.0, 21.5),
            steep: dice.between(1.1, 1.7),
            weekend: dice.between(0.65, 1.35),
        };
        let manners = places.countries().into_iter().map(|country| (country, manner(&mut dice))).collect();
        Self {
            sittings: SITTINGS_FROM,
            known_share: dice.between(0.3, 0.6),
            growth: dice.between(-0.002, 0.012),
            known: BTreeMap::new(),
            manners,
            dice,
        }
    }

    /// All attempts of the sittings that begin on a day, in no order.
    pub fn day(&mut self, day: u32, from_ms: i64, places: &Places, spells: &Spells) -> Vec<Planned> {
        let mut out = Vec::new();
        let trend = libm::pow(1.0 + self.growth, f64::from(day));
        for (at, net) in places.nets.iter().enumerate() {
            let usual = places.per_day_in(at) * trend;
            // Small places differ more from day to day than large ones.
            let shape = (1.0 + usual).min(24.0);
            let factor = self.dice.factor(shape);
            for hour in 0..24 {
                let begins = from_ms + hour * HOUR_MS;
                let (newcomers, known, more) = spells.volume(at, net.country, begins + HOUR_MS / 2);
                let share = self.curve(net.country, begins + HOUR_MS / 2);
                let mean = usual * share * factor;
                let noise = self.dice.factor(20.0);
                let come =
                    self.dice.count((mean * (1.0 - self.known_share) * newcomers + more * share) * noise);
                let back = self.dice.count(mean * self.known_share * known * noise);
                for which in 0..come + back {
                    let at_ms = begins + self.dice.below(HOUR_MS as u64) as i64;
                    self.sit(at, at_ms, which >= come, places, spells, &mut out);
                }
            }
        }
        out
    }

    /// The share of a day's people in one of its hours; a week's sum is seven.
    fn curve(&self, country: Country, at_ms: i64) -> f64 {
        let manners = self.manners.get(&country).copied().unwrap_or(Manners {
            peak_hour: 19.0,
            steep: 1.4,
            weekend: 1.0,
        });
        let local = Places::local_ms(country, at_ms);
        let hour = local.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
        let angle = (hour - manners.peak_hour) / 24.0 * core::f64::consts::TAU;
        // A bent cosine: the night is nearly empty. Divided by its mean (the Bessel function I0, as a series).
        let square = manners.steep * manners.steep / 4.0;
        let mean = 1.0 + square + square * square / 4.0 + square * square * square / 36.0;
        let bent = libm::exp(manners.steep * libm::cos(angle)) / mean / 24.0;
        // The epoch was a Thursday.
        let weekend = matches!((local.div_euclid(DAY_MS) + 4).rem_euclid(7), 0 | 6);
        let week = 7.0 / (5.0 + 2.0 * manners.weekend);
        bent * if weekend { week * manners.weekend } else { week }
    }

    fn sit(
        &mut self,
        net: usize,
        at_ms: i64,
        known: bool,
        places: &Places,
        spells: &Spells,
        out: &mut Vec<Planned>,
    ) {
        let Some(place) = places.nets.get(net) else { return };
        let person = if known { self.somebody_known(net, places) } else { self.newcomer(net, places) };
        let Some(person) = person else { return };
        let spell = spells.on(&person, at_ms, &mut self.dice);
        self.sittings += 1;
        // Those who come back lose fewer on the way.
        let usual = if known { 1.0 - 0.45 * (1.0 - place.converts) } else { place.converts };
        let sitting = Sitting {
            at_ms,
            person: &person,
            converts: usual * spell.converts,
            arrives: 0.93 * spell.arrives,
            slow: spell.slow,
            case: spell.case,
            number: self.sittings,
        };
        let converted = sitting.plan(places, &mut self.dice, out);
        if converted && !known {
            let pool = self.known.entry(net).or_default();
            if pool.len() < KNOWN_MAX {
                pool.push(person);
            }
        }
    }

    fn newcomer(&mut self, net: usize, places: &Places) -> Option<Person> {
        let dice = &mut self.dice;
        Some(Person::on(net, places, dice)?.wanting(Flow::SignUp, places, dice))
    }

    /// Somebody who was there before; at first mostly from before the stream began.
    fn somebody_known(&mut self, net: usize, places: &Places) -> Option<Person> {
        let before = 3.0 * places.per_day_in(net) + 1.0;
        let pool = self.known.entry(net).or_default();
        let new = self.dice.chance(before / (before + pool.len() as f64));
        if !new && let Some(person) = self.dice.pick(pool) {
            let mut person = person.clone();
            // Now and then from elsewhere, with another telephone, or with a newer client.
            if self.dice.chance(0.25) {
                person.home = places.home_in(person.country, &mut self.dice);
            }
            if self.dice.chance(0.04) {
                person.device = self.dice.roll();
                person.agent = crate::places::agent(&mut self.dice);
            }
            return Some(person);
        }
        let person = Person::on(net, places, &mut self.dice)?.wanting(Flow::LogIn, places, &mut self.dice);
        let pool = self.known.entry(net).or_default();
        if pool.len() < KNOWN_MAX {
            pool.push(person.clone());
        }
        Some(person)
    }
}

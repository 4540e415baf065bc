//! A spell: hours in which a part of the everyday is not as it was. Launches, outages and the like are spells.

use super::Person;
use crate::Dice;
use alloc::vec::Vec;
use cofferdam_atlas::Country;

/// What a spell changes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "named as they are")]
pub struct Spell {
    pub case: Option<&'static str>,
    pub from_ms: i64,
    pub to_ms: i64,
    pub reach: Reach,
    /// Times as many newcomers, and people who come back.
    pub newcomers: f64,
    pub known: f64,
    /// Newcomers a day more than the usual, for places that have next to none.
    pub more_a_day: f64,
    /// Times the odds are not what changes: the share itself is multiplied.
    pub converts: f64,
    pub arrives: f64,
    pub slow: f64,
    /// Whether it begins and ends softly.
    pub soft: bool,
}

/// Whom a spell reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reach {
    /// Everybody.
    All,
    /// People of a country.
    Country(Country),
    /// People of a network, by its place in the world's list.
    Net(usize),
    /// Those whose client says that it is this.
    Agent(&'static str),
}

impl Spell {
    /// Nothing is changed.
    pub fn usual(case: &'static str, from_ms: i64, hours: f64, reach: Reach) -> Self {
        Self {
            case: Some(case),
            from_ms,
            to_ms: from_ms + (hours * 3_600_000.0) as i64,
            reach,
            newcomers: 1.0,
            known: 1.0,
            more_a_day: 0.0,
            converts: 1.0,
            arrives: 1.0,
            slow: 1.0,
            soft: false,
        }
    }

    /// How much of it there is at a moment, 0 to 1.
    pub fn strength(&self, at_ms: i64) -> f64 {
        if at_ms < self.from_ms || at_ms >= self.to_ms {
            return 0.0;
        }
        let along = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms) as f64;
        // Up within a tenth, then slowly down.
        if self.soft { (along * 10.0).min(1.0) * (1.0 - 0.7 * along) } else { 1.0 }
    }

    fn reaches_place(&self, net: usize, country: Country) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Country(of) => of == country,
            Reach::Net(of) => of == net,
            Reach::Agent(_) => false,
        }
    }

    fn reaches(&self, person: &Person) -> bool {
        match self.reach {
            Reach::Agent(of) => person.agent.starts_with(of),
            _ => self.reaches_place(person.net, person.country),
        }
    }
}

/// All spells of a world.
#[derive(Debug, Clone, Default)]
pub struct Spells(pub Vec<Spell>);

impl Spells {
    /// Times as many newcomers and known people on a network at a moment, and newcomers a day beside those.
    pub fn volume(&self, net: usize, country: Country, at_ms: i64) -> (f64, f64, f64) {
        let mut volume = (1.0, 1.0, 0.0);
        for spell in self.0.iter().filter(|spell| spell.reaches_place(net, country)) {
            let strength = spell.strength(at_ms);
            volume.0 *= 1.0 + (spell.newcomers - 1.0) * strength;
            volume.1 *= 1.0 + (spell.known - 1.0) * strength;
            volume.2 += spell.more_a_day * strength;
        }
        volume
    }

    /// What holds for a person at a moment, put together: the factors, and the case.
    pub fn on(&self, person: &Person, at_ms: i64, dice: &mut Dice) -> Spell {
        let mut sum = Spell::usual("", at_ms, 0.0, Reach::All);
        sum.case = None;
        for spell in self.0.iter().filter(|spell| spell.strength(at_ms) > 0.0 && spell.reaches(person)) {
            sum.converts *= spell.converts;
            sum.arrives *= spell.arrives;
            sum.slow *= spell.slow;
            // A launch has a share of people who would have come anyway; all are its case.
            if sum.case.is_none() || dice.chance(0.5) {
                sum.case = spell.case;
            }
        }
        sum
    }
}

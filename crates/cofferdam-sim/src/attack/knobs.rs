//! What a campaign can be set to. A family draws its knobs from a seed, far apart on purpose; a scenario may set
//! any of them by name. What the words mean is done elsewhere: `aim`, `pace`, `mask` and `fate`.

use crate::Dice;
use crate::places::{Density, Places};
use alloc::string::{String, ToString};
use core::fmt;
use libm::exp;

/// Which destinations pay the attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceClass {
    /// All the same.
    Any,
    /// The cheapest third: cheap is not safe.
    Cheap,
    /// The dearest third.
    Dear,
}

/// Among whom the destinations lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Where nearly nobody lives.
    Few,
    /// Anywhere.
    Any,
    /// Where many genuine people are, on any continent.
    Many,
    /// The installation's own largest markets.
    Home,
}

/// In which order numbers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Counted up by a step, run after run in turn.
    Walk,
    /// All of a run, each once, in no order.
    Shuffled,
    /// Any of a run.
    Dense,
    /// Any of the whole network.
    Whole,
    /// The same few again and again.
    Same,
}

/// How messages lie in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The same by day and night.
    Even,
    /// Bursts and pauses.
    Bursts,
    /// By the country's day.
    Local,
}

/// What a campaign is set to.
#[derive(Debug, Clone, PartialEq)]
pub struct Knobs {
    /// The family's name: the truth of each attempt.
    pub family: &'static str,
    /// Which campaign of the run, from 1.
    pub campaign: u32,
    /// When it begins.
    pub start_ms: i64,
    /// How long a visit takes.
    pub hours: f64,
    /// How many messages in all, if `share` is 0; else never more than eight times as many.
    pub messages: u64,
    /// Which places pay.
    pub price: PriceClass,
    /// Among whom they lie.
    pub among: Among,
    /// How many networks, of as many countries as there are.
    pub networks: u64,
    /// In which order numbers are taken.
    pub numbers: Numbers,
    /// How many runs a network; of `Same`, how many numbers.
    pub runs: u64,
    /// How long a run is, as a power of ten.
    pub run_digits: u32,
    /// What is counted up by.
    pub step: u64,
    /// How messages lie in time.
    pub pace: Pace,
    /// The share of the attacked networks' newcomers; 0: `messages` counts.
    pub share: f64,
    /// A preparation before the first visit: how long.
    pub quiet_hours: f64,
    /// How many messages it has.
    pub quiet_messages: u64,
    /// How often its codes are entered, against genuine people.
    pub quiet_converts: f64,
    /// Messages to many places beforehand, to see what gets through.
    pub tests: u64,
    /// How often it comes.
    pub visits: u64,
    /// How long it stays away in between.
    pub rest_hours: f64,
    /// Further messages to a number at a person's pace, in the mean.
    pub resends: f64,
    /// The share of calls.
    pub voice: f64,
    /// How often codes are entered, against genuine people: 1 is as often.
    pub converts: f64,
    /// The share that is reported delivered, whatever became of it.
    pub delivered: f64,
    /// The share of attempts from machines in data centres.
    pub hosting: f64,
    /// The share of addresses in other countries than the number.
    pub abroad: f64,
    /// How many addresses a country; 0: one an attempt.
    pub addresses: u64,
    /// How many devices; 0: one an attempt.
    pub devices: u64,
    /// How many users made beforehand, asking through a login; 0: a new one each.
    pub users: u64,
    /// How many user agents; 0: as genuine people have them.
    pub agents: u64,
    /// How many profiles are asked.
    pub profiles: u64,
    /// The share of challenges that are solved.
    pub solves: f64,
    /// How many stopped attempts one who adapts puts up with.
    pub patience: u64,
}

impl Knobs {
    /// What families begin with: everything varied at once.
    pub(super) fn drawn(family: &'static str, places: &Places, dice: &mut Dice) -> Self {
        let busy = places.density == Density::Busy;
        let price = match dice.below(4) {
            0 => PriceClass::Any,
            1 => PriceClass::Cheap,
            _ => PriceClass::Dear,
        };
        Self {
            family,
            campaign: 1,
            start_ms: 0,
            hours: dice.log_normal(8.0, 0.8).clamp(0.5, 72.0),
            messages: (dice.log_normal(600.0, 0.9) as u64).clamp(80, 8000),
            price,
            among: if busy { Among::Many } else { Among::Few },
            networks: 1,
            numbers: Numbers::Dense,
            runs: 1 + dice.below(2),
            run_digits: 3 + dice.below(2) as u32,
            step: 1,
            pace: Pace::Even,
            share: if busy { dice.between(0.2, 0.8) } else { 0.0 },
            quiet_hours: 0.0,
            quiet_messages: 0,
            quiet_converts: 0.0,
            tests: 0,
            visits: 1,
            rest_hours: 0.0,
            resends: 0.0,
            voice: 0.0,
            converts: if dice.chance(0.7) { 0.0 } else { dice.between(0.0, 0.06) },
            delivered: if dice.chance(0.5) { dice.between(0.9, 1.0) } else { dice.between(0.0, 0.6) },
            hosting: 0.0,
            abroad: dice.between(0.0, 0.3),
            addresses: exp(dice.between(3.0, 6.5)) as u64,
            devices: exp(dice.between(2.5, 6.0)) as u64,
            users: 0,
            agents: 0,
            profiles: 1,
            solves: dice.between(0.0, 0.35),
            patience: 3 + dice.below(6),
        }
    }

    /// Sets one by its name, as scenarios write it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), KnobError> {
        let wrong = || KnobError::Value { name: name.to_string(), value: value.to_string() };
        match name {
            "price" => self.price = word(&PRICES, value).ok_or_else(wrong)?,
            "among" => self.among = word(&AMONG, value).ok_or_else(wrong)?,
            "numbers" => self.numbers = word(&NUMBERS, value).ok_or_else(wrong)?,
            "pace" => self.pace = word(&PACES, value).ok_or_else(wrong)?,
            _ => {
                let parsed = value.parse().map_err(|_| wrong());
                return self.set_number(name, parsed?);
            }
        }
        Ok(())
    }

    /// The same for one that is a number.
    pub fn set_number(&mut self, name: &str, value: f64) -> Result<(), KnobError> {
        let wrong = || KnobError::Value { name: name.to_string(), value: value.to_string() };
        if !(value.is_finite() && (0.0..=1e9).contains(&value)) {
            return Err(wrong());
        }
        let is_whole = libm::floor(value) >= value;
        if let Some(field) = self.part(name) {
            *field = value;
        } else if let Some(field) = self.whole(name) {
            *field = if is_whole { value as u64 } else { return Err(wrong()) };
        } else if name == "run_digits" && is_whole {
            self.run_digits = value.min(9.0) as u32;
        } else {
            return Err(KnobError::Name { name: name.to_string() });
        }
        Ok(())
    }

    fn whole(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "messages" => &mut self.messages,
            "networks" => &mut self.networks,
            "runs" => &mut self.runs,
            "step" => &mut self.step,
            "quiet_messages" => &mut self.quiet_messages,
            "tests" => &mut self.tests,
            "visits" => &mut self.visits,
            "addresses" => &mut self.addresses,
            "devices" => &mut self.devices,
            "users" => &mut self.users,
            "agents" => &mut self.agents,
            "profiles" => &mut self.profiles,
            "patience" => &mut self.patience,
            _ => return None,
        })
    }

    fn part(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "hours" => &mut self.hours,
            "share" => &mut self.share,
            "quiet_hours" => &mut self.quiet_hours,
            "quiet_converts" => &mut self.quiet_converts,
            "rest_hours" => &mut self.rest_hours,
            "resends" => &mut self.resends,
            "voice" => &mut self.voice,
            "converts" => &mut self.converts,
            "delivered" => &mut self.delivered,
            "hosting" => &mut self.hosting,
            "abroad" => &mut self.abroad,
            "solves" => &mut self.solves,
            _ => return None,
        })
    }
}

const PRICES: [(&str, PriceClass); 3] =
    [("any", PriceClass::Any), ("cheap", PriceClass::Cheap), ("dear", PriceClass::Dear)];
const AMONG: [(&str, Among); 4] =
    [("few", Among::Few), ("any", Among::Any), ("many", Among::Many), ("home", Among::Home)];
const NUMBERS: [(&str, Numbers); 5] = [
    ("walk", Numbers::Walk),
    ("shuffled", Numbers::Shuffled),
    ("dense", Numbers::Dense),
    ("whole", Numbers::Whole),
    ("same", Numbers::Same),
];
const PACES: [(&str, Pace); 3] = [("even", Pace::Even), ("bursts", Pace::Bursts), ("local", Pace::Local)];

fn word<T: Copy>(words: &[(&str, T)], value: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == value).map(|(_, meant)| *meant)
}

/// A knob could not be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnobError {
    /// There is none of this name.
    Name {
        /// As it was written.
        name: String,
    },
    /// It cannot be set to this.
    Value {
        /// Which knob.
        name: String,
        /// As it was written.
        value: String,
    },
}

impl fmt::Display for KnobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(f, "no attack has a knob `{name}`"),
            Self::Value { name, value } => write!(f, "`{name}` cannot be `{value}`"),
        }
    }
}

impl core::error::Error for KnobError {}

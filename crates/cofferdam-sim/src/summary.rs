//! What a replay came to: money spent and saved, who was stopped, when first, where and why.
//!
//! Unlike the judge, a summary may look at outcomes that were withheld: of whom a policy stopped, some had
//! entered their code, and whoever weighs a policy must see how many. Called by the program with what
//! `pipe` tells; its memory is bounded whatever the stream holds.

use crate::judge::Decided;
use crate::pipe::Told;
use crate::stream::{AttemptEvent, Became, Event};
use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use cofferdam_atlas::{Country, Destination, Network, Prefix, reference_price_micros};
use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;

mod sums;
mod time;

pub use sums::Sums;
pub use time::{Series, Span};

/// How many stops are kept one by one: the first ones.
pub const STOPS: usize = 100;

/// How many prefixes and reasons are told apart; the rest are one.
const APART: usize = 20_000;

/// What goes with an attempt until its outcomes have come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    price_micros: i64,
    place: u32,
    decision: Decision,
}

impl Default for Note {
    fn default() -> Self {
        Self { price_micros: 0, place: u32::MAX, decision: Decision::Block }
    }
}

/// A place that messages went to, or would have gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// None for numbers that are no numbers, or of no country.
    pub country: Option<Country>,
    /// Whom the number's run was allotted to.
    pub network: Option<Network>,
}

/// One attempt that was stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// When.
    pub at_ms: i64,
    /// Which attempt of the stream, counted from 1.
    pub attempt: u64,
    /// The number without its last four digits; none where it is no number.
    pub prefix: Option<Prefix>,
    /// Where to.
    pub place: Place,
    /// The first reason.
    pub reason: Option<String>,
    /// The score.
    pub score: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Of the whole stream.
    pub all: Sums,
    /// By country and network, in the order they were first seen.
    places: Vec<(Place, Sums)>,
    by_place: BTreeMap<Place, u32>,
    by_country: BTreeMap<Option<Country>, Sums>,
    /// Blocked attempts and their money, by first reason.
    reasons: BTreeMap<String, (u64, i64)>,
    /// Blocked attempts and their money, by number without its last four digits.
    prefixes: BTreeMap<Prefix, (u64, i64, Place)>,
    /// The first stops.
    pub stops: Vec<Stop>,
    /// Over time.
    pub series: Series,
    /// Outcomes that the judge was shown, that were withheld from it, and that belong to nothing.
    pub outcomes: [u64; 3],
    /// Attempts whose identifier was not new.
    pub repeated: u64,
    /// Events that were older than one before them.
    pub unordered: u64,
    /// Attempts priced from the example prices, for the stream has none for them.
    pub priced_by_example: u64,
    /// Attempts that have a price of their own.
    pub priced: u64,
    newest_ms: Option<i64>,
    /// The first and the last moment that count.
    pub span_ms: Option<(i64, i64)>,
}

impl Summary {
    /// Before an attempt is decided: where it would go.
    pub fn asked(&mut self, attempt: &AttemptEvent) -> Asked {
        let destination = cofferdam_atlas::parse(&attempt.phone, None).ok();
        let price_micros = match (attempt.price_micros, &destination) {
            (Some(micros), _) => {
                self.priced += 1;
                micros
            }
            (None, Some(destination)) => {
                let example = reference_price_micros(*destination);
                self.priced_by_example += u64::from(example.is_some());
                example.unwrap_or(0)
            }
            (None, None) => 0,
        };
        let place = Place {
            country: destination.as_ref().and_then(|to| to.country),
            network: destination.as_ref().and_then(|to| to.network),
        };
        let places = &mut self.places;
        let at = *self.by_place.entry(place).or_insert_with(|| {
            places.push((place, Sums::default()));
            places.len() as u32 - 1
        });
        Asked { destination, price_micros, place: at }
    }

    /// After an event: what was told of it, at which moment.
    pub fn told(&mut self, event: &Event, asked: Option<Asked>, told: &Told<Note>, now_ms: i64) {
        if self.newest_ms.is_some_and(|newest| event.at_ms() < newest) {
            self.unordered += 1;
        }
        self.newest_ms = Some(self.newest_ms.map_or(event.at_ms(), |newest| newest.max(event.at_ms())));
        self.span_ms = Some(self.span_ms.map_or((now_ms, now_ms), |(from, _)| (from, now_ms)));
        match (event, told) {
            (Event::Attempt(_), Told::Decided { decided, again }) => {
                self.repeated += u64::from(*again);
                if let Some(asked) = asked {
                    self.decided(&asked, decided, now_ms);
                }
            }
            (Event::Outcome(outcome), Told::Shown(note)) => self.outcome(outcome.what, *note, true, now_ms),
            (Event::Outcome(outcome), Told::Withheld(note)) => {
                self.outcome(outcome.what, *note, false, now_ms);
            }
            _ => self.count_outcome(2),
        }
    }

    fn count_outcome(&mut self, kind: usize) {
        if let Some(count) = self.outcomes.get_mut(kind) {
            *count += 1;
        }
    }

    fn decided(&mut self, asked: &Asked, decided: &Decided, now_ms: i64) {
        let Asked { destination, price_micros, place } = asked;
        let mut sums = Sums::default();
        sums.decided(decided.decision, *price_micros, now_ms);
        self.series.add(now_ms, &sums);
        let first = self.all.first_stop.is_none();
        self.all.decided(decided.decision, *price_micros, now_ms);
        let Some((place, sums)) = self.places.get_mut(*place as usize) else { return };
        sums.decided(decided.decision, *price_micros, now_ms);
        let country = self.by_country.entry(place.country).or_default();
        country.decided(decided.decision, *price_micros, now_ms);
        if decided.decision != Decision::Block {
            return;
        }
        debug_assert_eq!(first, self.stops.is_empty());
        let place = *place;
        let reason = decided.reasons.first();
        count(&mut self.reasons, reason.map_or("none", String::as_str), *price_micros);
        let prefix = destination.as_ref().map(|to| to.prefix(4));
        if let Some(prefix) = prefix
            && (self.prefixes.len() < APART || self.prefixes.contains_key(&prefix))
        {
            let (attempts, micros, _) = self.prefixes.entry(prefix).or_insert((0, 0, place));
            *attempts += 1;
            *micros = micros.saturating_add(*price_micros);
        }
        if self.stops.len() < STOPS {
            let attempt = self.all.attempts;
            let (reason, score) = (reason.cloned(), decided.score);
            self.stops.push(Stop { at_ms: now_ms, attempt, prefix, place, reason, score });
        }
    }

    fn outcome(&mut self, what: Became, note: Note, shown: bool, now_ms: i64) {
        self.count_outcome(usize::from(!shown));
        let add = |sums: &mut Sums| match what {
            Became::Challenge { .. } if !shown => {}
            Became::Challenge { passed: true } => sums.passed(note.price_micros),
            Became::Challenge { passed: false } => sums.challenge_failed += 1,
            Became::Check(CheckResult::Ok) if shown => sums.converted += 1,
            Became::Check(CheckResult::Ok) if note.decision == Decision::Block => sums.blocked_converted += 1,
            Became::Check(CheckResult::Ok) => sums.challenged_converted += 1,
            _ => {}
        };
        add(&mut self.all);
        if let Some((place, sums)) = self.places.get_mut(note.place as usize) {
            add(sums);
            add(self.by_country.entry(place.country).or_default());
        }
        let mut sums = Sums::default();
        add(&mut sums);
        if sums != Sums::default() && shown {
            self.series.add(now_ms, &sums);
        }
    }

    /// By country, the most money saved first, then the most money.
    pub fn countries(&self) -> Vec<(Option<Country>, Sums)> {
        let mut countries: Vec<_> = self.by_country.iter().map(|(country, sums)| (*country, *sums)).collect();
        countries.sort_by_key(|(_, sums)| sums.rank());
        countries
    }

    /// By country and network, in the same order.
    pub fn networks(&self) -> Vec<(Place, Sums)> {
        let mut places = self.places.clone();
        places.sort_by_key(|(place, sums)| (sums.rank(), *place));
        places
    }

    /// Blocked attempts and their money by first reason, most first.
    pub fn reasons(&self) -> Vec<(&str, u64, i64)> {
        let mut reasons: Vec<_> =
            self.reasons.iter().map(|(reason, (count, micros))| (reason.as_str(), *count, *micros)).collect();
        reasons.sort_by_key(|(reason, count, _)| (core::cmp::Reverse(*count), *reason));
        reasons
    }

    /// Blocked attempts and their money by prefix, most first.
    pub fn prefixes(&self, most: usize) -> Vec<(Prefix, u64, i64, Place)> {
        let mut prefixes: Vec<_> = self
            .prefixes
            .iter()
            .map(|(prefix, (count, micros, place))| (*prefix, *count, *micros, *place))
            .collect();
        prefixes.sort_by_key(|(prefix, count, _, _)| (core::cmp::Reverse(*count), *prefix));
        prefixes.truncate(most);
        prefixes
    }
}

/// What is known of an attempt before it is decided.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    destination: Option<Destination>,
    price_micros: i64,
    place: u32,
}

impl Asked {
    /// What goes with it.
    pub fn note(&self, decision: Decision) -> Note {
        Note { price_micros: self.price_micros, place: self.place, decision }
    }
}

/// One more under a name; names beyond what is told apart are one.
fn count(map: &mut BTreeMap<String, (u64, i64)>, name: &str, micros: i64) {
    let name = if map.len() < APART || map.contains_key(name) { name } else { "other" };
    if !map.contains_key(name) {
        map.insert(name.to_owned(), (0, 0));
    }
    if let Some((count, sum)) = map.get_mut(name) {
        *count += 1;
        *sum = sum.saturating_add(micros);
    }
}

//! What is still open about an attempt: when its message is old enough to be judged, and under which
//! records its outcomes are to be counted. In order of time, bounded.

use super::scope::{Keys, SCOPES};
use crate::table::Place;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use hashbrown::HashMap;

/// Outcomes are counted for so long after the attempt. Later ones still prove a number.
pub const OPEN_S: u32 = 6 * 3_600;
/// A challenge that is not answered for so long was abandoned.
pub const ABANDONED_S: u32 = 300;

/// For each key where its record may stand.
pub type Places = ArrayVec<Place, SCOPES>;

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its message went out.
    Sent,
    /// Asked to solve a challenge.
    Waiting,
    /// Not solved in time. Some people are slow: it may be passed yet.
    Abandoned,
    /// Not sent.
    Over,
}

/// What is open about one attempt.
#[derive(Debug, Clone)]
pub struct Flight {
    pub id: u64,
    pub at_s: u32,
    pub keys: Keys,
    /// Where the records of the keys stood lately.
    pub places: Places,
    pub number: u64,
    /// What a right code proves.
    pub proofs: ArrayVec<u64, 5>,
    pub newcomer: bool,
    pub trusted: bool,
    /// The chance that it was good when it was judged, in 64ths.
    pub good: u8,
    pub east_h: i8,
    pub state: State,
    /// A narrow scope explains it.
    pub explained: bool,
    /// The provider says that it did not arrive: it counts half.
    pub undelivered: bool,
    pub converted: bool,
}

impl Flight {
    /// Whether it was more likely pumped than not.
    pub fn doubts(&self) -> bool {
        self.good <= 32
    }
}

/// Attempts in order of time.
#[derive(Debug, Default)]
pub struct Flights {
    open: VecDeque<Flight>,
    /// Number of the first that is kept.
    first: u64,
    /// For each step, the number of the first that has not taken it.
    steps: [u64; STEPS],
    by_id: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// Those that were taken over from others who are gone, each lot in order of time of its own.
    taken_over: Vec<Flights>,
}

/// Steps of maturity, then the abandoning of challenges.
pub const STEPS: usize = super::rich::STEPS_S.len() + 1;

impl Flights {
    /// Adds the newest. If there are too many the oldest ends early.
    pub fn add(&mut self, flight: Flight, most: usize) {
        if self.open.len() >= most {
            self.end(1);
        }
        self.by_id.insert(flight.id, self.first + self.open.len() as u64);
        self.open.push_back(flight);
    }

    /// Drops the first so many.
    fn end(&mut self, ended: usize) {
        for flight in self.open.iter().take(ended) {
            if let hashbrown::hash_map::Entry::Occupied(number) = self.by_id.entry(flight.id)
                && *number.get() == self.first
            {
                number.remove();
            }
            self.first += 1;
        }
        if ended > 0 {
            self.open.drain(..ended.min(self.open.len()));
        }
    }

    /// Drops what is too old for outcomes.
    pub fn end_old(&mut self, now_s: u32) {
        let old = |flight: &&Flight| flight.at_s.saturating_add(OPEN_S) < now_s;
        let ended = self.open.iter().take_while(old).count();
        self.end(ended);
        self.taken_over.iter_mut().for_each(|others| others.end_old(now_s));
        self.taken_over.retain(|others| others.len() > 0);
    }

    /// Takes over what somebody else had open who was last heard of at `until_s`: the steps that came due
    /// until then are taken.
    pub fn take_over(&mut self, mut flights: Vec<Flight>, until_s: u32) {
        flights.retain(|flight| self.find(flight.id).is_none());
        flights.sort_by_key(|flight| flight.at_s);
        for flight in flights.iter_mut().filter(|flight| flight.state == State::Waiting) {
            if flight.at_s.saturating_add(ABANDONED_S) <= until_s {
                flight.state = State::Abandoned;
            }
        }
        let mut others = Self::default();
        let after = super::rich::STEPS_S.into_iter().chain([ABANDONED_S]);
        for (taken, after_s) in others.steps.iter_mut().zip(after) {
            *taken =
                flights.iter().take_while(|own| own.at_s.saturating_add(after_s) <= until_s).count() as u64;
        }
        for flight in flights {
            others.add(flight, usize::MAX);
        }
        if self.open.is_empty() && self.taken_over.is_empty() {
            // Nobody's but these: they are its own from now on.
            *self = others;
        } else {
            self.taken_over.push(others);
        }
    }

    /// The next whose step came due: `after_s` after it was made.
    pub fn due(&mut self, step: usize, after_s: u32, now_s: u32) -> Option<&mut Flight> {
        if !self.is_due(step, after_s, now_s) {
            return self.taken_over.iter_mut().find_map(|others| others.due(step, after_s, now_s));
        }
        let next = self.steps.get_mut(step)?;
        *next = (*next).max(self.first);
        let flight = self.open.get_mut((*next - self.first) as usize)?;
        (flight.at_s.saturating_add(after_s) <= now_s).then(|| {
            *next += 1;
            flight
        })
    }

    fn is_due(&self, step: usize, after_s: u32, now_s: u32) -> bool {
        let next = self.steps.get(step).map_or(self.first, |next| (*next).max(self.first));
        let flight = self.open.get((next - self.first) as usize);
        flight.is_some_and(|flight| flight.at_s.saturating_add(after_s) <= now_s)
    }

    /// An attempt that is open, and how many steps it has taken.
    pub fn find(&mut self, id: u64) -> Option<(&mut Flight, usize)> {
        let Some(number) = self.by_id.get(&id).copied() else {
            return self.taken_over.iter_mut().find_map(|others| others.find(id));
        };
        let taken = self.steps.iter().take(STEPS - 1).filter(|next| **next > number).count();
        let flight = self.open.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)?;
        Some((flight, taken))
    }

    /// For saving: the number of the first, and of the first that has not taken each step.
    pub fn places(&self) -> impl Iterator<Item = u64> + '_ {
        core::iter::once(self.first).chain(self.steps)
    }

    /// The number of the first that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Those from a number on.
    pub fn since(&self, number: u64) -> impl Iterator<Item = (u64, &Flight)> {
        let skip = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        (self.first..).zip(&self.open).skip(skip)
    }

    /// Takes in what [`Flights::places`] said, before the first is added.
    pub fn restore(&mut self, places: [u64; STEPS + 1]) {
        let [first, steps @ ..] = places;
        (self.first, self.steps) = (first, steps);
    }

    /// Parts what is open from a number.
    pub fn forget(&mut self, number: u64) {
        for flight in self.open.iter_mut().filter(|flight| flight.number == number) {
            flight.number = 0;
            flight.proofs.clear();
        }
        self.taken_over.iter_mut().for_each(|others| others.forget(number));
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len() + self.taken_over.iter().map(Self::len).sum::<usize>()
    }
}

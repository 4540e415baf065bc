//! Evidence kept in one process: the records of all scopes, what is open, and how both change.
//!
//! It does what the engine's functions say and decides nothing. Times come in; nothing here looks at a
//! clock. Called by replay, by simulation and by the live server's tallies.

use super::change::{EvidenceChange, Raised};
use super::count::{Ask, Faces, Fate, Glimpse};
use super::decay::{AHEAD_S, HORIZONS, LONG, Moment, Moments};
use super::flight::{ABANDONED_S, Flight, Flights, Places, STEPS, State};
use super::plain::{Field, PlainRecord};
use super::reading::Evidenced;
use super::recent::RecentRecord;
use super::rich::{RichRecord, RichRecords, STEPS_S, Usual};
use super::scope::{Keys, Scope};
use super::seen::SeenRecord;
use crate::effect::Effect;
use crate::table::{Place, Table, Touch};
use alloc::vec::Vec;
use arrayvec::ArrayVec;
use hashbrown::HashMap;

pub(super) type Map<V> = HashMap<u64, V, foldhash::fast::FixedState>;

/// One whole count, in 64ths.
pub(super) const ONE: i32 = 64;
/// Rich records are for places and profiles; beyond so many, new ones are not taken in.
pub(super) const RICH_MAX: usize = 60_000;
/// At most so many attempts are open at once.
pub(super) const OPEN_MAX: usize = 1 << 20;

/// The evidence of one process.
#[derive(Debug)]
pub struct EvidenceTallies {
    pub(super) plain: Table<PlainRecord>,
    pub(super) seen: Table<SeenRecord>,
    pub(super) recent: Table<RecentRecord>,
    pub(super) rich: RichRecords,
    pub(super) flights: Flights,
    pub(super) cached: super::read::Cached,
    pub(super) moments: Moments,
    /// Where the records of the attempt that was counted last stand.
    pub(super) places: Places,
    /// Those are an attempt's that is to be counted next.
    brought: bool,
    /// The newest moment.
    pub(super) now_s: u32,
    /// What changed after attempts were counted, where somebody wants to know it.
    pub(super) noted: Option<Vec<EvidenceChange>>,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvidenceSize {
    /// Live keys.
    pub keys: usize,
    /// Bytes held for them.
    pub bytes: usize,
    /// Attempts whose outcomes are awaited.
    pub open: usize,
}

impl EvidenceTallies {
    /// Empty, for at most about so many keys of each kind.
    pub fn new(keys_max: usize) -> Self {
        Self {
            plain: Table::new(keys_max),
            seen: Table::new(keys_max),
            recent: Table::new((keys_max / 16).max(1_024)),
            rich: RichRecords::default(),
            flights: Flights::default(),
            cached: super::read::Cached::default(),
            moments: Moments::default(),
            noted: None,
            places: Places::new(),
            brought: false,
            now_s: 0,
        }
    }

    /// Round one: what is known of the number and session. Changes nothing.
    pub fn glimpse(&self, faces: &Faces, at_s: u32) -> Glimpse {
        let keys = [faces.number, faces.session.unwrap_or_default()];
        // Both are on their way from memory together.
        let homes = keys.map(|key| (key, self.seen.home_of(key)));
        let [number, session] = homes.map(|(key, home)| (key, self.seen.look(home, key)));
        let number = self.seen.get_at(number.1, number.0).unwrap_or_default();
        let session = faces.session.and_then(|key| self.seen.get_at(session.1, key));
        Glimpse::of(&number, session.as_ref(), at_s)
    }

    /// Round two: counts an attempt in all its scopes, and answers with what then stands.
    pub fn count(&mut self, ask: &Ask) -> Evidenced {
        let mut evidenced = Evidenced::default();
        self.count_into(ask, &mut evidenced);
        evidenced
    }

    /// The same, for whoever has room for the answer already: it is kilobytes long.
    pub fn count_into(&mut self, ask: &Ask, to: &mut Evidenced) {
        if self.now_s > ask.at_s.saturating_add(AHEAD_S) {
            // The clock was ahead and has been set back: what is open would wait until time comes there again.
            (self.flights, self.now_s) = (Flights::default(), ask.at_s);
        }
        self.advance(ask.at_s);
        let at = self.moments.get(ask.at_s);
        self.face(ask);
        let mut places = core::mem::take(&mut self.places);
        if !core::mem::take(&mut self.brought) || places.len() != ask.keys.len() {
            places = ask.keys.iter().map(|_| Place::UNKNOWN).collect();
            if !ask.trusted {
                self.locate(&ask.keys, &mut places);
            }
        }
        for ((scope, key), place) in ask.keys.iter().zip(&mut places) {
            if scope.is_rich() {
                self.count_rich(*key, place, ask, &at);
            } else if !ask.trusted {
                self.count_plain(*key, place, ask, &at);
            }
        }
        self.places = places;
        if ask.newcomer
            && !ask.trusted
            && let Some((_, key)) = ask.keys.iter().find(|(scope, _)| *scope == Scope::Prefix4)
        {
            let _ = self.recent.change(
                Touch::sure(*key),
                ask.at_s,
                |recent| recent.add(ask.at_s, ask.last4),
                |(), ()| (),
            );
        }
        if !self.spoken(ask, &at, to) {
            self.read(ask, &at, to);
        }
    }

    /// The first of three steps that may come before [`EvidenceTallies::count`], for whoever has other records to
    /// fetch from memory beside it: see [`Table::home_of`].
    pub fn find_homes(&mut self, ask: &Ask) {
        let sought = |scope: Scope| !ask.trusted && !scope.is_rich();
        let home = |key: u64| self.plain.home_of(key);
        let places =
            ask.keys.iter().map(|(scope, key)| if sought(*scope) { home(*key) } else { Place::UNKNOWN });
        self.places = places.collect();
        self.brought = false;
    }

    /// The second.
    pub fn look(&mut self, ask: &Ask) {
        for ((_, key), place) in ask.keys.iter().zip(&mut self.places) {
            *place = self.plain.look(*place, *key);
        }
    }

    /// The third: what is counted next should be what was asked for here. If it is not, it is merely slower.
    pub fn bring(&mut self, ask: &Ask) {
        let keys = ask.keys.iter().zip(&mut self.places);
        for ((_, key), place) in keys.filter(|((scope, _), _)| !ask.trusted && !scope.is_rich()) {
            *place = self.plain.bring(*key, *place);
        }
        self.brought = true;
    }

    /// Finds the plain records of some keys side by side.
    fn locate(&self, keys: &Keys, places: &mut Places) {
        let plain = keys.iter().zip(places).filter(|((scope, _), _)| !scope.is_rich());
        self.plain.locate_again(plain.map(|((_, key), place)| (*key, place)));
    }

    fn face(&mut self, ask: &Ask) {
        let new = ask.newcomer;
        let _ = self.seen.change(
            Touch::sure(ask.faces.number),
            ask.at_s,
            |seen| seen.ask(ask.at_s, new),
            |(), ()| (),
        );
        if let Some(session) = ask.faces.session {
            let _ =
                self.seen.change(Touch::sure(session), ask.at_s, |seen| seen.ask(ask.at_s, new), |(), ()| ());
        }
    }

    fn count_plain(&mut self, key: u64, place: &mut Place, ask: &Ask, at: &Moment) {
        let one = at.sums(at.all_units([ONE; HORIZONS]));
        let count = |record: &mut PlainRecord| {
            record.add_sums(Field::Asked, at, &one);
            if ask.newcomer {
                record.add_sums(Field::Newcomers, at, &one);
            }
        };
        let _ = self.plain.change_here(place, Touch::sure(key), at.at_s, count, |(), ()| ());
    }

    fn count_rich(&mut self, key: u64, place: &mut Place, ask: &Ask, at: &Moment) {
        let Some(record) = self.rich_mut(key, place) else { return };
        record.first_s = if record.first_s == 0 { at.at_s } else { record.first_s.min(at.at_s) };
        // A person counts once a day among the trusted too: a few numbers that ask again and again in vain
        // must not pass for a broken pipe.
        if ask.trusted && !ask.newcomer {
            return;
        }
        if ask.trusted {
            record.trusted.add(Field::Newcomers, at, ONE);
            record.usual(Usual::Trusted, at.at_s, ONE as u32);
        } else {
            record.plain.add(Field::Asked, at, ONE);
            if ask.newcomer {
                record.plain.add(Field::Newcomers, at, ONE);
                record.usual(Usual::Asked, at.at_s, ONE as u32);
            }
        }
    }

    /// A rich record, made if there is room for it.
    pub(super) fn rich_mut(&mut self, key: u64, place: &mut Place) -> Option<&mut RichRecord> {
        if self.rich.len() >= RICH_MAX {
            return self.rich.get_mut_at(place, key);
        }
        self.rich.make_at(place, key)
    }

    /// What was decided of an attempt that was counted, and what evidence remembers of it.
    pub fn decided(&mut self, id: u64, ask: &Ask, fate: Fate, score: f64, effects: &[Effect]) {
        let at = self.moments.get(ask.at_s);
        let state = match fate {
            Fate::Sent => State::Sent,
            Fate::Challenged => State::Waiting,
            Fate::Stopped => State::Over,
        };
        self.follow(ask, effects);
        let mut flight = Flight {
            id,
            at_s: ask.at_s,
            keys: ask.keys.clone(),
            // Another attempt may have been counted since: then they are wrong, which is found out.
            places: (0..ask.keys.len())
                .map(|n| self.places.get(n).copied().unwrap_or(Place::UNKNOWN))
                .collect(),
            number: ask.faces.number,
            proofs: ask.proofs.clone(),
            newcomer: ask.newcomer,
            trusted: ask.trusted,
            good: libm::round((1.0 - score).clamp(0.0, 1.0) * 64.0) as u8,
            east_h: ask.east_h(),
            state,
            explained: effects.iter().any(|effect| matches!(effect, Effect::Explain { .. })),
            undelivered: false,
            converted: false,
        };
        match fate {
            Fate::Challenged => self.raise(&mut flight, Field::Challenged, &at, ONE),
            Fate::Stopped if flight.newcomer && !flight.trusted => self.stopped(&mut flight),
            Fate::Sent | Fate::Stopped => {}
        }
        self.flights.add(flight, OPEN_MAX);
    }

    fn stopped(&mut self, flight: &mut Flight) {
        let keys = flight.keys.iter().zip(&mut flight.places);
        for ((_, key), place) in keys.filter(|((scope, _), _)| scope.is_rich()) {
            if let Some(record) = self.rich_mut(*key, place) {
                record.usual(Usual::Stopped, flight.at_s, ONE as u32);
                self.note(*key, flight.at_s, Raised::Usual(Usual::Stopped, ONE as u32));
            }
        }
    }

    /// Adds to a field in all scopes of an attempt.
    pub(super) fn raise(&mut self, flight: &mut Flight, field: Field, at: &Moment, amount: i32) {
        if !flight.trusted {
            let keys = flight.keys.iter().zip(&mut flight.places);
            let plain =
                keys.filter(|((scope, _), _)| !scope.is_rich()).map(|((_, key), place)| (*key, place));
            self.plain.locate_near(plain, |record| {
                core::hint::black_box(record.near(field));
            });
        }
        let units = at.all_units([amount; HORIZONS]);
        let sums = at.sums(units);
        let tried = matches!(field, Field::Challenged | Field::Failed);
        for ((scope, key), place) in flight.keys.iter().zip(&mut flight.places) {
            if tried && flight.explained && crate::rival::is_wide(*scope) {
                // What a narrower scope explains is not held against its neighbours.
                continue;
            }
            if scope.is_rich() {
                if let Some(record) = self.rich.get_mut_at(place, *key) {
                    record.plain.add_sums(field, at, &sums);
                    self.note(*key, at.at_s, Raised::Own(field, units));
                }
            } else if !flight.trusted
                // Only where it was counted: an outcome makes no record.
                && self.plain.change_own_at(*place, *key, |record| record.add_sums(field, at, &sums))
            {
                self.note(*key, at.at_s, Raised::Plain(field, units));
            }
        }
    }

    /// What comes due with time: messages that are old enough, challenges that were abandoned.
    pub fn advance(&mut self, now_s: u32) {
        if now_s <= self.now_s {
            return;
        }
        self.now_s = now_s;
        let mut flights = core::mem::take(&mut self.flights);
        for (step, after_s) in STEPS_S.into_iter().enumerate() {
            while let Some(flight) = flights.due(step, after_s, now_s) {
                self.mature(flight, step);
            }
        }
        while let Some(flight) = flights.due(STEPS - 1, ABANDONED_S, now_s) {
            if flight.state == State::Waiting {
                flight.state = State::Abandoned;
                self.failed(flight);
            }
        }
        flights.end_old(now_s);
        self.flights = flights;
    }

    fn failed(&mut self, flight: &mut Flight) {
        let at = self.moments.get(flight.at_s);
        self.raise(flight, Field::Failed, &at, ONE);
        if flight.newcomer && !flight.trusted {
            self.stopped(flight);
        }
    }

    /// A message has reached a step: so much more of an observation it is.
    fn mature(&mut self, flight: &mut Flight, step: usize) {
        if flight.state != State::Sent || !flight.newcomer {
            return;
        }
        let amount = self.matured(flight, step);
        if amount == 0 {
            return;
        }
        let at = self.moments.get(flight.at_s);
        if flight.trusted {
            self.raise_trusted(flight, Field::Matured, &at, amount);
            return;
        }
        // While nobody's outcomes arrive, the want of one says little. The whole is counted as it is,
        // since that is how the want is noticed.
        let arrives = self.cached.arrives;
        let heard = libm::round(f64::from(amount) * arrives) as i32;
        self.raise(flight, Field::Matured, &at, heard);
        if heard != amount
            && let Some((scope, key)) = flight.keys.first()
            && let Some(record) = self.rich.get_mut(*key).filter(|_| *scope == Scope::All)
        {
            let units = at.all_units([amount - heard; HORIZONS]);
            record.plain.add_units(Field::Matured, &at, units);
            self.note(*key, at.at_s, Raised::Own(Field::Matured, units));
        }
        let amount = heard;
        let weighed = (amount as u32 * u32::from(flight.good)) / 64;
        let keys = flight.keys.iter().zip(&mut flight.places);
        for ((_, key), place) in keys.filter(|((scope, _), _)| scope.is_rich()) {
            if let Some(record) = self.rich.get_mut_at(place, *key) {
                record.usual(Usual::Matured, flight.at_s, weighed);
                self.note(*key, flight.at_s, Raised::Usual(Usual::Matured, weighed));
            }
        }
    }

    /// How much of an observation a message becomes at a step, in 64ths.
    fn matured(&mut self, flight: &Flight, step: usize) -> i32 {
        let shares = self.maturity(&flight.keys);
        let share: f64 = match step {
            // What comes later still is expected at the last step.
            last if last + 1 == STEPS_S.len() => shares.iter().skip(last).sum(),
            _ => shares.get(step).copied().unwrap_or(0.0),
        };
        let whole = if flight.undelivered { 32.0 } else { 64.0 };
        libm::round(share * whole) as i32
    }

    pub(super) fn raise_trusted(&mut self, flight: &mut Flight, field: Field, at: &Moment, amount: i32) {
        let units = at.all_units([amount; HORIZONS]);
        let keys = flight.keys.iter().zip(&mut flight.places);
        for ((_, key), place) in keys.filter(|((scope, _), _)| scope.is_rich()) {
            if let Some(record) = self.rich.get_mut_at(place, *key) {
                record.trusted.add_units(field, at, units);
                self.note(*key, at.at_s, Raised::Trusted(field, units));
            }
        }
    }

    /// The person passed or failed the challenge.
    pub fn challenged(&mut self, id: u64, passed: bool) {
        let mut flights = core::mem::take(&mut self.flights);
        if let Some((flight, taken)) = flights.find(id)
            && (flight.state == State::Waiting || (passed && flight.state == State::Abandoned))
        {
            if passed {
                if flight.state == State::Abandoned {
                    // Slow is not failed.
                    self.raise(flight, Field::Failed, &Moment::new(flight.at_s), -ONE);
                }
                flight.state = State::Sent;
                for step in 0..taken {
                    self.mature(flight, step);
                }
            } else {
                flight.state = State::Over;
                self.failed(flight);
            }
        }
        self.flights = flights;
    }

    /// The provider says that a message did not arrive.
    pub fn undelivered(&mut self, id: u64) {
        if let Some((flight, _)) = self.flights.find(id) {
            flight.undelivered = true;
        }
    }

    /// It was not sent after all: its person got nothing that could have been answered.
    pub fn not_sent(&mut self, id: u64) {
        let mut flights = core::mem::take(&mut self.flights);
        if let Some((flight, taken)) = flights.find(id)
            && flight.state != State::Over
            && !flight.converted
        {
            let sent = flight.state == State::Sent;
            flight.state = State::Over;
            if sent && flight.newcomer {
                let matured: i32 = (0..taken).map(|step| self.matured(flight, step)).sum();
                let at = Moment::new(flight.at_s);
                if flight.trusted {
                    self.raise_trusted(flight, Field::Matured, &at, -matured);
                } else {
                    self.raise(flight, Field::Matured, &at, -matured);
                }
            }
            if flight.newcomer && !flight.trusted {
                self.stopped(flight);
            }
        }
        self.flights = flights;
    }

    /// A right code came back. Answers with the keys that it proves; none if it is not known, or if the
    /// attempt was more likely pumped than not.
    pub fn converted(&mut self, id: u64, now_s: u32) -> ArrayVec<u64, 5> {
        let mut flights = core::mem::take(&mut self.flights);
        let mut proved = ArrayVec::new();
        if let Some((flight, _)) = flights.find(id)
            && flight.state == State::Sent
            && !flight.converted
        {
            flight.converted = true;
            self.convert(flight, now_s);
            if flight.good > 32 {
                proved.clone_from(&flight.proofs);
            }
        }
        self.flights = flights;
        proved
    }

    /// Whether an attempt was more likely pumped than not; `None` if it is not known any more.
    pub fn doubts(&mut self, id: u64) -> Option<bool> {
        self.flights.find(id).map(|(flight, _)| flight.doubts())
    }

    /// Forgets when a number was asked for and what it would prove. What it was counted in stays.
    pub fn forget(&mut self, faces: &Faces) {
        self.seen.change_own(faces.number, |seen| *seen = SeenRecord::NONE);
        self.note(faces.number, 0, Raised::Forget);
        self.flights.forget(faces.number);
    }

    /// The newest moment that it knows of, in Unix seconds.
    pub fn now_s(&self) -> u32 {
        self.now_s
    }

    /// How much is kept.
    pub fn size(&self) -> EvidenceSize {
        EvidenceSize {
            keys: self.plain.len() + self.seen.len() + self.recent.len() + self.rich.len(),
            bytes: self.plain.bytes()
                + self.seen.bytes()
                + self.recent.bytes()
                + self.rich.len() * size_of::<RichRecord>()
                + self.flights.len() * size_of::<Flight>(),
            open: self.flights.len(),
        }
    }
}

/// How far the longest horizon of a record has anything left, for leaving first.
pub(super) fn left(record: &PlainRecord, at: &Moment) -> f64 {
    let [.., long] = record.read(Field::Newcomers, at);
    let _ = LONG;
    long + record.long(Field::Strikes, at)
}

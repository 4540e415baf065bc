//! Evidence as bytes, in steps, and back again.
//!
//! A head with a version, then sections, each with a kind and a length. While a save is under way the
//! evidence may change: records come first and what is open last, so what happens in between may be
//! missing from what was saved, and is never there twice. What is computed now and then from the
//! records is not saved: it is computed again. Called by the live server's tallies, replay and
//! simulation; it knows no file.

use super::flight::{Flight, State};
use super::rich::RichRecord;
use super::scope::{Keys, Scope};
use super::store::EvidenceTallies;
use crate::table::Place;
use crate::table::{Cursor, Record, Table};
use alloc::vec::Vec;
use arrayvec::ArrayVec;

const MAGIC: &[u8; 8] = b"CFDEVDNC";
/// Raised whenever a record or the order of scopes changes.
const VERSION: u32 = 2;

const PLAIN: u8 = 1;
const SEEN: u8 = 2;
const RECENT: u8 = 3;
const RICH: u8 = 4;
const STEPS: u8 = 5;
const FLIGHTS: u8 = 6;

/// Rich records of a step.
const RICH_A_STEP: usize = 64;
/// Attempts of a step.
const FLIGHTS_A_STEP: usize = 1_024;

/// Why bytes are not evidence that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEvidence {
    /// Another program's, or an earlier or later one's.
    #[error("the saved evidence is of version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// Nothing that was saved.
    #[error("the saved evidence is damaged")]
    Damaged,
}

/// Where a save stands.
#[derive(Debug)]
pub struct EvidenceCursor(Part);

#[derive(Debug)]
enum Part {
    Plain(Cursor),
    Seen(Cursor),
    Recent(Cursor),
    /// The keys that are left, the last first.
    Rich(Vec<u64>),
    /// From this attempt on.
    Flights(Option<u64>),
}

impl EvidenceTallies {
    /// All of it.
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = Some(self.begin_save(&mut bytes));
        while let Some(from) = at {
            at = self.save_step(from, &mut bytes);
        }
        bytes
    }

    /// Begins a save in steps.
    pub fn begin_save(&self, to: &mut Vec<u8>) -> EvidenceCursor {
        to.extend_from_slice(MAGIC);
        to.extend_from_slice(&VERSION.to_le_bytes());
        to.extend_from_slice(&self.now_s.to_le_bytes());
        to.extend_from_slice(&self.cached.arrives.to_le_bytes());
        EvidenceCursor(Part::Plain(Cursor::default()))
    }

    /// Appends the next step and answers where to go on; `None`: that was the last.
    pub fn save_step(&self, from: EvidenceCursor, to: &mut Vec<u8>) -> Option<EvidenceCursor> {
        let part = match from.0 {
            Part::Plain(at) => match step(&self.plain, PLAIN, at, self.now_s, to) {
                Some(next) => Part::Plain(next),
                None => Part::Seen(Cursor::default()),
            },
            Part::Seen(at) => match step(&self.seen, SEEN, at, self.now_s, to) {
                Some(next) => Part::Seen(next),
                None => Part::Recent(Cursor::default()),
            },
            Part::Recent(at) => step(&self.recent, RECENT, at, self.now_s, to)
                .map_or_else(|| Part::Rich(self.rich_keys_last_first()), Part::Recent),
            Part::Rich(keys) if keys.is_empty() => Part::Flights(None),
            Part::Rich(keys) => Part::Rich(self.save_rich(keys, to)),
            Part::Flights(at) => Part::Flights(Some(self.save_flights(at, to)?)),
        };
        Some(EvidenceCursor(part))
    }

    /// The last first.
    fn rich_keys_last_first(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.rich.keys().collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        keys
    }

    fn save_rich(&self, mut keys: Vec<u64>, to: &mut Vec<u8>) -> Vec<u64> {
        section(RICH, to, |to| {
            for key in (0..RICH_A_STEP).map_while(|_| keys.pop()) {
                if let Some(record) = self.rich.get(key) {
                    to.extend_from_slice(&key.to_le_bytes());
                    record.words().for_each(|word| to.extend_from_slice(&word.to_le_bytes()));
                }
            }
        });
        keys
    }

    fn save_flights(&self, at: Option<u64>, to: &mut Vec<u8>) -> Option<u64> {
        let from = at.unwrap_or_else(|| {
            section(STEPS, to, |to| {
                self.flights.places().for_each(|place| to.extend_from_slice(&place.to_le_bytes()));
            });
            self.flights.first()
        });
        let mut next = None;
        section(FLIGHTS, to, |to| {
            for (number, flight) in self.flights.since(from).take(FLIGHTS_A_STEP) {
                write_flight(flight, to);
                next = Some(number + 1);
            }
        });
        next
    }

    /// Reads what [`EvidenceTallies::save`] wrote, into tallies for at most about `keys_max` keys of
    /// each kind.
    pub fn restore(keys_max: usize, from: &[u8]) -> Result<Self, BadEvidence> {
        let mut rest = from;
        let mut tallies = Self::begin_restore(keys_max, &mut rest)?;
        tallies.restore_steps(rest)?;
        Ok(tallies)
    }

    /// Reads what [`EvidenceTallies::begin_save`] wrote; what stands behind it is left to
    /// [`EvidenceTallies::restore_steps`].
    pub fn begin_restore(keys_max: usize, from: &mut &[u8]) -> Result<Self, BadEvidence> {
        if array::<8>(from)? != *MAGIC {
            return Err(BadEvidence::Damaged);
        }
        match u32::from_le_bytes(array(from)?) {
            VERSION => {}
            other => return Err(BadEvidence::Version(other)),
        }
        let mut tallies = Self::new(keys_max);
        tallies.now_s = u32::from_le_bytes(array(from)?);
        let arrives = f64::from_le_bytes(array(from)?);
        if !(0.0..=1.0).contains(&arrives) {
            return Err(BadEvidence::Damaged);
        }
        tallies.cached.arrives = arrives;
        Ok(tallies)
    }

    /// Reads what some calls of [`EvidenceTallies::save_step`] wrote, whole.
    pub fn restore_steps(&mut self, from: &[u8]) -> Result<(), BadEvidence> {
        let mut rest = from;
        while !rest.is_empty() {
            let [kind] = array(&mut rest)?;
            let length = u32::from_le_bytes(array(&mut rest)?) as usize;
            let (part, later) = rest.split_at_checked(length).ok_or(BadEvidence::Damaged)?;
            rest = later;
            self.restore_part(kind, part)?;
        }
        Ok(())
    }

    fn restore_part(&mut self, kind: u8, mut part: &[u8]) -> Result<(), BadEvidence> {
        let damaged = |_| BadEvidence::Damaged;
        match kind {
            PLAIN => self.plain.restore(part, self.now_s).map_err(damaged)?,
            SEEN => self.seen.restore(part, self.now_s).map_err(damaged)?,
            RECENT => self.recent.restore(part, self.now_s).map_err(damaged)?,
            RICH => {
                while !part.is_empty() {
                    let key = u64::from_le_bytes(array(&mut part)?);
                    let (record, later) =
                        part.split_at_checked(RichRecord::WORDS * 4).ok_or(BadEvidence::Damaged)?;
                    part = later;
                    let words = record.chunks_exact(4).filter_map(|four| four.try_into().ok());
                    let record = RichRecord::from_words(&mut words.map(u32::from_le_bytes));
                    if let Some(own) = self.rich_mut(key, &mut Place::UNKNOWN.clone()) {
                        *own = record.ok_or(BadEvidence::Damaged)?;
                    }
                }
            }
            STEPS => {
                let mut places = [0; super::flight::STEPS + 1];
                for place in &mut places {
                    *place = u64::from_le_bytes(array(&mut part)?);
                }
                self.flights.restore(places);
            }
            FLIGHTS => {
                while !part.is_empty() {
                    self.flights.add(read_flight(&mut part)?, super::store::OPEN_MAX);
                }
            }
            _ => return Err(BadEvidence::Damaged),
        }
        Ok(())
    }
}

fn step<R: Record>(table: &Table<R>, kind: u8, at: Cursor, now_s: u32, to: &mut Vec<u8>) -> Option<Cursor> {
    let mut next = None;
    section(kind, to, |to| next = table.save(at, now_s, to));
    next
}

/// Kind, length, and what `write` appends; nothing where that is nothing.
fn section(kind: u8, to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = to.len();
    to.push(kind);
    to.extend_from_slice(&[0; 4]);
    let begin = to.len();
    write(to);
    let length = to.len() - begin;
    if length == 0 {
        to.truncate(at);
    } else if let Some(place) = to.get_mut(at + 1..begin) {
        place.copy_from_slice(&(length as u32).to_le_bytes());
    }
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BadEvidence> {
    let (front, later) = rest.split_first_chunk::<N>().ok_or(BadEvidence::Damaged)?;
    *rest = later;
    Ok(*front)
}

const NEWCOMER: u8 = 1;
const TRUSTED: u8 = 2;
const UNDELIVERED: u8 = 4;
const CONVERTED: u8 = 8;
const EXPLAINED: u8 = 16;

pub(super) fn write_flight(flight: &Flight, to: &mut Vec<u8>) {
    let flags = [
        (flight.newcomer, NEWCOMER),
        (flight.trusted, TRUSTED),
        (flight.undelivered, UNDELIVERED),
        (flight.converted, CONVERTED),
        (flight.explained, EXPLAINED),
    ];
    let state = match flight.state {
        State::Sent => 0,
        State::Waiting => 1,
        State::Over => 2,
        State::Abandoned => 3,
    };
    to.extend_from_slice(&flight.id.to_le_bytes());
    to.extend_from_slice(&flight.number.to_le_bytes());
    to.extend_from_slice(&flight.at_s.to_le_bytes());
    to.push(flags.iter().filter(|(on, _)| *on).fold(0, |all, (_, flag)| all | flag));
    to.extend_from_slice(&[state, flight.good]);
    to.extend_from_slice(&flight.east_h.to_le_bytes());
    to.extend_from_slice(&[flight.keys.len() as u8, flight.proofs.len() as u8]);
    for (scope, key) in &flight.keys {
        to.push(*scope as u8);
        to.extend_from_slice(&key.to_le_bytes());
    }
    flight.proofs.iter().for_each(|key| to.extend_from_slice(&key.to_le_bytes()));
}

pub(super) fn read_flight(rest: &mut &[u8]) -> Result<Flight, BadEvidence> {
    let (id, number) = (u64::from_le_bytes(array(rest)?), u64::from_le_bytes(array(rest)?));
    let at_s = u32::from_le_bytes(array(rest)?);
    let [flags, state, good] = array(rest)?;
    let east_h = i8::from_le_bytes(array(rest)?);
    let [scopes, proved] = array(rest)?;
    let (mut keys, mut proofs) = (Keys::new(), ArrayVec::<u64, 5>::new());
    for _ in 0..scopes {
        let [scope] = array(rest)?;
        let scope = Scope::EVERY.get(usize::from(scope)).ok_or(BadEvidence::Damaged)?;
        keys.try_push((*scope, u64::from_le_bytes(array(rest)?))).map_err(|_| BadEvidence::Damaged)?;
    }
    for _ in 0..proved {
        proofs.try_push(u64::from_le_bytes(array(rest)?)).map_err(|_| BadEvidence::Damaged)?;
    }
    let state = match state {
        0 => State::Sent,
        1 => State::Waiting,
        2 => State::Over,
        3 => State::Abandoned,
        _ => return Err(BadEvidence::Damaged),
    };
    let is = |flag| flags & flag != 0;
    Ok(Flight {
        id,
        at_s,
        places: keys.iter().map(|_| Place::UNKNOWN).collect(),
        keys,
        number,
        proofs,
        newcomer: is(NEWCOMER),
        trusted: is(TRUSTED),
        good,
        east_h,
        state,
        undelivered: is(UNDELIVERED),
        converted: is(CONVERTED),
        explained: is(EXPLAINED),
    })
}

#[cfg(test)]
mod tests;

//! Attempts whose outcomes are awaited, as bytes that another machine can read: it learns whose they are, or
//! takes them over when their owner is gone. Called by the shared home of the tallies.

use super::flight::Flight;
use super::save::{BadEvidence, read_flight, write_flight};
use super::scope::Keys;
use super::store::EvidenceTallies;
use alloc::vec::Vec;

/// An attempt that is open somewhere.
#[derive(Debug, Clone)]
pub struct OpenAttempt(Flight);

impl OpenAttempt {
    /// Reads what [`EvidenceTallies::open`] wrote.
    pub fn read(mut bytes: &[u8]) -> Result<Self, BadEvidence> {
        let flight = read_flight(&mut bytes)?;
        if bytes.is_empty() { Ok(Self(flight)) } else { Err(BadEvidence::Damaged) }
    }

    /// The name under which its outcomes come.
    pub fn name(&self) -> u64 {
        self.0.id
    }

    /// When it was made, in Unix seconds.
    pub fn at_s(&self) -> u32 {
        self.0.at_s
    }

    /// Whether it was more likely pumped than not.
    pub fn doubts(&self) -> bool {
        self.0.doubts()
    }

    /// Its records.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The record of its number.
    pub fn number(&self) -> u64 {
        self.0.number
    }
}

impl EvidenceTallies {
    /// An open attempt as bytes.
    pub fn open(&mut self, name: u64) -> Option<Vec<u8>> {
        let (flight, _) = self.flights.find(name)?;
        let mut bytes = Vec::with_capacity(256);
        write_flight(flight, &mut bytes);
        Some(bytes)
    }

    /// The names of all that is open, in order of time.
    pub fn open_names(&self) -> Vec<u64> {
        self.flights.since(0).map(|(_, flight)| flight.id).collect()
    }

    /// Whether an attempt is open here.
    pub fn knows(&mut self, name: u64) -> bool {
        self.flights.find(name).is_some()
    }

    /// Takes over what somebody else had open who was last heard of at `until_s`. What came due until then
    /// was counted by him; what comes due later is counted here.
    pub fn take_over(&mut self, attempts: Vec<OpenAttempt>, until_s: u32) {
        self.flights.take_over(attempts.into_iter().map(|attempt| attempt.0).collect(), until_s);
    }
}

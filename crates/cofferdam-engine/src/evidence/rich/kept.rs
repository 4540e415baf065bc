//! The rich records of one process, each by its key and at a place of its own: an attempt changes the same
//! five of them a dozen times, and a place that is known saves the look for its key. It counts nothing and knows
//! no bound. Called by the store of evidence alone.

use super::RichRecord;
use crate::evidence::store::Map;
use crate::table::Place;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Records by key.
#[derive(Debug, Default)]
pub struct RichRecords {
    numbers: Map<u32>,
    /// With their keys, so that a place that is not right any more is found out.
    records: Vec<(u64, Box<RichRecord>)>,
}

impl RichRecords {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn contains(&self, key: u64) -> bool {
        self.numbers.contains_key(&key)
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.records.iter().map(|(key, _)| *key)
    }

    pub fn get(&self, key: u64) -> Option<&RichRecord> {
        self.get_at(Place::UNKNOWN, key)
    }

    pub fn get_mut(&mut self, key: u64) -> Option<&mut RichRecord> {
        self.get_mut_at(&mut Place::UNKNOWN.clone(), key)
    }

    /// The record of a key that stood at a place lately.
    #[inline]
    pub fn get_at(&self, place: Place, key: u64) -> Option<&RichRecord> {
        let number = self.number(place, key)?;
        self.records.get(number).map(|(_, record)| &**record)
    }

    /// The same, to be changed; the place is where it stands.
    #[inline]
    pub fn get_mut_at(&mut self, place: &mut Place, key: u64) -> Option<&mut RichRecord> {
        let number = self.number(*place, key)?;
        *place = Place::numbered(number);
        self.records.get_mut(number).map(|(_, record)| &mut **record)
    }

    /// The same, and an empty one is made if there is none.
    pub fn make_at(&mut self, place: &mut Place, key: u64) -> Option<&mut RichRecord> {
        if self.number(*place, key).is_none() {
            self.numbers.insert(key, u32::try_from(self.records.len()).ok()?);
            self.records.push((key, Box::default()));
        }
        self.get_mut_at(place, key)
    }

    /// Takes one out; the last takes its place.
    pub fn remove(&mut self, key: u64) {
        let Some(number) = self.numbers.remove(&key) else { return };
        self.records.swap_remove(number as usize);
        if let Some((moved, _)) = self.records.get(number as usize) {
            self.numbers.insert(*moved, number);
        }
    }

    #[inline]
    fn number(&self, place: Place, key: u64) -> Option<usize> {
        let known = place.number();
        if self.records.get(known).is_some_and(|(own, _)| *own == key) {
            return Some(known);
        }
        self.numbers.get(&key).map(|number| *number as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_another_took_is_found_out() {
        let mut records = RichRecords::default();
        let mut places = [Place::UNKNOWN; 3];
        for (key, place) in (7..).zip(&mut places) {
            records.make_at(place, key).unwrap().first_s = key as u32;
        }
        let first = |records: &RichRecords, n: usize| {
            records.get_at(places[n], 7 + n as u64).map(|record| record.first_s)
        };
        assert_eq!([0, 1, 2].map(|n| first(&records, n)), [Some(7), Some(8), Some(9)]);
        records.remove(7);
        // The last stands where the first stood, and its own place is none any more.
        assert_eq!([0, 1, 2].map(|n| first(&records, n)), [None, Some(8), Some(9)]);
        assert!(!records.contains(7) && records.len() == 2);
        records.remove(9);
        records.remove(9);
        assert_eq!([0, 1, 2].map(|n| first(&records, n)), [None, Some(8), None]);
        assert_eq!(records.keys().collect::<Vec<_>>(), [8]);
        // Whatever a place says, the key has the say.
        let mut wrong = places[1];
        records.make_at(&mut wrong, 9).unwrap().first_s = 10;
        assert_eq!(records.get(9).unwrap().first_s, 10);
        assert_eq!(records.get_at(wrong, 8).unwrap().first_s, 8);
    }
}

//! Entries of an index that are in memory: added, found by key and taken away again, in no order.
//!
//! A tree would keep them in order and cost each start several trips to memory that is not at hand; order
//! is only asked for once, as they leave for their table. It knows nothing of rows and tables;
//! [`super::Index`] is its only user.

use super::Entry;
use std::collections::HashMap;

/// A row that is none, in the place of one that was taken away. Real ones begin at one.
pub(super) const NONE: i64 = 0;

/// Entries by key.
#[derive(Default)]
pub(super) struct Held {
    /// Each with the place, plus one, of the entry before it with the same key; nought: there is none.
    entries: Vec<(Entry, usize)>,
    /// The place, plus one, of the last entry with a key.
    newest: HashMap<i64, usize, foldhash::fast::RandomState>,
}

impl Held {
    pub(super) fn add(&mut self, entry: Entry) {
        let place = self.entries.len() + 1;
        let before = self.newest.insert(entry.0, place).unwrap_or(0);
        self.entries.push((entry, before));
    }

    /// Rows with a key, the newest first.
    pub(super) fn rows(&self, key: i64) -> impl Iterator<Item = i64> {
        let mut place = self.newest.get(&key).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let ((_, row), before) = self.entries.get(place.checked_sub(1)?)?;
            place = *before;
            Some(*row)
        })
        .filter(|row| *row != NONE)
    }

    /// Takes an entry away; false: it is not here.
    pub(super) fn remove(&mut self, entry: &Entry) -> bool {
        let mut place = self.newest.get(&entry.0).copied().unwrap_or(0);
        while let Some(found) = place.checked_sub(1).and_then(|at| self.entries.get_mut(at)) {
            if found.0.1 == entry.1 {
                found.0.1 = NONE;
                return true;
            }
            place = found.1;
        }
        false
    }

    /// How many there are, those that were taken away included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All of them in order.
    pub(super) fn sorted(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> =
            self.entries.iter().map(|(entry, _)| *entry).filter(|e| e.1 != NONE).collect();
        all.sort_unstable();
        all
    }

    /// Lets go of all, and keeps the room for as many.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.newest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_key_are_told_apart() {
        let mut held = Held::default();
        for entry in [(7, 3), (-2, 1), (7, 5), (7, 4)] {
            held.add(entry);
        }
        assert_eq!(held.rows(7).collect::<Vec<_>>(), [4, 5, 3]);
        assert!(
            held.remove(&(7, 5)) && !held.remove(&(7, 5)) && !held.remove(&(7, 1)) && !held.remove(&(9, 1))
        );
        assert_eq!(held.rows(7).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(held.sorted(), [(-2, 1), (7, 3), (7, 4)]);
        held.clear();
        assert_eq!((held.len(), held.rows(7).count()), (0, 0));
    }
}

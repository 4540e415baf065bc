//! The in-process table of tallies: fixed-size records by 64-bit key, of one shard.
//!
//! It grows a little at a time, so that no attempt waits while millions of keys are moved; it has
//! a hard ceiling of keys; and at the ceiling it forgets nothing that is still in a window. It
//! knows no clock, no lock and no disk: times come in, sharding and saving are the store's.
//!
//! **Shape.** Records lie packed ([`packed`]) and densely in chunks ([`slab`]), one cache line each, in
//! the order in which they came. An index
//! of small segments ([`index`]) leads from a key to its place; a full segment splits in two, which
//! moves some 1,400 entries of 8 bytes and is all that ever grows at once. The index uses the upper
//! half of a key, so shards should part keys by the lower half.
//!
//! **At the ceiling** a newcomer takes the place of a record at rest, if a few steps of a hand that
//! goes round find one. Otherwise it is counted in the **crowd** ([`crowd`]): cells that several
//! keys share. A shared cell counts more than any of its keys did, so limits err on the strict
//! side: a flood of new keys can make newcomers wait, but never pushes out one that stands at its
//! limit, and gives nobody a limit back. What cannot be shared strictly (a proof) is not taken in.

mod crowd;
mod index;
mod packed;
mod record;
mod save;
mod slab;

pub use record::{Line, Record};
pub use save::{BadBytes, Cursor};

use crate::known::Seen;
use crate::need::{Inquiry, Need, Needs, RECORDS};
use crate::tally::{LimitRecord, ProofRecord};
use arrayvec::ArrayVec;
use crowd::Crowd;
use index::Index;
use slab::Slab;

/// How many places the hand looks at for each newcomer.
const STEPS: usize = 4;
/// The same at the ceiling, where a place must be found.
const STEPS_FULL: usize = 32;

/// Records of one kind by key.
#[derive(Debug)]
pub struct Table<R: Record> {
    index: Index,
    slab: Slab<R>,
    crowd: Crowd<R>,
    keys_max: usize,
    /// Where the hand that looks for records at rest stands.
    hand: u32,
}

/// Where a key's record may stand: good until the table changes.
#[derive(Debug, Clone, Copy)]
pub struct Place(Option<u32>);

/// Where a key is counted.
enum Home {
    Own(u32),
    Shared,
}

impl<R: Record> Table<R> {
    /// An empty table for at most `keys_max` keys. Nothing is set aside before it is needed.
    pub fn new(keys_max: usize) -> Self {
        let keys_max = keys_max.clamp(1, slab::PLACES_MAX);
        Self { index: Index::new(), slab: Slab::new(), crowd: Crowd::new(keys_max / 4), keys_max, hand: 0 }
    }

    /// How many keys have a record of their own.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether no key has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in use, chunks and segments whole.
    pub fn bytes(&self) -> usize {
        self.index.bytes() + self.slab.bytes() + self.crowd.bytes()
    }

    /// Whether newcomers share cells: the ceiling is reached.
    pub fn crowded(&self) -> bool {
        self.crowd.in_use()
    }

    /// The record of a key, as it would be counted on; `None` if there is none.
    pub fn get(&self, key: u64) -> Option<R> {
        match self.index.find(key, |place| self.slab.holds(place, key)) {
            Some(place) => self.slab.get(place),
            None => self.crowd.lighter(key),
        }
    }

    /// Changes the record of a key, making it if need be, and answers with what `change` says. For a
    /// shared cell there are two answers; `lesser` says which of them counts.
    pub fn change<T>(
        &mut self,
        key: u64,
        at_s: u32,
        mut change: impl FnMut(&mut R) -> T,
        lesser: impl FnOnce(T, T) -> T,
    ) -> Option<T> {
        match self.home(key, at_s)? {
            Home::Own(place) => self.slab.change(place, change),
            Home::Shared => {
                let (a, b) = self.crowd.places(key);
                let first = self.crowd.cell(a).map(&mut change)?;
                let second = self.crowd.cell(b).map(&mut change)?;
                Some(lesser(first, second))
            }
        }
    }

    /// Changes the record of a key if it has one of its own.
    pub fn touch(&mut self, key: u64, change: impl FnOnce(&mut R)) -> bool {
        let own = self.index.find(key, |place| self.slab.holds(place, key));
        own.and_then(|place| self.slab.change(place, change)).is_some()
    }

    /// The first of three steps for whoever has several keys, in one table or in many whose locks he
    /// holds: guess all places, then [`Table::bring`] all records, then count. Memory then answers
    /// the keys of a step side by side instead of one after another.
    pub fn guess(&self, key: u64) -> Place {
        Place(self.index.guess(key))
    }

    /// The second step: makes a guess certain, and has memory bring the record.
    pub fn bring(&self, key: u64, guess: Place) -> Place {
        match guess.0 {
            Some(place) if self.slab.holds(place, key) => guess,
            _ => Place(self.index.find(key, |place| self.slab.holds(place, key))),
        }
    }

    /// Both steps for several keys of this table.
    fn locate(&self, keys: impl Iterator<Item = u64> + Clone) -> ArrayVec<Place, RECORDS> {
        let guesses: ArrayVec<Place, RECORDS> =
            keys.clone().take(RECORDS).map(|key| self.guess(key)).collect();
        guesses.iter().zip(keys).map(|(guess, key)| self.bring(key, *guess)).collect()
    }

    fn home(&mut self, key: u64, at_s: u32) -> Option<Home> {
        if let Some(place) = self.index.find(key, |place| self.slab.holds(place, key)) {
            return Some(Home::Own(place));
        }
        let full = self.len() >= self.keys_max;
        self.sweep(at_s, if full { STEPS_FULL } else { STEPS });
        if self.len() < self.keys_max {
            // Who was counted in the crowd brings along what its cell says, or a flood followed by
            // a pause would give limits back.
            let start = self.crowd.lighter(key).filter(|cell| !cell.at_rest(at_s)).unwrap_or_default();
            let place = self.slab.put(key, start)?;
            if self.index.insert(key, place) {
                return Some(Home::Own(place));
            }
            self.slab.take(place);
        }
        R::SHARED.then_some(Home::Shared)
    }

    /// Lets the hand go on and takes out what it finds at rest.
    fn sweep(&mut self, at_s: u32, steps: usize) {
        for _ in 0..steps.min(self.slab.places()) {
            let place = self.hand;
            self.hand = if place as usize + 1 < self.slab.places() { place + 1 } else { 0 };
            if let Some(key) = self.slab.at_rest(place, at_s) {
                self.index.remove(key, place);
                self.slab.take(place);
            }
        }
    }
}

impl Table<LimitRecord> {
    /// Counts the needs of an attempt and answers in their order.
    pub fn count_all(&mut self, needs: &Needs, at_s: u32) -> ArrayVec<Seen, RECORDS> {
        let places = self.locate(needs.iter().map(|need| need.key));
        needs.iter().zip(places).map(|(need, place)| self.count_at(place, need, at_s)).collect()
    }

    /// The third step: counts one need, at its place if that still holds it. Another newcomer's making
    /// may let the hand take out what was located before.
    pub fn count_at(&mut self, place: Place, need: &Need, at_s: u32) -> Seen {
        let Some(own) = place.0.filter(|place| self.slab.holds(*place, need.key)) else {
            return self.count(need, at_s);
        };
        let windows = if need.add {
            self.slab.change(own, |record| {
                record.add(at_s, &need.windows_s, 1);
                record.read(at_s, &need.windows_s)
            })
        } else {
            self.slab.get(own).map(|record| record.read(at_s, &need.windows_s))
        };
        Seen { scope: need.scope, windows: windows.unwrap_or_default() }
    }

    /// Counts one need and answers what stands in its windows.
    pub fn count(&mut self, need: &Need, at_s: u32) -> Seen {
        if !need.add {
            let record = self.get(need.key).unwrap_or_default();
            return Seen { scope: need.scope, windows: record.read(at_s, &need.windows_s) };
        }
        let counted = self.change(
            need.key,
            at_s,
            |record| {
                record.add(at_s, &need.windows_s, 1);
                record.read(at_s, &need.windows_s)
            },
            record::lesser,
        );
        Seen { scope: need.scope, windows: counted.unwrap_or_default() }
    }

    /// Adds to a record at a time, or gives back: [`crate::tally::Change::Count`].
    pub fn add(&mut self, key: u64, at_s: u32, windows_s: &[u32; crate::limit::WINDOWS], by: i32) {
        let _ = self.change(key, at_s, |record| record.add(at_s, windows_s, by), |(), ()| ());
    }
}

impl Table<ProofRecord> {
    /// When the keys of an inquiry were last proved, in its order: number, device, user, and the
    /// number with each.
    pub fn proved_all(&self, asked: &Inquiry) -> [Option<u32>; 5] {
        let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user];
        // A key that is not asked for is nobody's: no proof stands under nought.
        let places = self.locate(keys.into_iter().map(Option::unwrap_or_default));
        let mut all = [None; 5];
        for ((place, key), proved) in places.iter().zip(keys).zip(&mut all) {
            *proved = key.and_then(|key| self.proved_at(*place, key));
        }
        all
    }

    /// The third step: when the key that was located was last proved.
    pub fn proved_at(&self, place: Place, key: u64) -> Option<u32> {
        let own = place.0.filter(|place| self.slab.holds(*place, key))?;
        self.slab.get(own).and_then(ProofRecord::proved_s)
    }

    /// Keeps the later of two times: [`crate::tally::Change::Prove`].
    pub fn prove(&mut self, key: u64, at_s: u32) {
        let _ = self.change(key, at_s, |record| record.prove(at_s), |(), ()| ());
    }

    /// Forgets it: [`crate::tally::Change::Unprove`].
    pub fn unprove(&mut self, key: u64) {
        if let Some(place) = self.index.find(key, |place| self.slab.holds(place, key)) {
            // Nothing is told of it: whether it stood is nobody's business afterwards.
            let _ = self.slab.change(place, |record| *record = ProofRecord::default());
        }
    }

    /// When it was last proved.
    pub fn proved_s(&self, key: u64) -> Option<u32> {
        self.get(key).and_then(ProofRecord::proved_s)
    }
}

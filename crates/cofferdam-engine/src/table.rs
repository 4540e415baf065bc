//! The in-process table of tallies: fixed-size records by 64-bit key, of one shard.
//!
//! It grows a little at a time, so that no attempt waits while millions of keys are moved; it has
//! a hard ceiling of keys; and at the ceiling it forgets nothing that must be kept. It
//! knows no clock, no lock and no disk: times come in, sharding and saving are the store's.
//!
//! **Shape.** A directory by a key's highest bits ([`directory`]) leads to a short run of slots in
//! ascending order of keys ([`segment`]); each holds a key and its packed record ([`slot`], [`packed`]).
//! So a record is one trip to memory away, and [`Table::for_each_mut`] makes the trips of many keys side
//! by side. Since upper bits lead to a place, shards should part keys by lower ones.
//!
//! **At the ceiling** a newcomer takes the place of the record least worth keeping that a few steps of
//! a hand that goes round find ([`Record::worth`]). If all of those must be kept it is counted in the
//! **crowd** ([`crowd`]): cells that several keys share. A shared cell counts more than any of its keys did,
//! so limits err on the strict side: a flood of new keys can make newcomers wait, but never pushes out
//! one that stands at its limit, and gives nobody a limit back. What cannot be shared strictly (a proof)
//! is not taken in. Whoever marks a key **doubtful** has it taken in at its second touch ([`door`]).

mod count;
mod crowd;
mod directory;
mod door;
mod packed;
mod record;
mod save;
mod segment;
mod slot;

pub use record::{AT_REST, KEPT, Line, Record};
pub use save::{BadBytes, Cursor};

use arrayvec::ArrayVec;
use crowd::Crowd;
use directory::{At, Directory};
use door::Door;
use slot::{Slot, Wide, named};

/// How many places the hand looks at for each newcomer: more than half of them are taken.
const STEPS: usize = 6;
/// The same at the ceiling, where a place must be found.
const STEPS_FULL: usize = 48;
/// After so many newcomers for whom the hand found nothing at rest it may go seldom ([`Record::PATIENT`]): hardly
/// anything is.
const CALM: u32 = 64;
/// For one newcomer of so many it then goes.
const SELDOM: u32 = 4;
/// How many keys are on their way from memory together: about as many as a processor waits for.
const BATCH: usize = 24;

/// Records of one kind by key.
#[derive(Debug)]
pub struct Table<R: Record> {
    directory: Directory<R>,
    wide: Wide<R>,
    crowd: Crowd<R>,
    door: Door,
    keys_max: usize,
    /// Where the hand that looks for records to take out stands.
    hand: At,
    /// Newcomers since it last found something at rest.
    calm: u32,
}

/// Where a key's record may stand: good until the table changes, and found out if it is not.
#[derive(Debug, Clone, Copy)]
pub struct Place(At);

impl Place {
    /// Nothing was looked for yet.
    pub const UNKNOWN: Self = Self(At::NOWHERE);

    /// Of records that stand in one row, by their number in it.
    pub(crate) fn numbered(number: usize) -> Self {
        Self(At { segment: 0, slot: u32::try_from(number).unwrap_or(u32::MAX) })
    }

    /// See [`Place::numbered`].
    pub(crate) fn number(self) -> usize {
        self.0.slot as usize
    }
}

/// A key whose record is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The record's key.
    pub key: u64,
    /// Of a key without a record, the first touch is not counted: most such keys never come again.
    pub doubtful: bool,
}

impl Touch {
    /// A key that is counted from its first touch on.
    pub const fn sure(key: u64) -> Self {
        Self { key, doubtful: false }
    }

    /// A key that is counted from its second touch on.
    pub const fn doubtful(key: u64) -> Self {
        Self { key, doubtful: true }
    }
}

/// Where a key is counted.
enum Home {
    Own(At),
    Shared,
}

impl<R: Record> Table<R> {
    /// An empty table for at most `keys_max` keys. Nothing is set aside before it is needed.
    pub fn new(keys_max: usize) -> Self {
        let keys_max = keys_max.max(1);
        Self {
            directory: Directory::new(),
            wide: Wide::new(),
            crowd: Crowd::new(keys_max / 4),
            door: Door::new(keys_max),
            keys_max,
            hand: At { segment: 0, slot: 0 },
            calm: 0,
        }
    }

    /// How many keys have a record of their own.
    pub fn len(&self) -> usize {
        self.directory.len()
    }

    /// Whether no key has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in use, segments whole.
    pub fn bytes(&self) -> usize {
        self.directory.bytes() + self.wide.bytes() + self.crowd.bytes() + self.door.bytes()
    }

    /// How many may have one.
    pub fn keys_max(&self) -> usize {
        self.keys_max
    }

    /// Whether newcomers share cells: the ceiling is reached.
    pub fn crowded(&self) -> bool {
        self.crowd.in_use()
    }

    /// The record of a key, as it would be counted on; `None` if there is none.
    pub fn get(&self, key: u64) -> Option<R> {
        self.get_at(Place::UNKNOWN, key)
    }

    /// Calls `each` with the number of each touch and its record, made if need be, which it may change.
    /// The records of up to two dozen touches are fetched from memory side by side, so many touches
    /// in one call cost little more than one.
    ///
    /// A touch that has no record and gets none is passed over: one that is doubtful and came for the
    /// first time, or, of a kind that is not shared, any newcomer to a full table. A key that shares
    /// its cells is changed in both, and the lighter comes last: what `each` notes last is nearer the
    /// truth.
    pub fn for_each_mut(&mut self, touches: &[Touch], at_s: u32, mut each: impl FnMut(usize, &mut R)) {
        let mut first = 0;
        for batch in touches.chunks(BATCH) {
            let places = self.locate(batch.iter().map(|touch| touch.key));
            for (n, (touch, place)) in batch.iter().zip(places).enumerate() {
                self.change_at(place, *touch, at_s, |record| each(first + n, record), |(), ()| ());
            }
            first += batch.len();
        }
    }

    /// Calls `each` with the number of each key and its record, if it has one.
    pub fn for_each(&self, keys: &[u64], mut each: impl FnMut(usize, Option<R>)) {
        let mut first = 0;
        for batch in keys.chunks(BATCH) {
            let places = self.locate(batch.iter().copied());
            for (n, (key, place)) in batch.iter().zip(places).enumerate() {
                each(first + n, self.get_at(place, *key));
            }
            first += batch.len();
        }
    }

    fn locate(&self, keys: impl Iterator<Item = u64> + Clone) -> ArrayVec<Place, BATCH> {
        let mut places: ArrayVec<Place, BATCH> = keys.clone().map(|key| self.home_of(key)).collect();
        for (place, key) in places.iter_mut().zip(keys.clone()) {
            *place = self.look(*place, key);
        }
        for (place, key) in places.iter_mut().zip(keys) {
            *place = self.bring(key, *place);
        }
        places
    }

    /// The first of four steps for whoever has several keys in many tables whose locks he holds: find
    /// all homes, then [`Table::look`] at all, then [`Table::bring`] all, then [`Table::change_at`]. Memory then
    /// answers the keys of a step side by side instead of one after another; steps are many so that each
    /// is short, and a processor gets through to the last key while the first is on its way.
    #[inline]
    pub fn home_of(&self, key: u64) -> Place {
        Place(self.directory.home(named(key)))
    }

    /// The second step: guesses where the key stands, right nearly always.
    #[inline]
    pub fn look(&self, home: Place, key: u64) -> Place {
        Place(self.directory.look(home.0, named(key)))
    }

    /// The third step: makes a guess certain, and has memory bring the record; of a newcomer, what the hand
    /// will look at.
    #[inline]
    pub fn bring(&self, key: u64, guess: Place) -> Place {
        let at = self.certain(named(key), guess);
        match at.and_then(|at| self.directory.slot(at)) {
            Some(slot) => slot.bring(),
            None if self.may_stay() => {}
            None => self.directory.ahead(self.hand, STEPS).into_iter().flatten().for_each(Slot::bring),
        }
        Place(at.unwrap_or(At::NOWHERE))
    }

    /// The last step: changes the record of a key, at its place if that still holds it, making it if
    /// need be, and answers with what `change` says. For a shared cell there are two answers;
    /// `lesser` says which of them counts. `None`: see [`Table::for_each_mut`].
    pub fn change_at<T>(
        &mut self,
        mut place: Place,
        touch: Touch,
        at_s: u32,
        change: impl FnMut(&mut R) -> T,
        lesser: impl FnOnce(T, T) -> T,
    ) -> Option<T> {
        self.change_here(&mut place, touch, at_s, change, lesser)
    }

    /// The same, and the place is where the record stands then.
    pub fn change_here<T>(
        &mut self,
        place: &mut Place,
        touch: Touch,
        at_s: u32,
        mut change: impl FnMut(&mut R) -> T,
        lesser: impl FnOnce(T, T) -> T,
    ) -> Option<T> {
        match self.home_at(*place, touch, at_s)? {
            Home::Own(at) => {
                *place = Place(at);
                self.directory.slot_mut(at)?.change(&mut self.wide, change)
            }
            Home::Shared => {
                let (heavier, lighter) = self.crowd.ordered(named(touch.key));
                let first = self.crowd.cell(heavier).map(&mut change)?;
                let second = self.crowd.cell(lighter).map(&mut change)?;
                Some(lesser(first, second))
            }
        }
    }

    /// The same without the steps before it.
    pub fn change<T>(
        &mut self,
        touch: Touch,
        at_s: u32,
        change: impl FnMut(&mut R) -> T,
        lesser: impl FnOnce(T, T) -> T,
    ) -> Option<T> {
        self.change_at(Place::UNKNOWN, touch, at_s, change, lesser)
    }

    /// The last step of who only reads.
    pub fn get_at(&self, place: Place, key: u64) -> Option<R> {
        let key = named(key);
        let own = self.directory.slot(place.0).filter(|slot| slot.key == key);
        match own.or_else(|| self.directory.slot(self.directory.find(key)?)) {
            Some(slot) => slot.read(&self.wide),
            None => self.crowd.lighter(key),
        }
    }

    /// The last step of who only reads what is kept as it is: the record where it stands.
    pub fn peek_at(&self, place: Place, key: u64) -> Option<&R> {
        let key = named(key);
        let own = self.directory.slot(place.0).filter(|slot| slot.key == key);
        own.or_else(|| self.directory.slot(self.directory.find(key)?)).and_then(Slot::peek)
    }

    /// Finds the places of keys side by side, and has memory bring them. A place that is known
    /// already, and still right, is not looked for.
    pub fn locate_again<'a>(&self, keys: impl Iterator<Item = (u64, &'a mut Place)>) {
        self.locate_by(keys, |key, guess| self.bring(key, guess));
    }

    /// The same for records that are to be changed in part: memory brings what `near` reads of them, not all.
    pub fn locate_near<'a>(&self, keys: impl Iterator<Item = (u64, &'a mut Place)>, near: impl Fn(&R)) {
        self.locate_by(keys, |key, guess| {
            let at = self.certain(named(key), guess);
            if let Some(record) = at.and_then(|at| self.directory.slot(at)).and_then(Slot::peek) {
                near(record);
            }
            Place(at.unwrap_or(At::NOWHERE))
        });
    }

    fn locate_by<'a>(
        &self,
        keys: impl Iterator<Item = (u64, &'a mut Place)>,
        bring: impl Fn(u64, Place) -> Place,
    ) {
        let mut open: ArrayVec<(u64, &mut Place), BATCH> = ArrayVec::new();
        for (key, place) in keys {
            if open.is_full() {
                self.locate_open(&mut open, &bring);
            }
            let _ = open.try_push((key, place));
        }
        self.locate_open(&mut open, &bring);
    }

    #[inline]
    fn locate_open(
        &self,
        open: &mut ArrayVec<(u64, &mut Place), BATCH>,
        bring: &impl Fn(u64, Place) -> Place,
    ) {
        for (key, place) in open.iter_mut() {
            if place.0 == At::NOWHERE {
                **place = self.home_of(*key);
            }
        }
        for (key, place) in open.iter_mut() {
            if !self.holds(place.0, named(*key)) {
                **place = self.look(self.home_of(*key), *key);
            }
        }
        for (key, place) in open.drain(..) {
            *place = bring(key, *place);
        }
    }

    /// Changes a key's own record, if it has one, at its place if that still holds it.
    pub fn change_own_at(&mut self, place: Place, key: u64, change: impl FnMut(&mut R)) -> bool {
        let at = self.certain(named(key), place);
        at.and_then(|at| self.directory.slot_mut(at))
            .and_then(|slot| slot.change(&mut self.wide, change))
            .is_some()
    }

    /// Changes a key's own record, if it has one.
    pub fn change_own(&mut self, key: u64, change: impl FnMut(&mut R)) -> bool {
        let at = self.directory.find(named(key));
        at.and_then(|at| self.directory.slot_mut(at))
            .and_then(|slot| slot.change(&mut self.wide, change))
            .is_some()
    }

    /// Takes a key's own record out.
    pub fn forget(&mut self, key: u64) {
        if let Some(at) = self.directory.find(named(key)) {
            self.take(named(key), at);
        }
    }

    /// Where a key stands, guessed or looked for.
    #[inline]
    fn certain(&self, key: u64, guess: Place) -> Option<At> {
        if self.holds(guess.0, key) { Some(guess.0) } else { self.directory.find(key) }
    }

    #[inline]
    fn holds(&self, at: At, key: u64) -> bool {
        self.directory.slot(at).is_some_and(|slot| slot.key == key)
    }

    fn take(&mut self, key: u64, at: At) {
        self.directory.take(at);
        self.wide.remove(key);
    }

    /// Where a key is counted, first of all here.
    #[inline]
    fn home_at(&mut self, place: Place, touch: Touch, at_s: u32) -> Option<Home> {
        let key = named(touch.key);
        if self.holds(place.0, key) { Some(Home::Own(place.0)) } else { self.home(key, touch.doubtful, at_s) }
    }

    fn home(&mut self, key: u64, doubtful: bool, at_s: u32) -> Option<Home> {
        if let Some(at) = self.directory.find(key) {
            return Some(Home::Own(at));
        }
        if doubtful && !self.door.knows(key) {
            return None;
        }
        self.make_room(at_s);
        if self.len() < self.keys_max {
            // Who was counted in the crowd brings along what its cell says, or a flood followed by
            // a pause would give limits back.
            let start = self.crowd.lighter(key).filter(|cell| !cell.at_rest(at_s)).unwrap_or_default();
            if let Some(at) = self.directory.insert(Slot::new(key, &start, &mut self.wide)) {
                return Some(Home::Own(at));
            }
            self.wide.remove(key);
        }
        R::SHARED.then_some(Home::Shared)
    }

    /// Whether the hand need not go for the next newcomer: each slot that it passes is another line of memory.
    fn may_stay(&self) -> bool {
        R::PATIENT && self.calm >= CALM && !self.calm.is_multiple_of(SELDOM)
    }

    /// Where the hand comes to by its steps if it finds nothing at rest on its way, which is nearly always;
    /// `None` as well where the way leads out of a run of slots.
    fn pass(&self, at_s: u32) -> Option<At> {
        let way = self.directory.ahead(self.hand, STEPS)?;
        let rests = |slot: &Slot<R>| slot.key != 0 && slot.at_rest(&self.wide, at_s);
        (!way.iter().any(rests)).then_some(At { slot: self.hand.slot + STEPS as u32, ..self.hand })
    }

    /// Lets the hand go on and takes out what it finds at rest; at the ceiling, if it finds nothing at
    /// rest, the record least worth keeping of those that need not be kept.
    fn make_room(&mut self, at_s: u32) {
        let full = self.len() >= self.keys_max;
        let stays = !full && self.may_stay();
        self.calm = self.calm.wrapping_add(1);
        if stays {
            return;
        }
        if !full && let Some(next) = self.pass(at_s) {
            self.hand = next;
            return;
        }
        let mut least: Option<(u32, u64)> = None;
        for _ in 0..if full { STEPS_FULL } else { STEPS } {
            let at = self.hand;
            let found = self.directory.slot(at).filter(|slot| slot.key != 0);
            // What a record is worth is a longer sum, and asked for at the ceiling alone.
            let worth = |slot: &Slot<R>| match full {
                true => slot.worth(&self.wide, at_s),
                false if slot.at_rest(&self.wide, at_s) => AT_REST,
                false => KEPT,
            };
            let found = found.map(|slot| (worth(slot), slot.key));
            match found {
                // Another may have stepped up to its place, so the hand stays.
                Some((AT_REST, key)) => {
                    self.calm = 0;
                    self.take(key, at);
                }
                _ => self.hand = self.directory.after(at),
            }
            least = least.into_iter().chain(found.filter(|(worth, _)| *worth < KEPT)).min();
        }
        if self.len() >= self.keys_max
            && let Some((_, key)) = least
        {
            self.forget(key);
        }
    }
}

//! What a table of limits counts and what one of proofs is asked. Called by stores.

use super::{Home, Place, Table, Touch, record};
use crate::known::{Seen, SeenWindow};
use crate::limit::WINDOWS;
use crate::need::{Inquiry, Need, Needs, RECORDS};
use crate::tally::{LimitRecord, ProofRecord};
use arrayvec::ArrayVec;

impl Table<LimitRecord> {
    /// Counts the needs of an attempt and answers in their order.
    pub fn count_all(&mut self, needs: &Needs, at_s: u32) -> ArrayVec<Seen, RECORDS> {
        let places = self.locate(needs.iter().map(|need| need.key));
        needs.iter().zip(places).map(|(need, place)| self.count_at(place, need, at_s)).collect()
    }

    /// The same where each need's place was found before, by the steps of [`Table::home_of`].
    pub fn count_each(&mut self, needs: &Needs, places: &[Place], at_s: u32) -> ArrayVec<Seen, RECORDS> {
        let place = |n: usize| places.get(n).copied().unwrap_or(Place::UNKNOWN);
        needs.iter().enumerate().map(|(n, need)| self.count_at(place(n), need, at_s)).collect()
    }

    /// Counts one need and answers what stands in its windows.
    pub fn count(&mut self, need: &Need, at_s: u32) -> Seen {
        self.count_at(Place::UNKNOWN, need, at_s)
    }

    /// The last step: counts one need, at its place if that still holds it.
    pub fn count_at(&mut self, place: Place, need: &Need, at_s: u32) -> Seen {
        let windows = if need.add {
            self.add_one(place, need, at_s).unwrap_or_default()
        } else {
            self.get_at(place, need.key).unwrap_or_default().read(at_s, &need.windows_s)
        };
        Seen { scope: need.scope, windows }
    }

    /// Counts an attempt, where it stands if that will do.
    fn add_one(&mut self, place: Place, need: &Need, at_s: u32) -> Option<[SeenWindow; WINDOWS]> {
        let touch = Touch::sure(need.key);
        let mut place = place;
        if let Home::Own(at) = self.home_at(place, touch, at_s)? {
            place = Place(at);
            let packed = self.directory.slot_mut(at)?.packed_mut();
            if let Some(windows) = packed.add_one(at_s, &need.windows_s) {
                return Some(windows);
            }
        }
        let change = |record: &mut LimitRecord| {
            record.add(at_s, &need.windows_s, 1);
            record.read(at_s, &need.windows_s)
        };
        self.change_at(place, touch, at_s, change, record::lesser)
    }

    /// Adds to a record at a time, or gives back: [`crate::tally::Change::Count`].
    pub fn add(&mut self, key: u64, at_s: u32, windows_s: &[u32; WINDOWS], by: i32) {
        let _ = self.change(Touch::sure(key), at_s, |record| record.add(at_s, windows_s, by), |(), ()| ());
    }
}

impl Table<ProofRecord> {
    /// When the keys of an inquiry were last proved, in its order: number, device, user, and the
    /// number with each.
    pub fn proved_all(&self, asked: &Inquiry) -> [Option<u32>; 5] {
        let keys = [Some(asked.number), asked.device, asked.user, asked.number_device, asked.number_user];
        // A key that is not asked for is nobody's: no proof stands under nought.
        let mut places = keys.map(|key| self.home_of(key.unwrap_or_default()));
        for (place, key) in places.iter_mut().zip(keys) {
            *place = self.look(*place, key.unwrap_or_default());
        }
        let mut all = [None; 5];
        for ((key, place), proved) in keys.into_iter().zip(places).zip(&mut all) {
            *proved = key.and_then(|key| self.proved_at(place, key));
        }
        all
    }

    /// The last step: when the key that was located was last proved.
    pub fn proved_at(&self, place: Place, key: u64) -> Option<u32> {
        self.get_at(place, key).and_then(ProofRecord::proved_s)
    }

    /// [`Table::prove`] of all that a right code proves, fetched from memory side by side.
    pub fn prove_all(&mut self, keys: &ArrayVec<u64, 5>, at_s: u32) {
        let touches: ArrayVec<Touch, 5> = keys.iter().copied().map(Touch::sure).collect();
        self.for_each_mut(&touches, at_s, |_, record| record.prove(at_s));
    }

    /// Keeps the later of two times: [`crate::tally::Change::Prove`].
    pub fn prove(&mut self, key: u64, at_s: u32) {
        let _ = self.change(Touch::sure(key), at_s, |record| record.prove(at_s), |(), ()| ());
    }

    /// Forgets it: [`crate::tally::Change::Unprove`].
    pub fn unprove(&mut self, key: u64) {
        self.forget(key);
    }

    /// When it was last proved.
    pub fn proved_s(&self, key: u64) -> Option<u32> {
        self.get(key).and_then(ProofRecord::proved_s)
    }
}

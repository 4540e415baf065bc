//! Records that stand elsewhere, taken in as they are: what several machines share is the truth, and what this
//! process has is a copy of it. Called by the shared home of the tallies.

use super::image::Image;
use super::plain::Field;
use super::rich::RichRecord;
use super::store::EvidenceTallies;
use crate::table::{Place, Record, Table, Touch};
use alloc::vec::Vec;

/// The kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kept {
    /// Of most scopes.
    Plain,
    /// Of a place or a profile.
    Rich,
    /// Of a number or a session.
    Seen,
    /// The newest numbers of a run.
    Recent,
}

/// Some kilobytes each.
const RICH_AT_ONCE: usize = 500;

impl EvidenceTallies {
    /// Takes in what stands under a key elsewhere: its image, or nothing. Answers whether it could be read.
    pub fn load(&mut self, kind: Kept, key: u64, at_s: u32, image: Option<&[u8]>) -> bool {
        match kind {
            Kept::Plain => set(&mut self.plain, key, at_s, image),
            Kept::Seen => set(&mut self.seen, key, at_s, image),
            Kept::Recent => set(&mut self.recent, key, at_s, image),
            Kept::Rich => match image.map(RichRecord::of_image) {
                Some(Some(record)) => {
                    if let Some(own) = self.rich_mut(key, &mut Place::UNKNOWN.clone()) {
                        *own = record;
                    }
                    true
                }
                Some(None) => false,
                None => {
                    self.rich.remove(key);
                    true
                }
            },
        }
    }

    /// Whether a place's or profile's record may be made: so many are kept and no more.
    pub fn may_keep(&self, key: u64) -> bool {
        self.rich.len() < super::store::RICH_MAX || self.rich.contains(key)
    }

    /// Whether a plain or rich record stands here that an attempt of this moment changes by additions alone: a rich one
    /// has its first moment already.
    pub fn stands(&self, kind: Kept, key: u64, at_s: u32) -> bool {
        match kind {
            Kept::Plain => self.plain.get(key).is_some(),
            Kept::Rich => {
                self.rich.get(key).is_some_and(|record| record.first_s != 0 && record.first_s <= at_s)
            }
            Kept::Seen | Kept::Recent => false,
        }
    }

    /// How many newcomers of late a plain record knows of that stands here.
    pub fn newcomers(&mut self, key: u64) -> Option<f64> {
        let at = self.moments.get(self.now_s);
        self.plain.get(key).map(|record| record.long(Field::Newcomers, &at))
    }

    /// The image of a record that stands here.
    pub fn image(&self, kind: Kept, key: u64) -> Option<Vec<u8>> {
        match kind {
            Kept::Plain => self.plain.get(key).map(|record| record.image()),
            Kept::Seen => self.seen.get(key).map(|record| record.image()),
            Kept::Recent => self.recent.get(key).map(|record| record.image()),
            Kept::Rich => self.rich.get(key).map(Image::image),
        }
    }

    /// Calls `each` with the images of some records that have a use still, of keys from `from` on, and answers from
    /// where to go on; `None`: that was the last.
    pub fn walk(&self, kind: Kept, from: u64, at_s: u32, mut each: impl FnMut(u64, Vec<u8>)) -> Option<u64> {
        match kind {
            Kept::Plain => self.plain.walk(from, at_s, |key, record| each(key, record.image())),
            Kept::Seen => self.seen.walk(from, at_s, |key, record| each(key, record.image())),
            Kept::Recent => self.recent.walk(from, at_s, |key, record| each(key, record.image())),
            Kept::Rich => {
                let mut keys: Vec<u64> = self.rich.keys().filter(|key| *key >= from).collect();
                keys.sort_unstable();
                let (some, rest) = keys.split_at_checked(RICH_AT_ONCE).unwrap_or((&keys, &[]));
                for key in some {
                    if let Some(record) = self.rich.get(*key) {
                        each(*key, record.image());
                    }
                }
                rest.first().copied()
            }
        }
    }

    /// The keys of places and profiles.
    pub fn rich_keys(&self) -> Vec<u64> {
        self.rich.keys().collect()
    }
}

fn set<R: Record + Image>(table: &mut Table<R>, key: u64, at_s: u32, image: Option<&[u8]>) -> bool {
    let Some(bytes) = image else {
        table.forget(key);
        return true;
    };
    let Some(record) = R::of_image(bytes) else { return false };
    let _ = table.change(Touch::sure(key), at_s, |own| *own = record, |(), ()| ());
    true
}

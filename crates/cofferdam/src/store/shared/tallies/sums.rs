//! Records that this node counts in so often that a call for each is a waste: what they get is summed here and sent a few
//! times a second, and what others added comes back with it. It sends nothing.
//!
//! Which they are is found out by counting, never by their scope, so that a quiet installation sums nothing. Limits,
//! proofs and whatever else is exact are never summed.

use crate::clock::Stopwatch;
use cofferdam_engine::evidence::{Ask, EvidenceChange, Kept, SCOPES, count_changes};
use std::collections::HashMap;
use std::time::Duration;

/// What is summed is sent so often.
pub const TURN: Duration = Duration::from_millis(50);
/// When what stands here was asked for longer ago than this, records are counted by calls again.
const FRESH: Duration = Duration::from_millis(200);
/// A record is summed from so much heat on: each count warms it by eight, each turn takes an eighth away. That is a
/// hundred counts a second for a while, or forty at once.
pub const HOT: u32 = 320;
/// Records whose heat is known, and those that are summed at once.
const KNOWN: usize = 4_096;
const MOST: usize = 256;
const HOUR_S: u32 = 3_600;

/// Records of an attempt that are summed.
pub type Summed = arrayvec::ArrayVec<(Kept, u64), SCOPES>;

/// What is held back, by record.
pub type Held = HashMap<u64, Vec<EvidenceChange>>;

/// How often a record is counted in.
#[derive(Debug, Default)]
struct Heat {
    warmth: u32,
    touched: bool,
    hot: bool,
    rich: bool,
}

/// What is summed.
#[derive(Debug, Default)]
pub struct Sums {
    known: HashMap<u64, Heat>,
    hot: usize,
    held: Held,
    /// When the images that stand here were asked for.
    fresh: Option<Stopwatch>,
    /// From how much heat on.
    from: u32,
}

impl Sums {
    /// Of records from this heat on.
    pub fn from(from: u32) -> Self {
        Self { from, ..Self::default() }
    }

    /// An attempt counts in a record: whether that is summed.
    pub fn touch(&mut self, kind: Kept, key: u64) -> bool {
        let full = self.known.len() >= KNOWN;
        let heat = match self.known.get_mut(&key) {
            Some(heat) => heat,
            None if full => return false,
            None => self.known.entry(key).or_default(),
        };
        heat.warmth = heat.warmth.saturating_add(8);
        (heat.touched, heat.rich) = (true, kind == Kept::Rich);
        heat.hot && self.fresh.is_some_and(|fresh| fresh.elapsed() < FRESH)
    }

    /// Whether what follows decisions is held back for a record.
    pub fn is_hot(&self, key: u64) -> bool {
        self.hot > 0 && self.known.get(&key).is_some_and(|heat| heat.hot)
    }

    /// How many records are summed.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.hot
    }

    /// Holds the count of an attempt back.
    pub fn count(&mut self, ask: &Ask, summed: &Summed) {
        let [plain, rich] = [false, true].map(|rich| count_changes(ask, rich, 0));
        for (kind, key) in summed {
            for change in if *kind == Kept::Rich { &rich } else { &plain } {
                self.hold(EvidenceChange { key: *key, ..*change });
            }
        }
    }

    /// Holds a change back.
    pub fn hold(&mut self, change: EvidenceChange) {
        let held = self.held.entry(change.key).or_default();
        let hour = change.at_s / HOUR_S;
        if !held.iter_mut().any(|own| own.at_s / HOUR_S == hour && own.merge(&change)) {
            held.push(change);
        }
    }

    /// What is held back for a record.
    pub fn held(&self, key: u64) -> &[EvidenceChange] {
        self.held.get(&key).map_or(&[], Vec::as_slice)
    }

    /// A turn: takes what was held back, and finds out anew what is hot.
    pub fn turn(&mut self) -> Held {
        self.hot = 0;
        self.known.retain(|_, heat| {
            heat.hot = heat.touched && (heat.hot || heat.warmth >= self.from) && self.hot < MOST;
            self.hot += usize::from(heat.hot);
            heat.touched = false;
            heat.warmth -= heat.warmth.div_ceil(8);
            heat.hot || heat.warmth >= 8
        });
        std::mem::take(&mut self.held)
    }

    /// What is hot, and of which kind.
    pub fn hot(&self) -> impl Iterator<Item = (Kept, u64)> {
        let kind = |heat: &Heat| if heat.rich { Kept::Rich } else { Kept::Plain };
        self.known.iter().filter(|(_, heat)| heat.hot).map(move |(key, heat)| (kind(heat), *key))
    }

    /// The images that stand here are those of this moment.
    pub fn freshen(&mut self, asked: Stopwatch) {
        self.fresh = Some(asked);
    }

    /// What stood at the servers is not known: all records are counted by calls, until they are found hot again.
    pub fn cool(&mut self, keys: impl IntoIterator<Item = u64>) {
        for key in keys {
            if let Some(heat) = self.known.get_mut(&key).filter(|heat| heat.hot) {
                heat.hot = false;
                heat.warmth = 0;
                self.hot -= 1;
            }
        }
    }

    /// The same for all of them.
    pub fn cool_all(&mut self) {
        (self.hot, self.fresh) = (0, None);
        self.known.clear();
    }

    /// Holds back again what could not be sent.
    pub fn put_back(&mut self, held: Held) {
        held.into_values().flatten().for_each(|change| self.hold(change));
    }

    /// Gives up what is held back for some records.
    pub fn forget(&mut self, gone: impl Fn(u64) -> bool) {
        self.held.retain(|key, _| !gone(*key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cofferdam_engine::evidence::{Field, Raised};

    fn change(key: u64, at_s: u32) -> EvidenceChange {
        EvidenceChange { key, at_s, what: Raised::Plain(Field::Newcomers, [64, 64, 64]) }
    }

    #[test]
    fn what_is_counted_often_is_hot_until_it_rests_for_a_turn() {
        let mut sums = Sums::from(HOT);
        sums.freshen(Stopwatch::start());
        for _ in 0..40 {
            assert!(!sums.touch(Kept::Plain, 1), "not within its first turn");
        }
        for n in 0..100 {
            sums.touch(Kept::Plain, 2 + n);
        }
        sums.turn();
        assert!(sums.is_hot(1) && !sums.is_hot(2));
        assert!(sums.touch(Kept::Plain, 1));
        sums.turn();
        assert!(sums.is_hot(1), "one count a turn keeps it so");
        sums.turn();
        assert!(!sums.is_hot(1));
        // Five in a turn are enough, in the end.
        for turn in 0.. {
            (0..6).for_each(|_| _ = sums.touch(Kept::Plain, 7));
            sums.turn();
            if sums.is_hot(7) {
                assert!(turn > 5, "{turn}");
                break;
            }
            assert!(turn < 100);
        }
        sums.cool_all();
        assert!(!sums.is_hot(7));
    }

    #[test]
    fn a_flood_of_names_fills_it_to_its_bound_only() {
        let mut sums = Sums::from(HOT);
        (0..100_000).for_each(|key| _ = sums.touch(Kept::Plain, key));
        assert_eq!(sums.known.len(), KNOWN);
        sums.turn();
        assert!(sums.known.is_empty());
        for key in 0..1_000 {
            (0..50).for_each(|_| _ = sums.touch(Kept::Plain, key));
        }
        sums.turn();
        assert_eq!(sums.hot, MOST);
    }

    #[test]
    fn changes_of_one_hour_are_one() {
        let mut sums = Sums::default();
        for at_s in [3_600, 3_700, 7_199, 7_200] {
            sums.hold(change(1, at_s));
        }
        assert_eq!(sums.held(1).len(), 2);
        assert_eq!(
            sums.held(1)[0],
            EvidenceChange { key: 1, at_s: 7_199, what: Raised::Plain(Field::Newcomers, [192; 3]) }
        );
        let held = sums.turn();
        assert!(sums.held(1).is_empty());
        sums.hold(change(1, 7_100));
        sums.put_back(held);
        assert_eq!(sums.held(1).iter().map(|change| change.at_s).max(), Some(7_200));
        sums.forget(|key| key == 1);
        assert!(sums.held(1).is_empty());
    }
}

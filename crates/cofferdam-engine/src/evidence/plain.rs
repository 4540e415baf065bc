//! The record of most scopes: who was new, whose message is old enough to be judged, and who
//! converted, in three horizons; and a few figures over the longest.

use super::decay::{self, HORIZONS, LONG, Left, Moment, Pair, Weights};
use serde::{Deserialize, Serialize};

/// What is counted. The first six in every horizon, the rest in the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Newcomers: people who were not counted yet, proved or not.
    Newcomers,
    /// Newcomers whose message went out and is old enough that a code would have come back.
    Matured,
    /// Newcomers whose code came back.
    Converted,
    /// Newcomers whom a narrower scope explains.
    Explained,
    /// Challenges asked.
    Challenged,
    /// Challenges failed or abandoned.
    Failed,
    /// Strikes: times that something was blocked here for sure.
    Strikes,
    /// Attempts of all kinds.
    Asked,
}

/// Fields counted in every horizon.
pub const EVERY: usize = 6;
/// Fields counted in the longest alone.
pub const LAST: usize = 2;

/// Counts of one scope: 164 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainRecord {
    /// The newest moment that was counted.
    pub touched_s: u32,
    /// By field, by horizon.
    pub(super) every: [[Pair; HORIZONS]; EVERY],
    pub(super) last: [Pair; LAST],
}

/// All that a record says at a moment, read once: an attempt's scopes ask for the same figures again and
/// again.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    every: [[f64; HORIZONS]; EVERY],
    last: [f64; LAST],
}

impl Counts {
    /// A field in all horizons; zero where it is not counted.
    #[inline]
    pub fn of(&self, field: Field) -> [f64; HORIZONS] {
        match field.index() {
            (true, n) => self.every.get(n).copied().unwrap_or_default(),
            (false, n) => [0.0, 0.0, self.last.get(n).copied().unwrap_or_default()],
        }
    }

    /// A field over the longest horizon.
    #[inline]
    pub fn long(&self, field: Field) -> f64 {
        let [.., long] = self.of(field);
        long
    }
}

impl Field {
    pub(super) fn index(self) -> (bool, usize) {
        match self {
            Self::Newcomers => (true, 0),
            Self::Matured => (true, 1),
            Self::Converted => (true, 2),
            Self::Explained => (true, 3),
            Self::Challenged => (true, 4),
            Self::Failed => (true, 5),
            Self::Strikes => (false, 0),
            Self::Asked => (false, 1),
        }
    }
}

/// What a field's sums come to in every horizon.
#[inline]
fn every(pairs: &[Pair; HORIZONS], weights: &Weights) -> [f64; HORIZONS] {
    let ([short, middle, long], [of_short, of_middle, of_long]) = (pairs, weights);
    [decay::read(*short, *of_short), decay::read(*middle, *of_middle), decay::read(*long, *of_long)]
}

impl PlainRecord {
    /// Nothing counted.
    pub const NONE: Self = Self { touched_s: 0, every: [[[0; 2]; HORIZONS]; EVERY], last: [[0; 2]; LAST] };

    /// Adds `amount` 64ths to a field at a moment.
    pub fn add(&mut self, field: Field, at: &Moment, amount: i32) {
        self.add_units(field, at, at.all_units([amount; HORIZONS]));
    }

    /// Adds a different amount in each horizon.
    pub fn add_each(&mut self, field: Field, at: &Moment, amounts: [i32; HORIZONS]) {
        if field.index().0 {
            self.add_units(field, at, at.all_units(amounts));
        } else {
            self.touch(at.at_s);
        }
    }

    /// Adds what [`Moment::all_units`] says.
    pub fn add_units(&mut self, field: Field, at: &Moment, units: [i32; HORIZONS]) {
        self.add_sums(field, at, &at.sums(units));
    }

    /// Adds what [`Moment::sums`] says: worked out once where many records are raised.
    #[inline]
    pub fn add_sums(&mut self, field: Field, at: &Moment, sums: &[Pair; HORIZONS]) {
        self.touch(at.at_s);
        if at.is_kept(self.touched_s) {
            self.add_kept(field, sums);
        } else {
            self.add_kept(field, &at.kept(self.touched_s, sums));
        }
    }

    #[inline]
    fn add_kept(&mut self, field: Field, sums: &[Pair; HORIZONS]) {
        match field.index() {
            (true, n) => {
                if let Some(pairs) = self.every.get_mut(n) {
                    pairs.iter_mut().zip(sums).for_each(|(pair, sums)| decay::add(pair, *sums));
                }
            }
            (false, n) => {
                if let Some(pair) = self.last.get_mut(n) {
                    decay::add(pair, sums[LONG]);
                }
            }
        }
    }

    #[inline]
    fn touch(&mut self, at_s: u32) {
        if self.touched_s > at_s.saturating_add(decay::AHEAD_S) {
            // Deaf until time comes there again, it would hide whatever happens until then.
            *self = Self::NONE;
        }
        if at_s > self.touched_s {
            self.move_on(at_s);
        }
    }

    fn move_on(&mut self, at_s: u32) {
        let left = [0, 1, LONG].map(|horizon| decay::left(horizon, self.touched_s, at_s));
        if left == [Left::Both; HORIZONS] {
            *self = Self::NONE;
        } else if left != [Left::Nothing; HORIZONS] {
            for pairs in &mut self.every {
                pairs.iter_mut().zip(left).for_each(|(pair, left)| decay::roll(pair, left));
            }
            self.last.iter_mut().for_each(|pair| decay::roll(pair, left[LONG]));
        }
        self.touched_s = at_s;
    }

    /// A field in all horizons; zero where it is not counted.
    #[inline]
    pub fn read(&self, field: Field, at: &Moment) -> [f64; HORIZONS] {
        self.weighed(field, &at.weights(self.touched_s))
    }

    #[inline]
    fn weighed(&self, field: Field, weights: &Weights) -> [f64; HORIZONS] {
        match field.index() {
            (true, n) => self.every.get(n).map_or([0.0; HORIZONS], |pairs| every(pairs, weights)),
            (false, n) => [0.0, 0.0, self.last.get(n).map_or(0.0, |pair| decay::read(*pair, weights[LONG]))],
        }
    }

    /// All fields at once.
    pub(super) fn counts(&self, at: &Moment) -> Counts {
        let weights = at.weights(self.touched_s);
        Counts {
            every: self.every.each_ref().map(|pairs| every(pairs, &weights)),
            last: self.last.map(|pair| decay::read(pair, weights[LONG])),
        }
    }

    /// A field over the longest horizon.
    pub fn long(&self, field: Field, at: &Moment) -> f64 {
        let [.., long] = self.read(field, at);
        long
    }

    /// Something of what an addition to a field changes: few of a record's cache lines.
    #[inline]
    pub(super) fn near(&self, field: Field) -> i32 {
        let (every, n) = field.index();
        let pair = if every { self.every.get(n).map(|[_, _, long]| long) } else { self.last.get(n) };
        pair.map_or(0, |pair| pair[1])
    }

    /// Something of each cache line but the first, so that memory brings them all together.
    #[inline]
    pub(super) fn far_ends(&self) -> u8 {
        let [_, _, [_, second, _], _, [_, _, third], _] = &self.every;
        let [_, fourth] = &self.last;
        (second[0] ^ third[0] ^ fourth[1]) as u8
    }

    /// Its figures as words, for saving.
    pub fn words(&self) -> impl Iterator<Item = u32> + '_ {
        let sums = self.every.iter().flatten().chain(&self.last).flatten();
        core::iter::once(self.touched_s).chain(sums.map(|sum| *sum as u32))
    }

    /// Words of a saved record.
    pub const WORDS: usize = 1 + 2 * (EVERY * HORIZONS + LAST);

    /// Reads what [`PlainRecord::words`] gave.
    pub fn from_words(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let mut record = Self { touched_s: words.next()?, ..Self::default() };
        for sum in record.every.iter_mut().flatten().chain(&mut record.last).flatten() {
            *sum = words.next()? as i32;
        }
        Some(record)
    }
}

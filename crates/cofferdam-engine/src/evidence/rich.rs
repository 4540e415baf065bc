//! The record of a place or a profile: what a plain one has, the trusted as a control group, and what
//! is usual here: four buckets a day for a week, the hours and days of people's lives, and how long
//! codes take to come back. Few keys have one.

mod kept;

pub use kept::RichRecords;

use super::decay::{AHEAD_S, HORIZONS, Moment};
use super::plain::{Field, PlainRecord};

/// Length of a baseline's bucket.
pub const BUCKET_S: u32 = 6 * 3_600;
/// A week of them.
pub const BUCKETS: usize = 28;
/// Seasons are remembered for one to two of these.
pub(super) const ERA_S: u32 = 28 * 86_400;
/// By when codes are expected back, in seconds: the steps at which a message matures.
pub const STEPS_S: [u32; 4] = [25, 75, 240, 900];
/// Bins of delays: up to each step, and later.
pub const DELAYS: usize = STEPS_S.len() + 1;

/// What a baseline's bucket holds, in 64ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// Newcomers who asked.
    Asked,
    /// Of those, the ones that were stopped: what was shut says nothing of what is usual.
    Stopped,
    /// Matured, weighted by the chance that they were good.
    Matured,
    /// Converted, weighted so.
    Converted,
    /// Trusted people who asked.
    Trusted,
}
pub(super) const USUALS: usize = 5;

/// How close together people live: pairs of people who proved themselves within a few days, and how
/// many of those met in one run of numbers, or at one address. Crowded places teach their own density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meets {
    /// Pairs of one network.
    OfNetwork,
    /// Of them, in one run of ten thousand.
    Prefix4,
    /// In one run of a thousand.
    Prefix3,
    /// In one run of a hundred.
    Prefix2,
    /// Pairs of one country.
    OfCountry,
    /// Of them, at one address.
    Address,
    /// In one neighbourhood of addresses.
    Neighbourhood,
    /// Of one network's pairs, those under one profile.
    Profile,
    /// With one browser or app.
    Client,
    /// From one network of addresses, or one country.
    Whence,
}
pub(super) const MEETS: usize = 10;

/// One bucket: by [`Usual`].
pub type Bucket = [u32; USUALS];

/// Counts and baselines of one place or profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RichRecord {
    /// The same figures as everywhere.
    pub plain: PlainRecord,
    /// Newcomers, matured, converted of the trusted.
    pub trusted: PlainRecord,
    /// The first moment that was counted; 0: none.
    pub first_s: u32,
    pub(super) head: u32,
    pub(super) buckets: [Bucket; BUCKETS],
    pub(super) era: u32,
    pub(super) hours: [[u32; 24]; 2],
    pub(super) days: [[u32; 7]; 2],
    pub(super) delays: [[u32; DELAYS]; 2],
    pub(super) meets: [[u64; MEETS]; 2],
}

impl Default for RichRecord {
    fn default() -> Self {
        Self::NONE
    }
}

impl RichRecord {
    /// Nothing counted.
    pub const NONE: Self = Self {
        plain: PlainRecord::NONE,
        trusted: PlainRecord::NONE,
        first_s: 0,
        head: 0,
        buckets: [[0; USUALS]; BUCKETS],
        era: 0,
        hours: [[0; 24]; 2],
        days: [[0; 7]; 2],
        delays: [[0; DELAYS]; 2],
        meets: [[0; MEETS]; 2],
    };
}

/// The bin of a delay.
pub(super) fn delay_bin(after_s: u32) -> usize {
    STEPS_S.iter().position(|step| after_s <= *step).unwrap_or(DELAYS - 1)
}

/// A moment as people there live it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Hour of the day.
    pub hour: u8,
    /// Day of the week, from Monday.
    pub day: u8,
}

impl Local {
    /// The local time of a moment, so many hours east of Greenwich.
    pub fn at(at_s: u32, east_h: i8) -> Self {
        let local = i64::from(at_s) + i64::from(east_h) * 3_600;
        let hour = local.div_euclid(3_600).rem_euclid(24) as u8;
        // The first of January 1970 was a Thursday.
        let day = (local.div_euclid(86_400) + 3).rem_euclid(7) as u8;
        Self { hour, day }
    }

    /// The same an hour later.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self { hour: 23, day: 6 } => Self { hour: 0, day: 0 },
            Self { hour: 23, day } => Self { hour: 0, day: day + 1 },
            Self { hour, day } => Self { hour: hour + 1, day },
        }
    }
}

impl RichRecord {
    /// Adds to a plain field.
    pub fn add(&mut self, field: Field, at: &Moment, amount: i32) {
        self.first_s = if self.first_s == 0 { at.at_s } else { self.first_s.min(at.at_s) };
        self.plain.add(field, at, amount);
    }

    /// Adds to the bucket of a moment, unless it is past the week.
    pub fn usual(&mut self, what: Usual, at_s: u32, amount: u32) {
        let own = at_s / BUCKET_S;
        if self.head > own.saturating_add(AHEAD_S / BUCKET_S) {
            (self.head, self.buckets) = (own, [[0; USUALS]; BUCKETS]);
        } else if own > self.head {
            let skipped = (own - self.head).min(BUCKETS as u32);
            for bucket in own + 1 - skipped..=own {
                if let Some(bucket) = self.buckets.get_mut(bucket as usize % BUCKETS) {
                    *bucket = [0; USUALS];
                }
            }
            self.head = own;
        } else if self.head - own >= BUCKETS as u32 {
            return;
        }
        if let Some(count) =
            self.buckets.get_mut(own as usize % BUCKETS).and_then(|bucket| bucket.get_mut(what as usize))
        {
            *count = count.saturating_add(amount);
        }
    }

    /// The buckets of the last week with their absolute number, oldest first, up to `now`'s; those in
    /// which nothing was counted are empty.
    pub fn buckets(&self, now_s: u32) -> impl Iterator<Item = (u32, Bucket)> + '_ {
        let now = now_s / BUCKET_S;
        let kept = self.head.saturating_sub(BUCKETS as u32 - 1)..=self.head;
        (now.saturating_sub(BUCKETS as u32 - 1)..=now).map(move |bucket| {
            let own = self.buckets.get(bucket as usize % BUCKETS).filter(|_| kept.contains(&bucket));
            (bucket, own.copied().unwrap_or_default())
        })
    }

    /// A person of this place, who proved to be one, asked at this local time.
    pub fn live(&mut self, at_s: u32, local: Local, amount: u32) {
        let slot = self.slot(at_s);
        let Some(slot) = slot else { return };
        let hour = self.hours.get_mut(slot).and_then(|hours| hours.get_mut(usize::from(local.hour)));
        if let Some(hour) = hour {
            *hour = hour.saturating_add(amount);
        }
        let day = self.days.get_mut(slot).and_then(|days| days.get_mut(usize::from(local.day)));
        if let Some(day) = day {
            *day = day.saturating_add(amount);
        }
    }

    /// A code came back after so many seconds.
    pub fn delay(&mut self, sent_s: u32, after_s: u32, amount: u32) {
        self.delay_in(delay_bin(after_s), sent_s, amount);
    }

    pub(super) fn delay_in(&mut self, bin: usize, sent_s: u32, amount: u32) {
        let Some(slot) = self.slot(sent_s) else { return };
        if let Some(count) = self.delays.get_mut(slot).and_then(|delays| delays.get_mut(bin)) {
            *count = count.saturating_add(amount);
        }
    }

    /// So many pairs, in 64ths.
    pub fn meet(&mut self, what: Meets, at_s: u32, amount: u64) {
        let Some(slot) = self.slot(at_s) else { return };
        if let Some(count) = self.meets.get_mut(slot).and_then(|meets| meets.get_mut(what as usize)) {
            *count = count.saturating_add(amount);
        }
    }

    /// Pairs, whole.
    pub fn met(&self, what: Meets) -> f64 {
        self.meets.iter().filter_map(|meets| meets.get(what as usize)).map(|n| *n as f64).sum::<f64>() / 64.0
    }

    fn slot(&mut self, at_s: u32) -> Option<usize> {
        let own = at_s / ERA_S;
        if self.era > own.saturating_add(1) {
            // Written by a clock that has been set back since.
            self.era = 0;
        }
        if own > self.era {
            if own > self.era + 1 {
                (self.hours, self.days, self.delays) = ([[0; 24]; 2], [[0; 7]; 2], [[0; DELAYS]; 2]);
                self.meets = [[0; MEETS]; 2];
            }
            let slot = own as usize % 2;
            if let (Some(hours), Some(days), Some(delays)) =
                (self.hours.get_mut(slot), self.days.get_mut(slot), self.delays.get_mut(slot))
            {
                (*hours, *days, *delays) = ([0; 24], [0; 7], [0; DELAYS]);
            }
            if let Some(meets) = self.meets.get_mut(slot) {
                *meets = [0; MEETS];
            }
            self.era = own;
        }
        (self.era - own < 2).then_some(own as usize % 2)
    }

    /// How many proved people lived here at an hour of the day, and in all.
    pub fn hour(&self, hour: u8) -> f64 {
        self.hours.iter().filter_map(|hours| hours.get(usize::from(hour))).map(|n| f64::from(*n)).sum::<f64>()
            / 64.0
    }

    /// The same by day of the week.
    pub fn day(&self, day: u8) -> f64 {
        self.days.iter().filter_map(|days| days.get(usize::from(day))).map(|n| f64::from(*n)).sum::<f64>()
            / 64.0
    }

    /// Since when the hours and days are counted that are remembered at a moment.
    pub fn lived_from(&self, now_s: u32) -> u32 {
        self.first_s.max((now_s / ERA_S).saturating_sub(1).saturating_mul(ERA_S))
    }

    /// All of them.
    pub fn lives(&self) -> f64 {
        self.days.iter().flatten().map(|n| f64::from(*n)).sum::<f64>() / 64.0
    }

    /// Delays of codes that came back, by bin.
    pub fn delays(&self) -> [f64; DELAYS] {
        let mut all = [0.0; DELAYS];
        for delays in &self.delays {
            for (sum, count) in all.iter_mut().zip(delays) {
                *sum += f64::from(*count) / 64.0;
            }
        }
        all
    }

    /// The trusted: asked, matured, converted, in each horizon.
    pub fn control(&self, at: &Moment) -> [[f64; HORIZONS]; 3] {
        [Field::Newcomers, Field::Matured, Field::Converted].map(|field| self.trusted.read(field, at))
    }

    /// Its figures as words, for saving.
    pub fn words(&self) -> impl Iterator<Item = u32> + '_ {
        self.plain
            .words()
            .chain(self.trusted.words())
            .chain([self.first_s, self.head, self.era])
            .chain(self.buckets.iter().flatten().copied())
            .chain(self.hours.iter().flatten().copied())
            .chain(self.days.iter().flatten().copied())
            .chain(self.delays.iter().flatten().copied())
            .chain(self.meets.iter().flatten().flat_map(|n| [*n as u32, (*n >> 32) as u32]))
    }

    /// Words of a saved record.
    pub const WORDS: usize =
        2 * PlainRecord::WORDS + 3 + BUCKETS * USUALS + 2 * (24 + 7 + DELAYS + 2 * MEETS);

    /// Reads what [`RichRecord::words`] gave.
    pub fn from_words(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let mut record = Self {
            plain: PlainRecord::from_words(words)?,
            trusted: PlainRecord::from_words(words)?,
            first_s: words.next()?,
            head: words.next()?,
            era: words.next()?,
            ..Self::default()
        };
        let places = record.buckets.iter_mut().flatten().chain(record.hours.iter_mut().flatten());
        let places = places.chain(record.days.iter_mut().flatten()).chain(record.delays.iter_mut().flatten());
        for place in places {
            *place = words.next()?;
        }
        for meets in record.meets.iter_mut().flatten() {
            *meets = u64::from(words.next()?) | u64::from(words.next()?) << 32;
        }
        Some(record)
    }
}

//! How many newcomers a place would usually have, and what share of them would convert.
//!
//! The usual is learned from **converted** newcomers of the last week, divided by the rate at which
//! people there convert: attacks seldom convert, so they cannot raise what is expected of a place. The
//! last quarters of a day are left out, so that the present never explains itself; what was shut is
//! missing, not nought; and children borrow from their parents until they have a history.

use super::decay::{HORIZONS, TAU_S};
use super::rich::{BUCKET_S, BUCKETS, DELAYS, Local, RichRecord, Usual};
use libm::exp;

/// An installation is young for so long: then its newest buckets count too.
const YOUNG_S: u32 = 36 * 3_600;
/// A world of which nothing is known converts like this. Guess: between published 0.6 and 0.8.
pub const RATE: f64 = 0.68;
/// Outcomes that a parent's rate is worth, for all, countries and networks. Source: 3.6.
pub const RATE_OF: [f64; 3] = [20.0, 25.0, 15.0];

/// Until so many buckets ago a rate counts as what it was before: two days. Guess.
const REMEMBERED: u32 = 8;
/// So many outcomes teach what it was. Guess.
const TAUGHT: f64 = 30.0;
/// Since those are fewer, the parent's rate is worth so many outcomes more. Guess.
const FEWER: f64 = 10.0;

/// The hours and days of a place, mean 1.
#[derive(Debug, Clone, Copy)]
pub struct Season {
    hours: [f64; 24],
    days: [f64; 7],
    east_h: i8,
    /// The mean over each of a baseline's buckets, by their place in the week.
    buckets: [f64; BUCKETS],
}

/// The day of people anywhere: quiet from one to six, busiest in the evening. Guess, after the shapes
/// that the detection paper describes; it is worth as much as `PRIOR` people.
const DAY: [f64; 24] = [
    0.55, 0.35, 0.25, 0.20, 0.22, 0.32, 0.50, 0.75, 0.95, 1.08, 1.15, 1.20, 1.25, 1.25, 1.22, 1.22, 1.25,
    1.32, 1.42, 1.52, 1.55, 1.42, 1.15, 0.85,
];
const PRIOR: f64 = 300.0;

impl Season {
    /// Of a country, with the world's as a parent.
    pub fn of(all: Option<&RichRecord>, country: Option<&RichRecord>, east_h: i8) -> Self {
        let mut season = Self { hours: DAY, days: [1.0; 7], east_h, buckets: [1.0; BUCKETS] };
        for record in [all, country].into_iter().flatten() {
            let lives = record.lives();
            // Without a few days one hour of the day would be all that there is.
            if lives < 50.0 {
                continue;
            }
            let keep = PRIOR / (PRIOR + lives);
            for (hour, share) in (0u8..).zip(&mut season.hours) {
                *share = keep * *share + (1.0 - keep) * 24.0 * record.hour(hour) / lives;
            }
            let keep_days = 4.0 * PRIOR / (4.0 * PRIOR + lives);
            for (day, share) in (0u8..).zip(&mut season.days) {
                *share = keep_days * *share + (1.0 - keep_days) * 7.0 * record.day(day) / lives;
            }
        }
        let buckets = [(); BUCKETS].map({
            let mut from = 0;
            move |()| {
                from += BUCKET_S;
                season.over(from - BUCKET_S)
            }
        });
        Self { buckets, ..season }
    }

    /// The local time of a moment.
    pub fn local(&self, at_s: u32) -> Local {
        Local::at(at_s, self.east_h)
    }

    fn at(&self, at_s: u32) -> f64 {
        let local = self.local(at_s);
        let hour = self.hours.get(usize::from(local.hour)).copied().unwrap_or(1.0);
        let day = self.days.get(usize::from(local.day)).copied().unwrap_or(1.0);
        hour * day
    }

    /// The weight of a faded count of each horizon that ends at a moment, in seconds of the mean rate.
    pub fn faded(&self, at_s: u32) -> [f64; HORIZONS] {
        let [short, middle, long] = TAU_S.map(f64::from);
        let mut sums = [short * self.at(at_s), 0.0, 0.0];
        let mut steps = [(middle, 1_800u32, 16), (long, 3 * 3_600, 34)].into_iter();
        for sum in sums.iter_mut().skip(1) {
            let Some((tau, step_s, count)) = steps.next() else { break };
            let fade = exp(-f64::from(step_s) / tau);
            let (mut weight, mut of) = (1.0, 0.0);
            for n in 0..count {
                let middle_s = at_s.saturating_sub(n * step_s + step_s / 2);
                *sum += weight * self.at(middle_s);
                of += weight;
                weight *= fade;
            }
            *sum *= tau / of;
        }
        sums
    }

    /// The mean over a baseline's bucket.
    fn bucket(&self, bucket: u32) -> f64 {
        self.buckets.get(bucket as usize % BUCKETS).copied().unwrap_or(1.0)
    }

    /// The mean over a quarter of a day.
    fn over(&self, from: u32) -> f64 {
        (0..6).map(|hour| self.at(from.saturating_add(hour * 3_600 + 1_800))).sum::<f64>() / 6.0
    }
}

/// When a bucket begins. The last one ends with the clock, in 2106: a stream may hold any time.
fn begin(bucket: u32) -> u32 {
    bucket.saturating_mul(BUCKET_S)
}

/// What is usual in a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usually {
    /// Newcomers a second, at the mean hour.
    pub newcomers: f64,
    /// Share that converts.
    pub rate: f64,
    /// Outcomes that it was learned from.
    pub rate_of: f64,
    /// Trusted people a second, at the mean hour.
    pub trusted: f64,
    /// How long it was open lately, in seconds of the mean hour.
    pub open_s: f64,
}

/// What a record teaches, given its parent's.
pub fn usually(
    record: &RichRecord,
    season: &Season,
    parent: &Usually,
    share: f64,
    rate_of: f64,
    now_s: u32,
    since_s: u32,
) -> Usually {
    let young = now_s.saturating_sub(since_s) < YOUNG_S;
    let last = if young { now_s / BUCKET_S } else { (now_s / BUCKET_S).saturating_sub(2) };
    let (mut matured, mut converted, mut trusted, mut open_s) = (0.0, 0.0, 0.0, 0.0);
    let (mut old_matured, mut old_converted) = (0.0, 0.0);
    let before = (now_s / BUCKET_S).saturating_sub(REMEMBERED);
    for (bucket, counts) in record.buckets(now_s) {
        let (from, to) = (begin(bucket).max(since_s), begin(bucket.saturating_add(1)).min(now_s));
        if bucket > last || to <= from {
            continue;
        }
        let of = |what: Usual| f64::from(counts.get(what as usize).copied().unwrap_or(0)) / 64.0;
        let shut = of(Usual::Stopped) / of(Usual::Asked).max(1.0);
        matured += of(Usual::Matured);
        converted += of(Usual::Converted);
        if bucket <= before {
            old_matured += of(Usual::Matured);
            old_converted += of(Usual::Converted);
        }
        trusted += of(Usual::Trusted);
        open_s += f64::from(to - from) * (1.0 - shut).max(0.0) * season.bucket(bucket);
    }
    let matured = matured.max(converted);
    let rate = ((converted + rate_of * parent.rate) / (matured + rate_of)).clamp(0.005, 0.995);
    let prior = share * parent.newcomers;
    // An attack that lasts for days must not become what is usual: what people did before it holds for longer.
    let rate = if old_matured < TAUGHT {
        rate
    } else {
        let kept = rate_of + FEWER;
        rate.max((old_converted + kept * parent.rate) / (old_matured.max(old_converted) + kept)).min(0.995)
    };
    Usually {
        newcomers: learned(converted / rate, open_s, prior),
        rate,
        rate_of: matured,
        trusted: learned(trusted, open_s, share * parent.trusted),
        open_s,
    }
}

/// So many a second, from what was counted in an open time and what the parent lets one expect. The
/// parent's word is worth one newcomer: places with a history speak for themselves.
fn learned(counted: f64, open_s: f64, prior: f64) -> f64 {
    if prior > 0.0 { (counted + 1.0) / (open_s + 1.0 / prior) } else { counted / open_s.max(3_600.0) }
}

/// What is usual where nothing is known at all.
pub fn nowhere() -> Usually {
    Usually { newcomers: 0.0, rate: RATE, rate_of: 0.0, trusted: 0.0, open_s: 0.0 }
}

/// The share of codes that have come back by each step. Source of the world's: people need ten to
/// ninety seconds; guess.
pub fn maturity(all: Option<&RichRecord>, country: Option<&RichRecord>) -> [f64; DELAYS] {
    let mut shares = [0.25, 0.50, 0.19, 0.04, 0.02];
    for record in [all, country].into_iter().flatten() {
        let delays = record.delays();
        let of: f64 = delays.iter().sum();
        for (share, count) in shares.iter_mut().zip(delays) {
            *share = (200.0 * *share + count) / (200.0 + of);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten days of 40 messages a bucket, of which so many convert before the last two days and in them.
    fn lived(before: u32, since: u32, now_s: u32) -> RichRecord {
        let mut record = RichRecord::NONE;
        for bucket in now_s / BUCKET_S - 40..now_s / BUCKET_S {
            let converted = if bucket + 9 < now_s / BUCKET_S { before } else { since };
            for (what, count) in [(Usual::Asked, 40), (Usual::Matured, 40), (Usual::Converted, converted)] {
                record.usual(what, begin(bucket), 64 * count);
            }
        }
        record
    }

    #[test]
    fn an_attack_of_two_days_does_not_become_what_is_usual_and_getting_better_does() {
        let now_s = 1_790_000_000;
        let season = Season::of(None, None, 0);
        let parent = Usually { rate: 0.6, ..nowhere() };
        let rate = |before, since| {
            let record = lived(before, since, now_s);
            usually(&record, &season, &parent, 0.1, 15.0, now_s, now_s - 30 * 86_400).rate
        };
        assert!((rate(24, 24) - 0.6).abs() < 0.01);
        // A quarter of the week is the attack's; without memory it would pull the rate to 0.5.
        assert!(rate(24, 8) > 0.54, "{}", rate(24, 8));
        assert!(rate(24, 36) > 0.65, "{}", rate(24, 36));
    }
}

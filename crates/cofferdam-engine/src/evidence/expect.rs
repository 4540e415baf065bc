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
    /// Of a country, with the world's as a parent, as it stands at a moment.
    pub fn of(all: Option<&RichRecord>, country: Option<&RichRecord>, east_h: i8, now_s: u32) -> Self {
        let mut season = Self { hours: DAY, days: [1.0; 7], east_h, buckets: [1.0; BUCKETS] };
        for record in [all, country].into_iter().flatten() {
            let lives = record.lives();
            // Without a few days one hour of the day would be all that there is.
            if lives < 50.0 {
                continue;
            }
            let from_s = record.lived_from(now_s);
            let lived = hours_lived(from_s, now_s, &season);
            for ((hour, share), lived) in (0u8..).zip(&mut season.hours).zip(lived) {
                let (prior, usual) = (PRIOR / 24.0, lives * lived);
                *share = (prior * *share + record.hour(hour)) / (prior + usual);
            }
            // A day of the week that was not lived through yet is like the others.
            let lived = days_lived(from_s, now_s, &season);
            for ((day, share), lived) in (0u8..).zip(&mut season.days).zip(lived) {
                let (prior, usual) = (4.0 * PRIOR / 7.0, lives * lived);
                *share = (prior * *share + record.day(day)) / (prior + usual);
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
        self.at_local(self.local(at_s))
    }

    fn at_local(&self, local: Local) -> f64 {
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
        let mut local = self.local(from);
        let hours = [(); 6].map(|()| {
            let weight = self.at_local(local);
            local = local.next();
            weight
        });
        hours.iter().sum::<f64>() / 6.0
    }
}

const HOUR_S: u32 = 3_600;
const WEEK_S: u32 = 168 * HOUR_S;

/// How much of the time since a record began fell into each hour of the day.
fn hours_lived(from_s: u32, to_s: u32, season: &Season) -> [f64; 24] {
    // Whole weeks have each hour as often.
    let weeks = to_s.saturating_sub(from_s) / WEEK_S;
    let mut hours = [f64::from(7 * weeks); 24];
    each_hour(from_s.saturating_add(weeks * WEEK_S), to_s, season, |local, long| {
        if let Some(hour) = hours.get_mut(usize::from(local.hour)) {
            *hour += long;
        }
    });
    shares(&mut hours);
    hours
}

/// The same for each day of the week, where as many people ask at an hour as the season says.
fn days_lived(from_s: u32, to_s: u32, season: &Season) -> [f64; 7] {
    let weeks = to_s.saturating_sub(from_s) / WEEK_S;
    let mut days = [0.0; 7];
    let mut add = |local: Local, long: f64| {
        let share = season.hours.get(usize::from(local.hour)).copied().unwrap_or(1.0);
        if let Some(day) = days.get_mut(usize::from(local.day)) {
            *day += long * share;
        }
    };
    if weeks > 0 {
        each_hour(0, WEEK_S, season, |local, _| add(local, f64::from(weeks)));
    }
    each_hour(from_s.saturating_add(weeks * WEEK_S), to_s, season, add);
    shares(&mut days);
    days
}

/// Calls `each` with the local time of every hour, or part of one, and its length in hours.
fn each_hour(from_s: u32, to_s: u32, season: &Season, mut each: impl FnMut(Local, f64)) {
    let (mut at_s, mut local) = (from_s, season.local(from_s));
    while at_s < to_s {
        let next_s = (at_s / HOUR_S + 1).saturating_mul(HOUR_S).min(to_s);
        each(local, f64::from(next_s - at_s) / f64::from(HOUR_S));
        (at_s, local) = (next_s, local.next());
    }
}

/// Parts of their sum; nothing where that is nothing.
fn shares(values: &mut [f64]) {
    let sum: f64 = values.iter().sum();
    for value in values {
        *value /= sum.max(f64::MIN_POSITIVE);
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
    /// How firmly it holds from one quarter of a day to the next, in outcomes.
    pub firm: f64,
    /// Of the codes that would usually have come back of late, the share that did. Attempts that were taken for
    /// attack when they were sent hardly count: few of an attack's codes come back, and that is no fault of the pipe.
    pub lately: f64,
    /// The share of its parent's newcomers that it was taken to have before it had any.
    pub share: f64,
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
    let mut wander = Wander::default();
    let mut lately = (0.0, 0.0);
    let before = (now_s / BUCKET_S).saturating_sub(REMEMBERED);
    for (bucket, counts) in record.buckets(now_s) {
        let (from, to) = (begin(bucket).max(since_s), begin(bucket.saturating_add(1)).min(now_s));
        let of = |what: Usual| f64::from(counts.get(what as usize).copied().unwrap_or(0)) / 64.0;
        lately = (LATELY * lately.0 + of(Usual::Converted), LATELY * lately.1 + of(Usual::Matured));
        if bucket > last || to <= from {
            continue;
        }
        let shut = of(Usual::Stopped) / of(Usual::Asked).max(1.0);
        matured += of(Usual::Matured);
        converted += of(Usual::Converted);
        wander.add(of(Usual::Converted), of(Usual::Matured));
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
        firm: wander.firm(),
        lately: ((lately.0 + 5.0 * rate) / ((lately.1 + 5.0) * rate)).min(1.0),
        share,
        trusted: learned(trusted, open_s, share * parent.trusted),
        open_s,
    }
}

/// What is left of a quarter of a day's outcomes at the end of the next: they fade as the longest horizon does.
/// e^(-1/6)
const LATELY: f64 = 0.846_481_724_890_614;

/// How far a place's rate wanders from one quarter of a day to the next, beyond what chance does: the
/// beta-binomial's moments, over a week. Where it never wandered, a shortfall is no mood of the place.
#[derive(Default)]
struct Wander {
    v: f64,
    m: f64,
    vv: f64,
    vm: f64,
    mm: f64,
}

impl Wander {
    fn add(&mut self, converted: f64, matured: f64) {
        let m = matured.max(converted);
        self.v += converted;
        self.m += m;
        self.vv += converted * converted;
        self.vm += converted * m;
        self.mm += m * m;
    }

    fn firm(&self) -> f64 {
        let p = ((self.v + 1.0) / (self.m + 2.0)).clamp(0.02, 0.98);
        let squares = self.vv - 2.0 * p * self.vm + p * p * self.mm;
        let usual = 1.0 / (FIRM + 1.0);
        // Chance alone makes the squares so large, and what wanders larger.
        let beyond = squares / (p * (1.0 - p)) - self.m;
        let share = (beyond + WANDER_OF * usual) / ((self.mm - self.m).max(0.0) + WANDER_OF);
        1.0 / share.clamp(1.0 / (FIRM_MOST + 1.0), 1.0 / (FIRM_LEAST + 1.0)) - 1.0
    }
}

/// A rate is held so firmly where nothing is known of how it wanders. Guess.
pub const FIRM: f64 = 30.0;
/// Nor less firmly, nor more. Guesses: nobody's week shows all that may happen.
const FIRM_LEAST: f64 = 12.0;
const FIRM_MOST: f64 = 150.0;
/// Squares of counts that teach as much as is believed beforehand: where the share of chance beyond
/// chance is believed to be right to within itself. Source: twice its inverse square.
const WANDER_OF: f64 = 1_900.0;

/// So many a second, from what was counted in an open time and what the parent lets one expect. The
/// parent's word is worth one newcomer: places with a history speak for themselves.
fn learned(counted: f64, open_s: f64, prior: f64) -> f64 {
    if prior > 0.0 { (counted + 1.0) / (open_s + 1.0 / prior) } else { counted / open_s.max(3_600.0) }
}

/// What is usual where nothing is known at all.
pub fn nowhere() -> Usually {
    Usually {
        newcomers: 0.0,
        rate: RATE,
        rate_of: 0.0,
        firm: FIRM,
        lately: 1.0,
        share: 1.0,
        trusted: 0.0,
        open_s: 0.0,
    }
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
        let season = Season::of(None, None, 0, 0);
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

    /// Forty people an hour, at every hour of so many days.
    fn even(days: u32, from_s: u32) -> RichRecord {
        let mut record = RichRecord { first_s: from_s, ..RichRecord::NONE };
        for hour in 0..24 * days {
            let at_s = from_s + hour * HOUR_S;
            record.live(at_s, Local::at(at_s, 0), 64 * 40);
        }
        record
    }

    #[test]
    fn a_day_of_the_week_that_nobody_lived_through_is_like_the_others() {
        let from_s = 1_790_000_000;
        let after = |days: u32| {
            let now_s = from_s + days * 24 * HOUR_S;
            let record = even(days, from_s);
            (Season::of(Some(&record), None, 0, now_s), now_s)
        };
        let (week, now_s) = after(4);
        for hour in 0..24 {
            // On the days that were seen and on the fifth to come as many as ever: 1, but for the common day.
            let (seen, to_come) =
                (week.at(now_s - 48 * HOUR_S + hour * HOUR_S), week.at(now_s + hour * HOUR_S));
            assert!((seen - to_come).abs() < 0.1 && (0.9..1.1).contains(&seen), "{hour}: {seen} {to_come}");
        }
        // A day and a half: the hours that came twice are not busier for it.
        let (young, now_s) = after(1);
        assert!((young.at(now_s + 6 * HOUR_S) - young.at(now_s + 18 * HOUR_S)).abs() < 0.3);
    }

    #[test]
    fn a_weekend_that_was_seen_is_remembered() {
        // A fortnight in which nobody asks on Sundays.
        let from_s = 1_790_000_000;
        let mut record = RichRecord { first_s: from_s, ..RichRecord::NONE };
        for hour in 0..14 * 24 {
            let at_s = from_s + hour * HOUR_S;
            let local = Local::at(at_s, 0);
            if local.day != 6 {
                record.live(at_s, local, 64 * 40);
            }
        }
        let season = Season::of(Some(&record), None, 0, from_s + 14 * 24 * HOUR_S);
        let [monday, .., sunday] = season.days;
        assert!(sunday < 0.2 && monday > 1.1, "{:?}", season.days);
    }

    #[test]
    fn a_rate_that_never_wandered_is_held_more_firmly_than_one_that_did() {
        let firm = |each: [f64; 2], of: f64| {
            let mut wander = Wander::default();
            for bucket in 0..24 {
                wander.add(each[bucket % 2] * of, of);
            }
            wander.firm()
        };
        assert!(firm([0.7, 0.7], 100.0) > 100.0, "{}", firm([0.7, 0.7], 100.0));
        assert!(firm([0.9, 0.5], 100.0) < 20.0, "{}", firm([0.9, 0.5], 100.0));
        // Three messages a quarter of a day do not tell either way.
        assert!((25.0..45.0).contains(&firm([0.95, 0.45], 3.0)), "{}", firm([0.95, 0.45], 3.0));
        assert!((firm([0.0, 0.0], 0.0) - FIRM).abs() < 1e-9);
    }

    #[test]
    fn codes_that_come_back_no_more_are_missed() {
        let now_s = 1_790_000_000;
        let season = Season::of(None, None, 0, 0);
        let lately = |record: &RichRecord| {
            usually(record, &season, &nowhere(), 0.0, 20.0, now_s, now_s - 30 * 86_400).lately
        };
        let mut record = lived(28, 28, now_s);
        assert!(lately(&record) > 0.97, "{}", lately(&record));
        // The last twelve hours: forty messages each quarter of a day, and no code.
        record.buckets = lived(28, 28, now_s - 2 * BUCKET_S).buckets;
        for bucket in now_s / BUCKET_S - 2..now_s / BUCKET_S {
            record.usual(Usual::Matured, begin(bucket), 64 * 40);
        }
        assert!((0.5..0.85).contains(&lately(&record)), "{}", lately(&record));
    }
}

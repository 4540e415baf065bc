//! Authgear's protection against pumping, after its public specification: five warnings, and any of them denies.
//!
//! More than three countries asked for from an address in a day, those verified from it left out; and unverified codes
//! by country and by address, a day and an hour, in leaky buckets that a verified code drains by all that was asked for
//! its number. What each may hold grows with what was verified. A number that was verified is never denied. As in its
//! code, what was denied still counts, and a bucket never holds more than one above its brim.

use super::sent::Sent;
use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use cofferdam_atlas::Country;
use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Countries asked for from one address in a day.
const COUNTRIES_MAX: usize = 3;
/// What the buckets hold at least.
const COUNTRY_DAY: f64 = 20.0;
const COUNTRY_HOUR: f64 = 3.0;
const ADDRESS_DAY: f64 = 10.0;
const ADDRESS_HOUR: f64 = 5.0;
/// The share of what was verified that may be unverified, by day and by hour.
const RATIO_DAY: f64 = 0.3;
const RATIO_HOUR: f64 = 0.2;
/// What an hour is of a day, as the specification reckons.
const HOURS: f64 = 6.0;
const DAYS: usize = 14;
/// How many addresses and verified numbers are remembered at most.
const ADDRESSES_MAX: usize = 50_000;
const NUMBERS_MAX: usize = 500_000;

/// Unverified codes by country and address.
#[derive(Debug, Clone, Default)]
pub struct Authgear {
    countries: BTreeMap<Country, Place>,
    addresses: BTreeMap<String, Address>,
    verified: BTreeSet<u64>,
    verified_order: VecDeque<u64>,
    sent: Sent<(String, Message)>,
    /// Codes asked for a number and not verified yet.
    asked: Sent<u32>,
}

/// What an outcome belongs to.
#[derive(Debug, Clone)]
struct Message {
    number: u64,
    country: Option<Country>,
    address: Option<String>,
}

/// A leaky bucket: what is in it, and since when.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    level: f64,
    at_ms: i64,
}

/// Counts of clock spans, by the number of the span.
#[derive(Debug, Clone, Default)]
struct Spans<const N: usize> {
    held: VecDeque<(i64, f64)>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    day: Bucket,
    hour: Bucket,
    by_hour: Spans<24>,
    by_day: Spans<DAYS>,
}

#[derive(Debug, Clone, Default)]
struct Address {
    day: Bucket,
    hour: Bucket,
    by_hour: Spans<24>,
    asked: BTreeMap<Country, i64>,
    verified: BTreeMap<Country, i64>,
    last_ms: i64,
}

impl Bucket {
    /// Lets out what has leaked, pours, and says whether it is over the brim.
    fn pour(&mut self, more: f64, (holds, span_ms): (f64, i64), at_ms: i64) -> bool {
        let gone = (at_ms - self.at_ms).max(0) as f64 / span_ms as f64 * holds;
        *self = Self { level: (self.level.min(holds) - gone + more).max(0.0), at_ms };
        self.level > holds
    }
}

impl<const N: usize> Spans<N> {
    fn add(&mut self, span: i64) {
        match self.held.back_mut() {
            Some((last, count)) if *last >= span => *count += 1.0,
            _ => self.held.push_back((span, 1.0)),
        }
        while self.held.front().is_some_and(|(first, _)| *first <= span - N as i64) {
            self.held.pop_front();
        }
    }

    fn of_last(&self, spans: i64, now: i64) -> impl Iterator<Item = f64> {
        self.held.iter().filter(move |(span, _)| *span > now - spans).map(|(_, count)| *count)
    }
}

impl Place {
    /// Pours into both buckets; which is over its brim.
    fn pour(&mut self, more: f64, at_ms: i64) -> Option<&'static str> {
        let hour = at_ms.div_euclid(HOUR_MS);
        let most = self.by_day.of_last(DAYS as i64, at_ms.div_euclid(DAY_MS)).fold(0.0, f64::max);
        let in_day: f64 = self.by_hour.of_last(24, hour).sum();
        let in_hour: f64 = self.by_hour.of_last(1, hour).sum();
        let holds_day = COUNTRY_DAY.max(RATIO_DAY * most).max(RATIO_DAY * in_day);
        let holds_hour = COUNTRY_HOUR.max(RATIO_HOUR * most / HOURS).max(RATIO_HOUR * in_hour);
        let day = self.day.pour(more, (holds_day, DAY_MS), at_ms);
        let hour = self.hour.pour(more, (holds_hour, HOUR_MS), at_ms);
        if day { Some("country.unverified_day") } else { hour.then_some("country.unverified_hour") }
    }
}

impl Address {
    /// Pours into both buckets; which is over its brim.
    fn pour(&mut self, more: f64, at_ms: i64) -> Option<&'static str> {
        self.last_ms = at_ms;
        let in_day: f64 = self.by_hour.of_last(24, at_ms.div_euclid(HOUR_MS)).sum();
        let holds_hour = ADDRESS_HOUR.max(RATIO_HOUR * in_day / HOURS);
        let day = self.day.pour(more, (ADDRESS_DAY.max(RATIO_DAY * in_day), DAY_MS), at_ms);
        let hour = self.hour.pour(more, (holds_hour, HOUR_MS), at_ms);
        if day { Some("ip.unverified_day") } else { hour.then_some("ip.unverified_hour") }
    }

    /// Whether it has asked for too many countries.
    fn roams(&mut self, country: Option<Country>, at_ms: i64) -> bool {
        if let Some(country) = country {
            self.asked.insert(country, at_ms);
        }
        self.asked.retain(|_, seen_ms| *seen_ms > at_ms - DAY_MS);
        self.verified.retain(|_, seen_ms| *seen_ms > at_ms - DAY_MS);
        self.asked.keys().filter(|country| !self.verified.contains_key(country)).count() > COUNTRIES_MAX
    }
}

impl Authgear {
    /// With nothing counted.
    pub fn new() -> Self {
        Self::default()
    }

    fn forget(&mut self) {
        if self.addresses.len() > ADDRESSES_MAX {
            let mut all: Vec<i64> = self.addresses.values().map(|address| address.last_ms).collect();
            all.sort_unstable();
            let middle = all.get(all.len() / 2).copied().unwrap_or(i64::MIN);
            self.addresses.retain(|_, address| address.last_ms > middle);
        }
    }

    /// Counts, and says which warning there is.
    fn pour(&mut self, message: &Message, more: f64, at_ms: i64) -> Option<&'static str> {
        let country =
            message.country.and_then(|country| self.countries.entry(country).or_default().pour(more, at_ms));
        let address = message.address.as_ref().and_then(|address| {
            let address = self.addresses.entry(address.clone()).or_default();
            let full = address.pour(more, at_ms);
            let roams = more > 0.0 && address.roams(message.country, at_ms);
            if roams { Some("ip.countries") } else { full }
        });
        address.or(country)
    }
}

impl Judge for Authgear {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        let Some(to) = place::of(&attempt.phone) else { return because(Decision::Block, place::INVALID) };
        self.forget();
        let number = to.number.digits();
        let message = Message { number, country: to.country, address: attempt.ip.clone() };
        if let Some(reason) = self.pour(&message, 1.0, at_ms)
            && !self.verified.contains(&number)
        {
            return because(Decision::Block, reason);
        }
        let asked = self.asked.take(&attempt.phone).unwrap_or(0) + 1;
        self.asked.keep(&attempt.phone, at_ms, asked);
        self.sent.keep(&attempt.id, at_ms, (attempt.phone.clone(), message));
        allow()
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        if became != Became::Check(CheckResult::Ok) {
            return;
        }
        let Some((phone, message)) = self.sent.take(attempt_id) else { return };
        let asked = self.asked.take(&phone).unwrap_or(0);
        self.pour(&message, -f64::from(asked), at_ms);
        let (hour, day) = (at_ms.div_euclid(HOUR_MS), at_ms.div_euclid(DAY_MS));
        if let Some(place) = message.country.and_then(|country| self.countries.get_mut(&country)) {
            place.by_hour.add(hour);
            place.by_day.add(day);
        }
        if let Some(address) = message.address.as_ref().and_then(|address| self.addresses.get_mut(address)) {
            address.by_hour.add(hour);
            address.verified.extend(message.country.map(|country| (country, at_ms)));
        }
        if self.verified.insert(message.number) {
            self.verified_order.push_back(message.number);
        }
        if self.verified_order.len() > NUMBERS_MAX
            && let Some(oldest) = self.verified_order.pop_front()
        {
            self.verified.remove(&oldest);
        }
    }
}

//! Telnyx' guide to rate limiting and fraud prevention, layer after layer as it draws them: limits by address, number
//! and user; risky countries with a closer look; sequences; conversion; a circuit breaker.
//!
//! Its figures: 10 an hour for an address, 3 in ten minutes for a number, 5 an hour for a user, eleven calling
//! codes, five numbers each at most 3 apart, conversion under 20 % of at least 10 by clock hours, 500 messages an hour. What it leaves open is
//! chosen in its favour: its closer look is a challenge; conversion is watched by country every five minutes, and a
//! country that falls is off the list for an hour, then challenged for another ("remove affected countries", "add
//! CAPTCHA", "gradually"). The breaker is for small sites and comes apart; a person resets it after an hour.

use super::sent::Sent;
use super::windows::Windows;
use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use alloc::collections::{BTreeMap, VecDeque};
use cofferdam_atlas::Country;
use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;

const HOUR_MS: i64 = 3_600_000;
/// The calling codes that the guide names as frequent targets.
const RISKY: [u16; 11] = [232, 225, 233, 234, 260, 256, 880, 855, 856, 960, 592];
const SENT_LEAST: u32 = 10;
const CONVERSION_LOW: f64 = 0.2;
const WATCH_MS: i64 = 300_000;
const SEQUENCE: usize = 5;
const SEQUENCE_GAP: u64 = 3;
/// Which numbers are recent: the guide does not say.
const RECENT_MS: i64 = HOUR_MS;
const RECENT_MAX: usize = 1000;
const BREAKER_PER_HOUR: u32 = 500;

/// Limits, lists, sequences and conversion.
#[derive(Debug, Clone)]
pub struct Telnyx {
    address: Windows,
    number: Windows,
    user: Windows,
    recent: Recent,
    countries: BTreeMap<Country, Watched>,
    watched_ms: i64,
    sent: Sent<Option<Country>>,
    breaker: Option<Breaker>,
}

/// Sent and verified in a clock hour, and until when a country is off the list and challenged.
#[derive(Debug, Clone, Default)]
struct Watched {
    hour: i64,
    sent: u32,
    verified: u32,
    off_until_ms: i64,
}

#[derive(Debug, Clone, Default)]
struct Breaker {
    hour: i64,
    sent: u32,
    tripped_until_ms: i64,
}

#[derive(Debug, Clone, Default)]
struct Recent {
    order: VecDeque<(i64, u64)>,
    held: BTreeMap<u64, usize>,
}

impl Telnyx {
    /// All but the breaker.
    pub fn guide() -> Self {
        Self {
            address: Windows::new(10, HOUR_MS),
            number: Windows::new(3, 600_000),
            user: Windows::new(5, HOUR_MS),
            recent: Recent::default(),
            countries: BTreeMap::new(),
            watched_ms: i64::MIN,
            sent: Sent::new(),
            breaker: None,
        }
    }

    /// With the breaker of the guide's example.
    #[must_use]
    pub fn with_breaker(mut self) -> Self {
        self.breaker = Some(Breaker::default());
        self
    }

    /// Looks at the conversion of all countries, if it is time.
    fn watch(&mut self, at_ms: i64) {
        let now = at_ms.div_euclid(WATCH_MS);
        if now == self.watched_ms {
            return;
        }
        self.watched_ms = now;
        let hour = at_ms.div_euclid(HOUR_MS);
        for watched in self.countries.values_mut() {
            if watched.hour == hour && watched.sent >= SENT_LEAST {
                let rate = f64::from(watched.verified) / f64::from(watched.sent);
                if rate < CONVERSION_LOW && at_ms >= watched.off_until_ms {
                    watched.off_until_ms = at_ms + HOUR_MS;
                }
            }
        }
    }

    fn count(&mut self, country: Option<Country>, at_ms: i64, (sent, verified): (u32, u32)) {
        if let Some(country) = country {
            self.countries.entry(country).or_default().count(at_ms, sent, verified);
        }
    }

    fn limited(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Option<&'static str> {
        let asked = [
            (attempt.ip.as_deref(), &mut self.address, "ip.limit"),
            (Some(attempt.phone.as_str()), &mut self.number, "number.limit"),
            (attempt.user_id.as_deref(), &mut self.user, "user.limit"),
        ];
        for (key, windows, reason) in asked {
            if key.is_some_and(|key| !windows.take(key, at_ms)) {
                return Some(reason);
            }
        }
        None
    }
}

impl Watched {
    fn count(&mut self, at_ms: i64, sent: u32, verified: u32) {
        let hour = at_ms.div_euclid(HOUR_MS);
        if self.hour != hour {
            (self.hour, self.sent, self.verified) = (hour, 0, 0);
        }
        self.sent += sent;
        self.verified += verified;
    }
}

impl Breaker {
    fn lets(&mut self, at_ms: i64) -> bool {
        if at_ms < self.tripped_until_ms {
            return false;
        }
        let hour = at_ms.div_euclid(HOUR_MS);
        if self.hour != hour {
            (self.hour, self.sent) = (hour, 0);
        }
        if self.sent >= BREAKER_PER_HOUR {
            self.tripped_until_ms = at_ms + HOUR_MS;
            return false;
        }
        self.sent += 1;
        true
    }
}

impl Recent {
    /// Adds a number, and says whether it stands in a sequence. Repeats count, as in the guide's code.
    fn sequence(&mut self, digits: u64, at_ms: i64) -> bool {
        while self
            .order
            .front()
            .is_some_and(|(seen_ms, _)| *seen_ms <= at_ms - RECENT_MS || self.order.len() >= RECENT_MAX)
        {
            let Some((_, old)) = self.order.pop_front() else { break };
            if let Some(count) = self.held.get_mut(&old) {
                *count -= 1;
                if *count == 0 {
                    self.held.remove(&old);
                }
            }
        }
        self.order.push_back((at_ms, digits));
        *self.held.entry(digits).or_default() += 1;
        let mut long = 0;
        let mut last = digits;
        for (held, count) in self.held.range(..=digits).rev() {
            if last - held > SEQUENCE_GAP || long >= SEQUENCE {
                break;
            }
            (last, long) = (*held, long + count);
        }
        last = digits;
        for (held, count) in self.held.range(digits + 1..) {
            if held - last > SEQUENCE_GAP || long >= SEQUENCE {
                break;
            }
            (last, long) = (*held, long + count);
        }
        long >= SEQUENCE
    }
}

impl Judge for Telnyx {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        self.watch(at_ms);
        let Some(to) = place::of(&attempt.phone) else { return because(Decision::Block, place::INVALID) };
        if let Some(reason) = self.limited(attempt, at_ms) {
            return because(Decision::Block, reason);
        }
        let off_until_ms = to
            .country
            .and_then(|country| self.countries.get(&country))
            .map_or(0, |watched| watched.off_until_ms);
        if at_ms < off_until_ms {
            return because(Decision::Block, "country.conversion");
        }
        if self.recent.sequence(to.number.digits(), at_ms) {
            return because(Decision::Block, "number.sequence");
        }
        if self.breaker.as_mut().is_some_and(|breaker| !breaker.lets(at_ms)) {
            return because(Decision::Block, "all.breaker");
        }
        self.sent.keep(&attempt.id, at_ms, to.country);
        if RISKY.contains(&to.calling_code()) {
            return because(Decision::Challenge, "country.risk");
        }
        if off_until_ms > 0 && at_ms < off_until_ms + HOUR_MS {
            return because(Decision::Challenge, "country.conversion");
        }
        self.count(to.country, at_ms, (1, 0));
        allow()
    }

    fn learn(&mut self, attempt_id: &str, became: Became, at_ms: i64) {
        match became {
            // Only now it is sent.
            Became::Challenge { passed: true } => {
                let country = self.sent.get(attempt_id).copied().flatten();
                self.count(country, at_ms, (1, 0));
            }
            Became::Check(CheckResult::Ok) => {
                let country = self.sent.take(attempt_id).flatten();
                self.count(country, at_ms, (0, 1));
            }
            _ => {}
        }
    }
}

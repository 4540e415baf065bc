//! Values that occur everywhere: times, money, closed words.

use cofferdam_atlas::Prefix;
use cofferdam_engine::policy::{Level, Mode};
use cofferdam_engine::{Channel, Decision};
use serde::{Serialize, Serializer};
use std::fmt;
use utoipa::ToSchema;

/// The currency of the price tables.
const CURRENCY: &str = "USD";
const DAY_MS: i64 = 86_400_000;

/// A time: RFC 3339 in UTC, with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub i64);

impl Time {
    /// By the proleptic Gregorian calendar (days to civil date, after Hinnant's well-known algorithm).
    fn text(self) -> [u8; 24] {
        // Years 0 to 9999, which RFC 3339 can write.
        let ms = self.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
        let (days, of_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, of_day / 3_600_000),
            (14, 2, of_day / 60_000 % 60),
            (17, 2, of_day / 1_000 % 60),
            (20, 3, of_day % 1_000),
        ];
        for (from, digits, value) in parts {
            let mut rest = value;
            for slot in text.iter_mut().skip(from).take(digits).rev() {
                *slot = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Money, exact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Money<'a> {
    /// A decimal of at most six places.
    #[schema(value_type = String, example = "0.0742")]
    pub amount: Micros,
    /// ISO 4217.
    #[schema(value_type = String, example = "USD")]
    pub currency: &'a str,
}

/// Millionths as a decimal, without needless zeros.
#[derive(Debug, Clone, Copy)]
pub struct Micros(pub i64);

impl Micros {
    /// Written from behind into `to`: digit by digit, which is all that an assessment's money needs.
    fn text(self, to: &mut [u8; 24]) -> &str {
        let mut at = to.len();
        let mut put = |byte: u8| {
            at = at.saturating_sub(1);
            if let Some(slot) = to.get_mut(at) {
                *slot = byte;
            }
        };
        let (mut whole, mut part) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let mut shown = false;
        for _ in 0..6 {
            let digit = (part % 10) as u8;
            part /= 10;
            shown |= digit != 0;
            if shown {
                put(b'0' + digit);
            }
        }
        if shown {
            put(b'.');
        }
        loop {
            put(b'0' + (whole % 10) as u8);
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        if self.0 < 0 {
            put(b'-');
        }
        to.get(at..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; 24]))
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; 24]))
    }
}

impl Money<'static> {
    /// In the currency of the price tables.
    pub fn of(micros: i64) -> Self {
        Self { amount: Micros(micros), currency: CURRENCY }
    }
}

/// A text that is written where it goes, without one of its own in between.
#[derive(Debug, Clone)]
pub struct Shown<T>(pub T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A run of numbers as people are shown it: `+23276…`.
#[derive(Debug, Clone, Copy)]
pub struct Cut(pub Prefix);

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.0)
    }
}

/// A probability, to six places.
pub fn rounded(score: f64) -> f64 {
    (score * 1e6).round() / 1e6
}

/// A channel as written.
pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "sms",
        Channel::Voice => "voice",
        Channel::Whatsapp => "whatsapp",
        Channel::Email => "email",
    }
}

/// A decision as written.
pub fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Challenge => "challenge",
        Decision::Block => "block",
    }
}

/// A level as written.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Basic => "basic",
        Level::Standard => "standard",
        Level::Max => "max",
    }
}

/// A mode as written.
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Shadow => "shadow",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_a_second_library_writes_them() {
        let mut ms = -62_167_219_200_000_i64;
        while ms < 253_402_300_799_999 {
            let other = jiff::Timestamp::from_millisecond(ms).unwrap();
            assert_eq!(Time(ms).to_string(), format!("{other:.3}"), "{ms}");
            ms += 86_400_000 * 37 + 12_345_678_901;
        }
        assert_eq!(Time(951_782_400_000).to_string(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Time(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn money_is_written_exactly() {
        for (micros, text) in [
            (74_200, "0.0742"),
            (1_000_000, "1"),
            (0, "0"),
            (-500_000, "-0.5"),
            (1, "0.000001"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(Micros(micros).to_string(), text);
        }
    }
}

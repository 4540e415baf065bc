//! Times as people and exports write them, to Unix milliseconds. No time zone but an offset is known.
//!
//! Lines of a stream hold RFC 3339 (`rfc3339`); exports of providers are laxer (`lax`).

/// Seconds of the first and the last second that a calendar of four digits knows.
const SPAN_S: core::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Whether a time in milliseconds is within the calendar.
pub(crate) fn plausible(at_ms: i64) -> bool {
    SPAN_S.contains(&at_ms.div_euclid(1000))
}

/// `2025-03-10T00:00:25.794Z`, `2025-03-10 01:00:25+01:00`: an offset must stand.
pub(crate) fn rfc3339(text: &str) -> Option<i64> {
    let (local_ms, rest) = stamp(text.as_bytes())?;
    let offset = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => offset(*sign, [*h1, *h2, *m1, *m2])?,
        _ => return None,
    };
    within(local_ms - offset)
}

/// As RFC 3339, and with `+0000`, ` UTC` or no offset at all, which is read as UTC; and RFC 2822 dates
/// such as `Sat, 14 Mar 2026 02:00:00 +0000`; and Unix seconds or milliseconds.
pub(crate) fn lax(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some((local_ms, rest)) = stamp(text.as_bytes()) {
        let offset = zone(rest)?;
        return within(local_ms - offset);
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        // Milliseconds since 1973 have twelve digits; seconds have ten until the year 2286.
        return within(if text.len() >= 12 { number } else { number.checked_mul(1000)? });
    }
    rfc2822(text)
}

fn zone(rest: &[u8]) -> Option<i64> {
    match rest.trim_ascii() {
        [] | [b'Z' | b'z'] | b"UTC" | b"GMT" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            offset(*sign, [*h1, *h2, *m1, *m2])
        }
        [sign @ (b'+' | b'-'), h1, h2] => offset(*sign, [*h1, *h2, b'0', b'0']),
        _ => None,
    }
}

fn within(at_ms: i64) -> Option<i64> {
    plausible(at_ms).then_some(at_ms)
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two(a: u8, b: u8) -> Option<i64> {
    Some(digit(a)? * 10 + digit(b)?)
}

/// In milliseconds east of Greenwich.
fn offset(sign: u8, [h1, h2, m1, m2]: [u8; 4]) -> Option<i64> {
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    let ms = (hours * 60 + minutes) * 60_000;
    (hours < 24 && minutes < 60).then_some(if sign == b'-' { -ms } else { ms })
}

/// Date, time and fraction; what follows is handed back.
fn stamp(text: &[u8]) -> Option<(i64, &[u8])> {
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T' | b't' | b' ', rest @ ..] = text else {
        return None;
    };
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else { return None };
    let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
    let day = days(year, two(*o1, *o2)?, two(*d1, *d2)?)?;
    let second = clock(two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?)?;
    let (fraction_ms, rest) = match rest {
        [b'.' | b',', rest @ ..] => fraction(rest)?,
        _ => (0, rest),
    };
    Some(((day * 86_400 + second) * 1000 + fraction_ms, rest))
}

/// Second of the day; a leap second is the one before it.
fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let second = if second == 60 { 59 } else { second };
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}

/// Milliseconds of a fraction of at least one digit; finer ones are cut off.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
    let ms = (0..3).fold(0, |ms, at| ms * 10 + digits.get(at).map_or(0, |byte| i64::from(byte - b'0')));
    Some((ms, rest))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; `None` for the 30th of February.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > longest {
        return None;
    }
    // Years begin in March here, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// `[Sat, ]14 Mar 2026 02:00:00 +0000`.
fn rfc2822(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        .iter()
        .position(|month| name.eq_ignore_ascii_case(month))?;
    let year = words.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = words.next()?.as_bytes() else { return None };
    let second = clock(two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?)?;
    let offset = zone(words.next().unwrap_or("").as_bytes())?;
    within((days(year, month as i64 + 1, day)? * 86_400 + second) * 1000 - offset)
}

#[cfg(test)]
mod tests {
    use super::{lax, rfc3339};

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, ms) in [
            ("2025-03-10T00:00:25.794Z", 1_741_564_825_794),
            ("2025-03-10T01:00:25.794+01:00", 1_741_564_825_794),
            ("2025-03-09t19:00:25.7949999-05:00", 1_741_564_825_794),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00z", 1_709_164_800_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ] {
            assert_eq!(rfc3339(text), Some(ms), "{text}");
        }
        for text in [
            "2025-03-10T00:00:25",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-03-10T24:00:00Z",
            "",
            "2025-03-10T00:00:25+0100",
            "2025-03-10T00:00:25.Z",
            "2025-03-10T00:00:25+24:00",
            "yesterday",
            "25-03-10",
            "2025-00-10T00:00:00Z",
            "2025-03-00T00:00:00Z",
            "2025-03-10T00:60:00Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn exports_write_times_in_more_ways() {
        let two = 1_773_453_600_000;
        for text in [
            "2026-03-14T02:00:00Z",
            "2026-03-14 02:00:00",
            "2026-03-14T02:00:00+0000",
            "2026-03-14 02:00:00 UTC",
            "Sat, 14 Mar 2026 02:00:00 +0000",
            "14 Mar 2026 04:00:00 +0200",
            "1773453600",
            "1773453600000",
            "2026-03-14 03:00:00 +01",
        ] {
            assert_eq!(lax(text), Some(two), "{text}");
        }
        for text in ["", "14/03/2026", "2026-03-14", "Sat, 14 Mar 26 02:00:00 +0000", "12"] {
            assert_eq!(lax(text), None, "{text}");
        }
    }
}

//! Amounts as they are written, to millionths: exact, never through a float.

/// More than any message or call is worth, in micros: a thousand million.
pub(crate) const HIGHEST_MICROS: i64 = 1_000_000_000_000_000;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotMoney {
    /// No decimal number.
    NotANumber,
    /// Beyond what any message is worth.
    TooLarge,
}

/// `0.0083`, `-0.052`, `8.3e-3`: digits, perhaps a point, perhaps an exponent. What is finer than a
/// millionth is rounded, halves away from nought.
pub(crate) fn micros(text: &str) -> Result<i64, NotMoney> {
    let (minus, text) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        _ => (false, text),
    };
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at).unwrap_or(""), power(text.get(at + 1..).unwrap_or(""))?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(part.bytes());
    if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
        return Err(NotMoney::NotANumber);
    }
    // The value is the digits times ten to the power of `shift`, in micros.
    let shift = 6 + exponent - part.len() as i64;
    let mut left = all().count() as i64 + shift.min(0);
    let mut sum: i64 = 0;
    for byte in all() {
        let digit = i64::from(byte - b'0');
        if left <= 0 {
            sum += i64::from(left == 0 && digit >= 5);
            break;
        }
        sum = push(sum, digit)?;
        left -= 1;
    }
    if sum != 0 {
        for _ in 0..shift.max(0) {
            sum = push(sum, 0)?;
        }
    }
    Ok(if minus { -sum } else { sum })
}

fn push(sum: i64, digit: i64) -> Result<i64, NotMoney> {
    let sum = sum * 10 + digit;
    if sum > HIGHEST_MICROS { Err(NotMoney::TooLarge) } else { Ok(sum) }
}

/// An exponent; one of five digits and more says as much as 99,999.
fn power(text: &str) -> Result<i64, NotMoney> {
    let (minus, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotMoney::NotANumber);
    }
    let size = digits.bytes().fold(0, |size: i64, byte| (size * 10 + i64::from(byte - b'0')).min(99_999));
    Ok(if minus { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::{NotMoney, micros};

    #[test]
    fn amounts_are_exact() {
        for (text, is) in [
            ("0", 0),
            ("0.0854", 85_400),
            ("-0.052", -52_000),
            ("12", 12_000_000),
            ("1e-6", 1),
            ("1.5E2", 150_000_000),
            ("0.0000005", 1),
            ("0.00000049999", 0),
            ("8.3e-3", 8_300),
            ("0e99999999", 0),
            ("1e-99999999", 0),
            (".5", 500_000),
            ("999999999.999999", 999_999_999_999_999),
            ("0.1", 100_000),
            ("00.10", 100_000),
            ("5e-7", 1),
            ("5e-8", 0),
        ] {
            assert_eq!(micros(text), Ok(is), "{text}");
        }
        for text in ["", "-", "abc", "1,5", "1.2.3", "1e", "1e+", "0x10", "∞"] {
            assert_eq!(micros(text), Err(NotMoney::NotANumber), "{text}");
        }
        for text in ["1e400", "99999999999999999999999999", "1000000000.000001"] {
            assert_eq!(micros(text), Err(NotMoney::TooLarge), "{text}");
        }
    }
}

//! What people type. The library reads it (separators, other scripts, national forms, extensions); what it
//! makes of it goes through the same table as E.164, so that every spelling ends in one value. The length is
//! bounded before any work. Called by `destination` only.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};

use rlibphonenumber::{PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, Region};

use crate::country::Country;
use crate::destination::{Destination, from_digits};
use crate::number::{LONGEST, Number, NumberError, SHORTEST};

/// Bytes: fifteen digits of three bytes each with separators and an extension stay far below.
const LONGEST_TEXT: usize = 250;

pub(crate) fn parse(text: &str, country: Option<Country>) -> Result<Destination, NumberError> {
    if text.len() > LONGEST_TEXT {
        return Err(NumberError::TooLong);
    }
    let text = text.trim();
    match separated(text, country) {
        Some(Ok(found)) => return Ok(found),
        Some(Err(why)) if !text.contains("(0)") => return Err(why),
        _ => {}
    }
    let first = read(text, country);
    if first.is_ok() {
        return first;
    }
    // The international prefix of most countries is understood everywhere, whatever the given country's own is.
    let unprefixed = ascii(text);
    if let Some(rest) = unprefixed.strip_prefix("00")
        && let Ok(found) = read(&format!("+{rest}"), None)
    {
        return Ok(found);
    }
    // `+34 (0)91 …`: people put the zero of other countries where there is none.
    if unprefixed.contains("(0)")
        && let Ok(found) = read(&unprefixed.replacen("(0)", "", 1), country)
    {
        return Ok(found);
    }
    match first {
        Err(NumberError::CountryNeeded) if unprefixed.starts_with("00") => {
            unprefixed.strip_prefix("00").map_or(first, |rest| read(&format!("+{rest}"), None))
        }
        other => other,
    }
}

/// An international number with nothing but the usual marks between its digits needs no library: `None` where
/// there is anything else in the text.
fn separated(text: &str, country: Option<Country>) -> Option<Result<Destination, NumberError>> {
    let international = text.strip_prefix('+');
    // With a country, `00` may be a part of a national number, which the library knows.
    let rest = international.or_else(|| text.strip_prefix("00").filter(|_| country.is_none()))?;
    let mut digits = [0; LONGEST];
    let mut len = 0;
    for byte in rest.bytes() {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(len)? = byte;
                len += 1;
            }
            b' ' | b'-' | b'.' | b'(' | b')' => {}
            _ => return None,
        }
    }
    let digits = digits.get(..len).filter(|digits| len >= SHORTEST && digits.first() != Some(&b'0'))?;
    Some(from_digits(digits))
}

/// Full-width digits and plus as ASCII, so that the two rules above see them; the library knows all others.
fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{660}'..='\u{669}' => char::from_u32(u32::from(c) - 0x660 + 0x30).unwrap_or(c),
        '\u{6f0}'..='\u{6f9}' => char::from_u32(u32::from(c) - 0x6f0 + 0x30).unwrap_or(c),
        other => other,
    };
    text.chars().map(plain).collect()
}

fn read(text: &str, country: Option<Country>) -> Result<Destination, NumberError> {
    let region = country.and_then(|country| Region::from_code(country.iso2()).ok());
    let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|why| explain(&why, text))?;
    let e164 = number.format_as(PhoneNumberFormat::E164);
    from_digits(e164.trim_start_matches('+').as_bytes())
}

fn explain(why: &ParseError, text: &str) -> NumberError {
    match why {
        ParseError::InvalidCountryCode if text.starts_with(['+', '\u{ff0b}']) => {
            NumberError::UnknownCallingCode
        }
        ParseError::InvalidCountryCode => NumberError::CountryNeeded,
        ParseError::NotANumber(_) => NumberError::NotANumber,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => NumberError::TooShort,
        ParseError::TooLongNsn => NumberError::TooLong,
    }
}

/// Why a text that is not written as E.164 is none.
#[cold]
pub(crate) fn not_e164(text: &str) -> NumberError {
    let digits = text.strip_prefix('+').unwrap_or("");
    let digital =
        text.len() <= LONGEST_TEXT && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if text.len() > LONGEST_TEXT || (digital && digits.len() > LONGEST) {
        NumberError::TooLong
    } else {
        NumberError::NotANumber
    }
}

pub(crate) fn national(number: Number) -> String {
    let text = number.to_string();
    match PHONE_NUMBER_UTIL.parse(&text, None) {
        Ok(read) => read.format_as(PhoneNumberFormat::National).into_owned(),
        Err(_) => text.trim_start_matches('+').to_owned(),
    }
}

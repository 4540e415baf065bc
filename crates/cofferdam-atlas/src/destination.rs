//! A destination: a number and all that the atlas knows of it. The three doors into the numbers are here:
//! `parse` for what people type, `parse_e164` for the normal form, `look_up` for a number that was read before.

use alloc::string::String;

use crate::country::Country;
use crate::kind::{Kind, Tariff};
use crate::network::Network;
use crate::number::{LONGEST, Number, NumberError, SHORTEST};
use crate::plan::{self, Digits, Entry};
use crate::prefix::Prefix;
use crate::typed;

/// A number, and what the plans and allocations say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// The number.
    pub number: Number,
    /// The country by region; none for numbers of no country, such as `+800`.
    pub country: Option<Country>,
    /// To whom the number's run was allocated; a hint where numbers are ported.
    pub network: Option<Network>,
    /// What sort of line it is.
    pub kind: Kind,
    /// What reaching it is charged as.
    pub tariff: Tariff,
    /// Whether a regulator reserved it for films, books and tests.
    pub fictional: bool,
    /// Whether the numbering plan itself gives it out; a number may also be known only because it is fictional.
    pub strictly_valid: bool,
}

impl Destination {
    fn new(digits: u64, entry: Entry) -> Self {
        let Entry { country, network, kind, tariff, fictional, strictly_valid } = entry;
        Self { number: Number::accepted(digits), country, network, kind, tariff, fictional, strictly_valid }
    }

    /// The number as people within its country write it.
    pub fn national(&self) -> String {
        typed::national(self.number)
    }

    /// The number without its last `drop` digits.
    pub fn prefix(&self, drop: u8) -> Prefix {
        self.number.prefix(drop)
    }

    /// The calling code.
    pub fn calling_code(&self) -> u16 {
        self.number.calling_code()
    }
}

/// Reads a number as people type it: international with `+` or `00`, with separators, brackets, an extension,
/// digits of other scripts; or as within `country`. E.164 goes straight to the table and allocates nothing.
#[inline]
pub fn parse(text: &str, country: Option<Country>) -> Result<Destination, NumberError> {
    match strict(text.as_bytes()) {
        Some(found) => found,
        None => typed::parse(text, country),
    }
}

/// Reads E.164 and nothing else: `+`, then digits.
#[inline]
pub fn parse_e164(text: &str) -> Result<Destination, NumberError> {
    strict(text.as_bytes()).unwrap_or_else(|| Err(typed::not_e164(text)))
}

/// `None` where the text is not written as E.164.
#[inline]
fn strict(text: &[u8]) -> Option<Result<Destination, NumberError>> {
    let (b'+', digits) = text.split_first()? else { return None };
    if let Some(value) = plan::value(digits) {
        return Some(plan::resolve(digits, value).map(|(value, entry)| Destination::new(value, entry)));
    }
    too_few(digits)
}

#[cold]
fn too_few(digits: &[u8]) -> Option<Result<Destination, NumberError>> {
    let plain = (1..SHORTEST).contains(&digits.len())
        && digits.first() != Some(&b'0')
        && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| Err(plan::short(digits)))
}

/// Digits that the library made of a text.
pub(crate) fn from_digits(text: &[u8]) -> Result<Destination, NumberError> {
    match plan::value(text) {
        Some(value) => plan::resolve(text, value).map(|(value, entry)| Destination::new(value, entry)),
        None if text.len() > LONGEST => Err(NumberError::TooLong),
        None if text.len() < SHORTEST => Err(plan::short(text)),
        None => Err(NumberError::NotANumber),
    }
}

/// What the atlas knows of a number that was read before. A number that this edition's plans no longer hold
/// keeps its digits and is `strictly_valid: false`, of no country and of unknown kind.
pub fn look_up(number: Number) -> Destination {
    let found =
        Digits::of(number.digits()).and_then(|digits| plan::resolve(digits.text(), number.digits()).ok());
    let gone = Entry {
        country: None,
        network: None,
        kind: Kind::Unknown,
        tariff: Tariff::Standard,
        fictional: false,
        strictly_valid: false,
    };
    let entry = found.filter(|(digits, _)| *digits == number.digits()).map_or(gone, |(_, entry)| entry);
    Destination::new(number.digits(), entry)
}

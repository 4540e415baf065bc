//! The numbering plans: one walk from digits to what they are. The tables are a graph made by
//! `cargo xtask metadata` from the library's own patterns, so that the answers are the library's.
//!
//! `ROOT` takes the first four digits to an entry. An entry below 0x8000 is a node: ten entries, one a digit, and
//! an eleventh for a number that ends there. Any other entry is a shape: what is left no longer depends on the
//! digits, and the number's length picks the class. A class is a destination, a reason for refusal, or a way of
//! rewriting (a national prefix that does not belong into E.164), after which the walk begins again.

use crate::country::Country;
use crate::kind::{Kind, Tariff};
use crate::network::Network;
use crate::number::{LONGEST, NumberError, SHORTEST};
use crate::tables::{CLASSES, NODES, REWRITES, ROOT, SHAPES};

const ROOT_DIGITS: usize = 4;
const SHAPE: u16 = 0x8000;
const NODE_ENTRIES: usize = 11;
const ENDED: usize = 10;
const SHAPE_ENTRIES: usize = LONGEST - SHORTEST + 1;
const CLASS_BYTES: usize = 8;
const REWRITE_BYTES: usize = 16;
/// A number is rewritten once, or twice where that uncovers another prefix; more would be a loop in the tables.
const MOST_REWRITES: usize = 3;

const FICTIONAL: u8 = 1;
const STRICT: u8 = 2;

/// What the plans say of accepted digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) country: Option<Country>,
    pub(crate) network: Option<Network>,
    pub(crate) kind: Kind,
    pub(crate) tariff: Tariff,
    pub(crate) fictional: bool,
    pub(crate) strictly_valid: bool,
}

/// Up to fifteen digits as values 0 to 9.
#[derive(Clone, Copy)]
pub(crate) struct Digits {
    values: [u8; LONGEST + 1],
    len: usize,
}

impl Digits {
    /// ASCII digits that do not begin with 0; `None` where there is anything else or the length is impossible.
    #[inline]
    pub(crate) fn from_ascii(text: &[u8]) -> Option<(Self, u64)> {
        if !(SHORTEST..=LONGEST).contains(&text.len()) || text.first() == Some(&b'0') {
            return None;
        }
        let mut digits = Self { values: [ENDED as u8; LONGEST + 1], len: text.len() };
        let mut value = 0_u64;
        for (slot, byte) in digits.values.iter_mut().zip(text) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            *slot = digit;
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        Some((digits, value))
    }

    pub(crate) fn from_value(value: u64) -> Option<Self> {
        let len = value.checked_ilog10()? as usize + 1;
        if !(SHORTEST..=LONGEST).contains(&len) {
            return None;
        }
        let mut digits = Self { values: [ENDED as u8; LONGEST + 1], len };
        let mut rest = value;
        for slot in digits.values.iter_mut().take(len).rev() {
            *slot = (rest % 10) as u8;
            rest /= 10;
        }
        Some(digits)
    }

    fn value(&self) -> u64 {
        self.values.iter().take(self.len).fold(0, |all, digit| all * 10 + u64::from(*digit))
    }

    #[inline]
    fn class(&self) -> u16 {
        let [a, b, c, d, ..] = self.values;
        let start = usize::from(a) * 1000 + usize::from(b) * 100 + usize::from(c) * 10 + usize::from(d);
        let mut entry = ROOT.at(start);
        let mut rest = self.values.iter().skip(ROOT_DIGITS);
        while entry & SHAPE == 0 {
            let digit = rest.next().map_or(ENDED, |digit| usize::from(*digit));
            entry = NODES.at(usize::from(entry) * NODE_ENTRIES + digit);
        }
        SHAPES.at(usize::from(entry & !SHAPE) * SHAPE_ENTRIES + self.len - SHORTEST)
    }

    /// Applies a way of rewriting: what it inserts, the digits that it keeps, then all after the match.
    fn rewritten(&self, rule: u16) -> Option<Self> {
        let at = usize::from(rule) * REWRITE_BYTES;
        let rule: &[u8; REWRITE_BYTES] = REWRITES.get(at..at + REWRITE_BYTES)?.try_into().ok()?;
        let [code, from, to, end, inserted, insert @ ..] = rule;
        let [code, from, to, end] = [code, from, to, end].map(|position| usize::from(*position));
        let all = self.values.get(..self.len)?;
        let (code, rest) = all.split_at_checked(code)?;
        let parts = [code, insert.get(..usize::from(*inserted))?, rest.get(from..to)?, rest.get(end..)?];
        let mut digits = Self { values: [ENDED as u8; LONGEST + 1], len: 0 };
        for digit in parts.into_iter().flatten() {
            *digits.values.get_mut(digits.len)? = *digit;
            digits.len += 1;
        }
        (SHORTEST..=LONGEST).contains(&digits.len).then_some(digits)
    }
}

/// Digits, as far as they are a number, in their normal form and what the plans say of them.
#[inline]
pub(crate) fn resolve(digits: &Digits, value: u64) -> Result<(u64, Entry), NumberError> {
    match class(digits.class()) {
        Class::Valid(entry) => Ok((value, entry)),
        Class::Invalid(why) => Err(why),
        Class::Rewrite(rule) => rewritten(digits, rule),
    }
}

#[cold]
fn rewritten(digits: &Digits, rule: u16) -> Result<(u64, Entry), NumberError> {
    let mut digits = digits.rewritten(rule).ok_or(NumberError::Unassigned)?;
    for _ in 0..MOST_REWRITES {
        match class(digits.class()) {
            Class::Valid(entry) => return Ok((digits.value(), entry)),
            Class::Invalid(why) => return Err(why),
            Class::Rewrite(rule) => digits = digits.rewritten(rule).ok_or(NumberError::Unassigned)?,
        }
    }
    Err(NumberError::Unassigned)
}

/// Why digits of an impossible length are no number.
pub(crate) fn short(text: &[u8]) -> NumberError {
    let first = |at: usize| text.get(at).map_or(0, |byte| usize::from(byte.wrapping_sub(b'0') % 10));
    let start = first(0) * 1000 + first(1) * 100 + first(2) * 10 + first(3);
    let entry = ROOT.at(start);
    let unknown = text.len() >= 3
        && entry & SHAPE != 0
        && matches!(
            class(SHAPES.at(usize::from(entry & !SHAPE) * SHAPE_ENTRIES)),
            Class::Invalid(NumberError::UnknownCallingCode)
        );
    if unknown { NumberError::UnknownCallingCode } else { NumberError::TooShort }
}

enum Class {
    Valid(Entry),
    Invalid(NumberError),
    Rewrite(u16),
}

#[inline]
fn class(id: u16) -> Class {
    let at = usize::from(id) * CLASS_BYTES;
    let Some(&[tag, country, kind, tariff, low, high, flags, _]) = CLASSES.get(at..at + CLASS_BYTES) else {
        return Class::Invalid(NumberError::Unassigned);
    };
    let network = u16::from_le_bytes([low, high]);
    match tag {
        0 => Class::Valid(Entry {
            country: Country::from_table(country),
            network: Network::from_table(network),
            kind: Kind::ALL.get(usize::from(kind)).copied().unwrap_or(Kind::Unknown),
            tariff: Tariff::ALL.get(usize::from(tariff)).copied().unwrap_or(Tariff::Standard),
            fictional: flags & FICTIONAL != 0,
            strictly_valid: flags & STRICT != 0,
        }),
        2 => Class::Rewrite(network),
        _ => Class::Invalid(match kind {
            1 => NumberError::TooShort,
            2 => NumberError::TooLong,
            3 => NumberError::UnknownCallingCode,
            _ => NumberError::Unassigned,
        }),
    }
}

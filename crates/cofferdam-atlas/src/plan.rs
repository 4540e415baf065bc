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

/// The value of ASCII digits that do not begin with 0; `None` where there is anything else or the length is
/// impossible.
#[inline]
pub(crate) fn value(text: &[u8]) -> Option<u64> {
    if !(SHORTEST..=LONGEST).contains(&text.len()) || text.first() == Some(&b'0') {
        return None;
    }
    let mut value = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Some(value)
}

/// ASCII digits of a number's length, held without a heap.
#[derive(Clone, Copy)]
pub(crate) struct Digits {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Digits {
    pub(crate) fn of(value: u64) -> Option<Self> {
        let len = value.checked_ilog10()? as usize + 1;
        if !(SHORTEST..=LONGEST).contains(&len) {
            return None;
        }
        let mut digits = Self { bytes: [0; LONGEST], len };
        let mut rest = value;
        for slot in digits.bytes.iter_mut().take(len).rev() {
            *slot = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Some(digits)
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

/// A place in the graph where some digits have led, for those who walk all of it.
#[derive(Clone, Copy)]
pub(crate) struct Branch(u16);

impl Branch {
    /// Where one more digit leads, 0 to 9; `None` where what is left no longer depends on the digits.
    pub(crate) fn children(self) -> Option<[Self; 10]> {
        let node = usize::from(self.0) * NODE_ENTRIES;
        (self.0 & SHAPE == 0).then(|| core::array::from_fn(|digit| Self(NODES.at(node + digit))))
    }

    /// The lengths of numbers that are valid from here, whatever their further digits.
    pub(crate) fn ends(self) -> impl Iterator<Item = (u8, Entry)> {
        let shape = usize::from(self.0 & !SHAPE) * SHAPE_ENTRIES;
        (SHORTEST..=LONGEST).filter_map(move |len| match class(SHAPES.at(shape + len - SHORTEST)) {
            Class::Valid(entry) => Some((len as u8, entry)),
            Class::Invalid(_) | Class::Rewrite(_) => None,
        })
    }
}

/// Four leading digits, and where they lead.
pub(crate) fn roots() -> impl Iterator<Item = (u64, Branch)> {
    (1000..10_000).map(|start: usize| (start as u64, Branch(ROOT.at(start))))
}

#[inline]
fn class_of(text: &[u8]) -> u16 {
    let Some((first, rest)) = text.split_first_chunk::<ROOT_DIGITS>() else { return 0 };
    let start = first.iter().fold(0, |start, byte| start * 10 + usize::from(byte.wrapping_sub(b'0')));
    let mut entry = ROOT.at(start);
    let mut rest = rest.iter();
    while entry & SHAPE == 0 {
        let digit = rest.next().map_or(ENDED, |byte| usize::from(byte.wrapping_sub(b'0')));
        entry = NODES.at(usize::from(entry) * NODE_ENTRIES + digit);
    }
    SHAPES.at(usize::from(entry & !SHAPE) * SHAPE_ENTRIES + text.len() - SHORTEST)
}

/// Applies a way of rewriting: what it inserts, the digits that it keeps, then all after the match.
fn rewrite(text: &[u8], rule: u16) -> Option<Digits> {
    let at = usize::from(rule) * REWRITE_BYTES;
    let rule: &[u8; REWRITE_BYTES] = REWRITES.get(at..at + REWRITE_BYTES)?.try_into().ok()?;
    let [code, from, to, end, inserted, insert @ ..] = rule;
    let [code, from, to, end] = [code, from, to, end].map(|position| usize::from(*position));
    let (code, rest) = text.split_at_checked(code)?;
    let parts = [code, insert.get(..usize::from(*inserted))?, rest.get(from..to)?, rest.get(end..)?];
    let mut digits = Digits { bytes: [0; LONGEST], len: 0 };
    for part in parts {
        digits.bytes.get_mut(digits.len..digits.len + part.len())?.copy_from_slice(part);
        digits.len += part.len();
    }
    (SHORTEST..=LONGEST).contains(&digits.len).then_some(digits)
}

/// Digits that `value` has read, as far as they are a number: its normal form and what the plans say of it.
#[inline]
pub(crate) fn resolve(text: &[u8], value: u64) -> Result<(u64, Entry), NumberError> {
    match class(class_of(text)) {
        Class::Valid(entry) => Ok((value, entry)),
        Class::Invalid(why) => Err(why),
        Class::Rewrite(rule) => rewritten(text, rule),
    }
}

#[cold]
fn rewritten(text: &[u8], rule: u16) -> Result<(u64, Entry), NumberError> {
    let mut digits = rewrite(text, rule).ok_or(NumberError::Unassigned)?;
    for _ in 0..MOST_REWRITES {
        match class(class_of(digits.text())) {
            Class::Valid(entry) => {
                return value(digits.text()).map(|value| (value, entry)).ok_or(NumberError::Unassigned);
            }
            Class::Invalid(why) => return Err(why),
            Class::Rewrite(rule) => digits = rewrite(digits.text(), rule).ok_or(NumberError::Unassigned)?,
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

//! A prefix: leading digits that many numbers share, such as a run that was given to one company.

use core::fmt;
use core::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::number::{LONGEST, Number};

/// A run of numbers: all that begin with these digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    digits: u64,
    len: u8,
}

/// A text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a prefix is `+` and 1 to 15 digits, the first not 0, with or without a `*` at the end")]
pub struct PrefixError;

impl Prefix {
    pub(crate) const fn of(digits: u64, len: u8) -> Self {
        Self { digits, len }
    }

    /// From its digits as one integer.
    pub fn from_digits(digits: u64) -> Option<Self> {
        let len = digits.checked_ilog10()? as u8 + 1;
        (usize::from(len) <= LONGEST).then_some(Self { digits, len })
    }

    /// The digits as one integer.
    pub const fn digits(self) -> u64 {
        self.digits
    }

    /// How many digits.
    #[expect(clippy::len_without_is_empty, reason = "a prefix is never empty")]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether the number begins with it.
    pub fn contains(self, number: Number) -> bool {
        number.len().checked_sub(self.len).is_some_and(|drop| number.prefix(drop) == self)
    }

    /// Whether every number of the other prefix is also one of this.
    pub fn covers(self, other: Self) -> bool {
        other
            .len
            .checked_sub(self.len)
            .is_some_and(|drop| other.digits / 10_u64.pow(drop.into()) == self.digits)
    }
}

impl From<Number> for Prefix {
    fn from(number: Number) -> Self {
        number.prefix(0)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let digits = text.strip_prefix('+').ok_or(PrefixError)?;
        let digits = digits.strip_suffix('*').unwrap_or(digits);
        let well = (1..=LONGEST).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let value = digits.parse().ok().filter(|_| well).ok_or(PrefixError)?;
        Ok(Self { digits: value, len: digits.len() as u8 })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.digits)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix(+{})", self.digits)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Prefix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prefix such as `+1415555`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Prefix, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

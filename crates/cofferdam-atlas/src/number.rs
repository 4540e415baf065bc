//! A number: the digits of E.164, and nothing else. Numbers are personal data, so there is no serialisation
//! here and what is meant for logs leaves the last digits out.

use core::fmt;

use crate::prefix::Prefix;

/// The fewest and the most digits of a number, calling code included.
pub(crate) const SHORTEST: usize = 7;
pub(crate) const LONGEST: usize = 15;
/// Digits that are left out where a number is only hinted at.
const HIDDEN: u8 = 4;

/// A number that was valid in some plan, or reserved for fiction, when it was read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(u64);

impl Number {
    /// Digits that the plan has accepted.
    pub(crate) const fn accepted(digits: u64) -> Self {
        Self(digits)
    }

    /// A number that an earlier edition accepted and a store kept. Only its shape is looked at, because plans
    /// change and what was recorded must stay readable; `look_up` says what it is today.
    pub fn recall(digits: u64) -> Option<Self> {
        let length = digits.checked_ilog10()? as usize + 1;
        (SHORTEST..=LONGEST).contains(&length).then_some(Self(digits))
    }

    /// The digits as one integer, calling code first.
    pub const fn digits(self) -> u64 {
        self.0
    }

    /// How many digits: 7 to 15.
    #[expect(clippy::len_without_is_empty, reason = "a number is never empty")]
    pub fn len(self) -> u8 {
        self.0.checked_ilog10().map_or(0, |log| log as u8 + 1)
    }

    /// What is left when the last `drop` digits are taken away; one digit always stays.
    pub fn prefix(self, drop: u8) -> Prefix {
        let drop = drop.min(self.len().saturating_sub(1));
        Prefix::of(self.0 / 10_u64.pow(drop.into()), self.len() - drop)
    }

    /// The calling code: the plan of E.164 gives one to three leading digits to a country or a group of them.
    pub fn calling_code(self) -> u16 {
        let leading = |digits: u8| (self.0 / 10_u64.pow(u32::from(self.len().saturating_sub(digits)))) as u16;
        match leading(1) {
            1 => 1,
            7 => 7,
            _ => match leading(2) {
                two @ (20
                | 27
                | 28
                | 30..=34
                | 36
                | 39..=41
                | 43..=49
                | 51..=58
                | 60..=66
                | 81..=84
                | 86
                | 90..=95
                | 98) => two,
                _ => leading(3),
            },
        }
    }

    /// The number without its last four digits, for people and logs: `+44770090••••`.
    pub fn masked(self) -> impl fmt::Display {
        Masked(self)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", Masked(*self))
    }
}

struct Masked(Number);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}••••", self.0.prefix(HIDDEN))
    }
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NumberError {
    /// Nothing in it reads as a number.
    #[error("not a phone number")]
    NotANumber,
    /// No country has this calling code.
    #[error("no country has this calling code")]
    UnknownCallingCode,
    /// Fewer digits than any number there.
    #[error("too few digits for a number of this calling code")]
    TooShort,
    /// More digits than any number there.
    #[error("too many digits for a number of this calling code")]
    TooLong,
    /// The length is right; the numbering plan does not give such numbers out.
    #[error("the numbering plan does not give such numbers out")]
    Unassigned,
    /// Written as within a country, and no country is given.
    #[error("written as within a country: add a country or start with `+`")]
    CountryNeeded,
}

impl NumberError {
    /// The stable name that the API uses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::UnknownCallingCode => "unknown_calling_code",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Unassigned => "unassigned",
            Self::CountryNeeded => "country_needed",
        }
    }
}

//! Countries and territories, as the numbering plans tell them apart: a country is a region with its own plan,
//! not a calling code, for many calling codes are shared.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::tables::countries::COUNTRIES;

pub(crate) struct Record {
    pub(crate) iso2: &'static str,
    pub(crate) iso3: &'static str,
    pub(crate) name: &'static str,
    pub(crate) continent: &'static str,
    pub(crate) calling_codes: &'static [u16],
    pub(crate) ported: bool,
    pub(crate) place: Option<(f32, f32)>,
}

static NOWHERE: Record = Record {
    iso2: "ZZ",
    iso3: "ZZZ",
    name: "Unknown",
    continent: "",
    calling_codes: &[],
    ported: false,
    place: None,
};

/// Position plus one by both letters, 0 where there is none: a search by text takes eight comparisons, and a
/// call names its country more than once.
static BY_LETTERS: [u8; 26 * 26] = by_letters(COUNTRIES);

#[expect(clippy::indexing_slicing, reason = "it runs while this is compiled, and fails there if at all")]
const fn by_letters(countries: &[Record]) -> [u8; 26 * 26] {
    let (mut table, mut n) = ([0; 26 * 26], 0);
    while n < countries.len() {
        let letters = countries[n].iso2.as_bytes();
        table[(letters[0] - b'A') as usize * 26 + (letters[1] - b'A') as usize] = n as u8 + 1;
        n += 1;
    }
    table
}

/// A country or territory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(u8);

impl Country {
    /// By its two letters; upper case only.
    pub fn from_iso2(iso2: &str) -> Option<Self> {
        let [first, second] = iso2.as_bytes().first_chunk()?.map(|letter| letter.wrapping_sub(b'A'));
        if iso2.len() != 2 || first >= 26 || second >= 26 {
            return None;
        }
        Self::from_table(*BY_LETTERS.get(usize::from(first) * 26 + usize::from(second))?)
    }

    /// From the packed tables: position plus one, 0 is none.
    pub(crate) fn from_table(entry: u8) -> Option<Self> {
        entry.checked_sub(1).filter(|at| usize::from(*at) < COUNTRIES.len()).map(Self)
    }

    /// All countries, in the order of their two letters.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..COUNTRIES.len()).map(|at| Self(at as u8))
    }

    fn record(self) -> &'static Record {
        COUNTRIES.get(usize::from(self.0)).unwrap_or(&NOWHERE)
    }

    /// A small integer below 255: the position in this edition's table. It may differ in the next edition.
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Two letters, as `GB`.
    pub fn iso2(self) -> &'static str {
        self.record().iso2
    }

    /// Three letters, as `GBR`.
    pub fn iso3(self) -> &'static str {
        self.record().iso3
    }

    /// The English name.
    pub fn name(self) -> &'static str {
        self.record().name
    }

    /// The continent's English name.
    pub fn continent(self) -> &'static str {
        self.record().continent
    }

    /// The calling codes of its numbers; most have one, a few uninhabited places none.
    pub fn calling_codes(self) -> &'static [u16] {
        self.record().calling_codes
    }

    /// The first calling code.
    pub fn calling_code(self) -> Option<u16> {
        self.calling_codes().first().copied()
    }

    /// Whether mobile numbers are known to move between networks there, so that a network is only a hint.
    pub fn mobile_numbers_are_ported(self) -> bool {
        self.record().ported
    }

    /// Latitude and longitude of its middle, in degrees.
    pub fn place(self) -> Option<(f32, f32)> {
        self.record().place
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso2())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.iso2())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.iso2())
    }
}

struct Letters;

impl Visitor<'_> for Letters {
    type Value = Country;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("two capital letters of a country")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Country, E> {
        Country::from_iso2(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Letters)
    }
}

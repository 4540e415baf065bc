//! JSON as it is answered: serde_json's own, byte for byte, written straight into bytes.
//!
//! An answer is mostly names of fields and texts of ours, none of which has anything to escape. serde_json looks
//! at each byte of them by itself; here eight are looked at together, and whatever is rarer (an escape,
//! a number with a fraction) is left to it. Called by [`super::wire`].

use serde::ser::{self, Serialize, Serializer};
use serde_json::Error;
use std::fmt::{self, Write as _};

/// Writes a value behind what the bytes hold already.
pub fn write(value: &impl Serialize, to: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(Writer(to))
}

/// Writes one value.
struct Writer<'a>(&'a mut Vec<u8>);

/// Writes what stands in brackets, and those that close it.
struct Inside<'a> {
    to: &'a mut Vec<u8>,
    empty: bool,
    closes: &'static [u8],
}

/// Writes pieces of one text.
struct Pieces<'a>(&'a mut Vec<u8>);

/// Whether nothing in it is escaped: quotes, backslashes and what lies below a blank.
fn plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let nought = |eight: u64| eight.wrapping_sub(ONES) & !eight;
    let escaped = |eight: u64| {
        let below = eight.wrapping_sub(ONES * 0x20) & !eight;
        (below | nought(eight ^ (ONES * 0x22)) | nought(eight ^ (ONES * 0x5c))) & HIGH
    };
    let eight = |at: &[u8]| at.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    match text.len().checked_sub(8) {
        // The last eight are looked at as well, some of them twice.
        Some(last) => {
            let found = text.chunks_exact(8).fold(0, |found, at| found | escaped(eight(at)));
            found | escaped(eight(text.get(last..).unwrap_or(&[]))) == 0
        }
        None => !text.iter().any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')),
    }
}

fn text(text: &str, to: &mut Vec<u8>) -> Result<(), Error> {
    if !plain(text.as_bytes()) {
        return serde_json::to_writer(to, text);
    }
    to.reserve(text.len() + 2);
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
    Ok(())
}

fn whole(mut n: u64, to: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (n % 10) as u8;
        n /= 10;
        used += 1;
        if n == 0 {
            break;
        }
    }
    to.extend_from_slice(digits.get(digits.len() - used..).unwrap_or(&[]));
}

impl fmt::Write for Pieces<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let begins = self.0.len();
        text(piece, self.0).map_err(|_| fmt::Error)?;
        // Without its quotes, which stand around all pieces.
        self.0.pop();
        self.0.remove(begins);
        Ok(())
    }
}

impl<'a> Writer<'a> {
    fn inside(self, opens: &[u8], closes: &'static [u8]) -> Inside<'a> {
        self.0.extend_from_slice(opens);
        Inside { to: self.0, empty: true, closes }
    }

    /// An object whose one field is named after a variant.
    fn variant(self, name: &str, opens: &[u8], closes: &'static [u8]) -> Result<Inside<'a>, Error> {
        self.0.push(b'{');
        text(name, self.0)?;
        self.0.push(b':');
        Ok(self.inside(opens, closes))
    }
}

impl Inside<'_> {
    fn next(&mut self) {
        if !self.empty {
            self.to.push(b',');
        }
        self.empty = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(Writer(self.to))
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.next();
        text(name, self.to)?;
        self.to.push(b':');
        value.serialize(Writer(self.to))
    }

    fn close(self) {
        self.to.extend_from_slice(self.closes);
    }
}

/// Lists and tuples.
macro_rules! items {
    ($($of:ident :: $add:ident),*) => {$(
        impl ser::$of for Inside<'_> {
            type Ok = ();
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// Objects of ours.
macro_rules! fields {
    ($($of:ident),*) => {$(
        impl ser::$of for Inside<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        let begins = self.to.len();
        key.serialize(Writer(self.to))?;
        // A key that is no text stands in quotes.
        if self.to.get(begins) != Some(&b'"') {
            self.to.insert(begins, b'"');
            self.to.push(b'"');
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.to.push(b':');
        value.serialize(Writer(self.to))
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

/// Numbers by way of the widest of their kind.
macro_rules! widened {
    ($($f:ident $from:ty => $to:ident $wide:ty),*) => {$(
        fn $f(self, v: $from) -> Result<(), Error> {
            self.$to(<$wide>::from(v))
        }
    )*};
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Inside<'a>;
    type SerializeTupleStruct = Inside<'a>;
    type SerializeTupleVariant = Inside<'a>;
    type SerializeMap = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeStructVariant = Inside<'a>;

    widened!(
        serialize_u8 u8 => serialize_u64 u64,
        serialize_u16 u16 => serialize_u64 u64,
        serialize_u32 u32 => serialize_u64 u64,
        serialize_i8 i8 => serialize_i64 i64,
        serialize_i16 i16 => serialize_i64 i64,
        serialize_i32 i32 => serialize_i64 i64
    );

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.0.extend_from_slice(if v { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        whole(v, self.0);
        Ok(())
    }

    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        if v < 0 {
            self.0.push(b'-');
        }
        whole(v.unsigned_abs(), self.0);
        Ok(())
    }

    fn serialize_u128(self, v: u128) -> Result<(), Error> {
        serde_json::to_writer(self.0, &v)
    }

    fn serialize_i128(self, v: i128) -> Result<(), Error> {
        serde_json::to_writer(self.0, &v)
    }

    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        serde_json::to_writer(self.0, &v)
    }

    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        serde_json::to_writer(self.0, &v)
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        text(v.encode_utf8(&mut [0; 4]), self.0)
    }

    fn serialize_str(self, v: &str) -> Result<(), Error> {
        text(v, self.0)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, v: &T) -> Result<(), Error> {
        self.0.push(b'"');
        write!(Pieces(self.0), "{v}").map_err(ser::Error::custom)?;
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.collect_seq(v)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        text(variant, self.0)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut inside = self.inside(b"{", b"}");
        inside.field(variant, value)?;
        inside.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Error> {
        Ok(self.inside(b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.inside(b"[", b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.inside(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Error> {
        self.variant(variant, b"[", b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'a>, Error> {
        Ok(self.inside(b"{", b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        Ok(self.inside(b"{", b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Error> {
        self.variant(variant, b"{", b"}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Dice as _, SetDice};
    use std::collections::BTreeMap;

    #[derive(serde::Serialize)]
    enum Any {
        Unit,
        One(Box<Any>),
        Two(f32, Option<bool>),
        Named {
            #[serde(skip_serializing_if = "Option::is_none")]
            left: Option<u8>,
            #[serde(rename = "a\"b")]
            odd: char,
            more: Vec<Any>,
        },
        Text(String),
        Said(#[serde(serialize_with = "said")] Vec<String>),
        Numbers(BTreeMap<i16, (i64, u64, u128, f64)>),
        Flat(Flat),
        Bytes(#[serde(serialize_with = "bytes")] Vec<u8>),
    }

    #[derive(serde::Serialize)]
    struct Flat {
        first: Nothing,
        #[serde(flatten)]
        rest: BTreeMap<String, Option<u8>>,
    }

    #[derive(serde::Serialize)]
    struct Nothing;

    fn bytes<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    fn said<S: Serializer>(pieces: &[String], to: S) -> Result<S::Ok, S::Error> {
        struct Said<'a>(&'a [String]);
        impl fmt::Display for Said<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|piece| f.write_str(piece))
            }
        }
        to.collect_str(&Said(pieces))
    }

    fn any_text(dice: &SetDice) -> String {
        const LETTERS: [char; 12] = ['a', 'Z', ' ', '"', '\\', '\n', '\u{1f}', '\u{7f}', 'é', '…', '😀', '!'];
        let odd = dice.roll().is_multiple_of(3);
        let letter =
            |roll: u64| if odd { LETTERS[roll as usize % 12] } else { char::from(b' ' + (roll % 2) as u8) };
        (0..dice.roll() % 40).map(|_| letter(dice.roll())).collect()
    }

    fn any(dice: &SetDice, deep: u32) -> Any {
        let n = dice.roll();
        match n % if deep > 3 { 5 } else { 9 } {
            0 => Any::Unit,
            1 => Any::Text(any_text(dice)),
            2 => Any::Two(f32::from_bits(n as u32), [None, Some(true), Some(false)][n as usize / 16 % 3]),
            3 => Any::Said((0..n / 16 % 4).map(|_| any_text(dice)).collect()),
            4 => Any::Bytes(n.to_le_bytes()[..n as usize / 16 % 8].to_vec()),
            5 => Any::Numbers(
                (0..n / 16 % 3)
                    .map(|_| {
                        (
                            dice.roll() as i16,
                            (n as i64, n >> (n % 64), u128::MAX / u128::from(n | 1), f64::from_bits(n)),
                        )
                    })
                    .collect(),
            ),
            6 => Any::Flat(Flat {
                first: Nothing,
                rest: (0..n / 16 % 3).map(|_| (any_text(dice), None)).collect(),
            }),
            7 => Any::One(Box::new(any(dice, deep + 1))),
            _ => Any::Named {
                left: (n & 16 != 0).then_some(n as u8),
                odd: any_text(dice).chars().next().unwrap_or('x'),
                more: (0..n / 32 % 4).map(|_| any(dice, deep + 1)).collect(),
            },
        }
    }

    #[test]
    fn whatever_is_written_is_what_serde_json_writes() {
        let dice = SetDice::seeded(11);
        for _ in 0..20_000 {
            let any = any(&dice, 0);
            let mut bytes = b"before".to_vec();
            write(&any, &mut bytes).unwrap();
            let other = serde_json::to_string(&any).unwrap();
            assert_eq!(std::str::from_utf8(&bytes).unwrap().strip_prefix("before"), Some(other.as_str()));
        }
    }

    #[test]
    fn every_byte_that_is_escaped_is_seen_wherever_it_stands() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=127_u8 {
                    let mut text = vec![b'~'; length];
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    let escaped = serde_json::to_string(&text).unwrap().len() != length + 2;
                    assert_eq!(plain(text.as_bytes()), !escaped, "{text:?}");
                }
            }
        }
        assert!(plain("é…😀 and more".as_bytes()));
    }
}

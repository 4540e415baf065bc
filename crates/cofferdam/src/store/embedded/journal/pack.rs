//! Values as packed bytes: what a line of the journal is made of. [`super::unpack`] reads them again.
//!
//! JSON with its names is three times as long, and writing the journal's bytes is the dearest part of
//! a judgement. Nothing here names a field: structs are their fields in order, after a byte that says
//! how many there are and, where some were left out, which. So fields and variants may be added at the
//! end of a type that is journalled (fields with a default), and never be moved, taken away or given
//! another type; a line kept in the tests stands for that.
//!
//! Whole numbers below 248 are one byte, others their length and their bytes; text follows its length.

use serde::ser::{self, Serialize};
use std::fmt;

/// The largest whole number in one byte; above, the byte says how many follow.
pub(super) const ONE_BYTE: u8 = 0xf7;

/// Why something could not be packed or unpacked.
#[derive(Debug)]
pub(in crate::store) struct PackError(pub(super) String);

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PackError {}

impl ser::Error for PackError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// How numbers with a fraction are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Reals {
    /// Each as short as it can be.
    Short,
    /// All of one length: what stands behind them then stands at the same place in the next line, which
    /// is worth more where lines are folded ([`super::fold`]).
    Even,
}

/// Packs a value behind what the bytes hold already.
pub(in crate::store) fn pack(
    value: &impl Serialize,
    reals: Reals,
    to: &mut Vec<u8>,
) -> Result<(), PackError> {
    value.serialize(&mut Packer(to, reals))
}

struct Packer<'a>(&'a mut Vec<u8>, Reals);

impl Packer<'_> {
    #[inline]
    fn whole(&mut self, n: u64) {
        if n <= u64::from(ONE_BYTE) {
            self.0.push(n as u8);
            return;
        }
        let length = 8 - n.leading_zeros() as usize / 8;
        self.0.push(ONE_BYTE + length as u8);
        // All eight at once, and back to those that count: quicker than byte by byte.
        let end = self.0.len() + length;
        self.0.extend_from_slice(&n.to_le_bytes());
        self.0.truncate(end);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.whole(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// A struct being packed.
struct Fields<'a> {
    to: &'a mut Vec<u8>,
    reals: Reals,
    /// Where its first byte stands.
    at: usize,
    count: u32,
    skipped: u64,
}

impl<'a> Fields<'a> {
    fn begin(to: &'a mut Vec<u8>, reals: Reals) -> Self {
        let at = to.len();
        to.push(0);
        Self { to, reals, at, count: 0, skipped: 0 }
    }

    fn field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.count += 1;
        value.serialize(&mut Packer(self.to, self.reals))
    }

    fn skip(&mut self) {
        self.skipped |= 1_u64.checked_shl(self.count).unwrap_or(0);
        self.count += 1;
    }

    /// Says in front how many fields there are, and which were left out.
    fn end(self) -> Result<(), PackError> {
        if self.count > 63 {
            return Err(PackError("more fields than a line can say".into()));
        }
        if self.skipped != 0 {
            // Known only now: written behind the fields, which then step back by as many bytes.
            let (begins, ends) = (self.at + 1, self.to.len());
            Packer(self.to, self.reals).whole(self.skipped);
            let mut said = [0; 9];
            let length = (self.to.len() - ends).min(said.len());
            for (said, byte) in said.iter_mut().zip(self.to.iter().skip(ends)) {
                *said = *byte;
            }
            self.to.copy_within(begins..ends, begins + length);
            for (place, byte) in self.to.iter_mut().skip(begins).zip(said.iter().take(length)) {
                *place = *byte;
            }
        }
        if let Some(head) = self.to.get_mut(self.at) {
            *head = (self.count << 1) as u8 | u8::from(self.skipped != 0);
        }
        Ok(())
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.field(value)
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), PackError> {
        self.skip();
        Ok(())
    }

    fn end(self) -> Result<(), PackError> {
        Fields::end(self)
    }
}

impl ser::SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.field(value)
    }

    fn skip_field(&mut self, _: &'static str) -> Result<(), PackError> {
        self.skip();
        Ok(())
    }

    fn end(self) -> Result<(), PackError> {
        Fields::end(self)
    }
}

/// Lists and tuples: one value after the other.
macro_rules! one_after_the_other {
    ($($of:ident :: $add:ident),*) => {$(
        impl ser::$of for Packer<'_> {
            type Ok = ();
            type Error = PackError;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
                value.serialize(&mut Packer(self.0, self.1))
            }

            fn end(self) -> Result<(), PackError> {
                Ok(())
            }
        }
    )*};
}

one_after_the_other!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// Numbers by way of the widest of their kind.
macro_rules! widened {
    ($($f:ident $from:ty => $to:ident $wide:ty),*) => {$(
        fn $f(self, v: $from) -> Result<(), PackError> {
            self.$to(<$wide>::from(v))
        }
    )*};
}

/// A map: how many, then each key before its value.
impl ser::SerializeMap for &mut Packer<'_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), PackError> {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), PackError> {
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Packer<'_> {
    type Ok = ();
    type Error = PackError;
    type SerializeSeq = Packer<'a>;
    type SerializeTuple = Packer<'a>;
    type SerializeTupleStruct = Packer<'a>;
    type SerializeTupleVariant = Packer<'a>;
    type SerializeMap = Self;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    widened!(
        serialize_u8 u8 => serialize_u64 u64,
        serialize_u16 u16 => serialize_u64 u64,
        serialize_u32 u32 => serialize_u64 u64,
        serialize_i8 i8 => serialize_i64 i64,
        serialize_i16 i16 => serialize_i64 i64,
        serialize_i32 i32 => serialize_i64 i64
    );

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, v: bool) -> Result<(), PackError> {
        self.0.push(u8::from(v));
        Ok(())
    }

    fn serialize_u64(self, v: u64) -> Result<(), PackError> {
        self.whole(v);
        Ok(())
    }

    fn serialize_i64(self, v: i64) -> Result<(), PackError> {
        // The sign last, so that small negative numbers are short too.
        self.whole(((v << 1) ^ (v >> 63)) as u64);
        Ok(())
    }

    /// Names of numbers, which have no short ones; always of one length, so that one can be put in
    /// the place of another.
    fn serialize_u128(self, v: u128) -> Result<(), PackError> {
        self.0.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }

    fn serialize_f32(self, v: f32) -> Result<(), PackError> {
        match self.1 {
            Reals::Short => return self.serialize_f64(f64::from(v)),
            Reals::Even => self.0.extend_from_slice(&v.to_le_bytes()),
        }
        Ok(())
    }

    /// The same bits; round numbers end in zeros, so from that end they are short.
    fn serialize_f64(self, v: f64) -> Result<(), PackError> {
        match self.1 {
            Reals::Short => self.whole(v.to_bits().swap_bytes()),
            Reals::Even => self.0.extend_from_slice(&v.to_le_bytes()),
        }
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), PackError> {
        self.serialize_u64(u64::from(u32::from(v)))
    }

    fn serialize_str(self, v: &str) -> Result<(), PackError> {
        self.bytes(v.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), PackError> {
        self.bytes(v);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), PackError> {
        self.serialize_bool(false)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), PackError> {
        self.0.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), PackError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), PackError> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Result<(), PackError> {
        self.serialize_u32(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.whole(u64::from(variant));
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Packer<'a>, PackError> {
        let length = length.ok_or_else(|| PackError("a list of unknown length".into()))?;
        self.whole(length as u64);
        Ok(Packer(self.0, self.1))
    }

    fn serialize_tuple(self, _: usize) -> Result<Packer<'a>, PackError> {
        Ok(Packer(self.0, self.1))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Packer<'a>, PackError> {
        Ok(Packer(self.0, self.1))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Packer<'a>, PackError> {
        self.whole(u64::from(variant));
        Ok(Packer(self.0, self.1))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, PackError> {
        let length = length.ok_or_else(|| PackError("a map of unknown length".into()))?;
        self.whole(length as u64);
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, PackError> {
        Ok(Fields::begin(self.0, self.1))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, PackError> {
        self.whole(u64::from(variant));
        Ok(Fields::begin(self.0, self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::unpack::unpack;
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Wide {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        a: Option<u32>,
        b: [u64; 5],
        #[serde(skip_serializing_if = "Option::is_none", default)]
        c: Option<String>,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        j: Option<Box<Self>>,
        k: u64,
    }

    #[test]
    fn fields_that_are_left_out_are_said_before_the_others_however_many_bytes_it_takes() {
        let inner = || Some(Box::new(Wide { b: [300; 5], k: u64::MAX, ..Wide::default() }));
        for (a, c, j, said) in [
            (Some(7), Some("text".to_owned()), None, &[0x17, 0xf7 + 2, 0, 2][..]),
            (None, Some("text".to_owned()), inner(), &[0x17, 1][..]),
            (None, None, inner(), &[0x17, 5]),
            (None, None, None, &[0x17, 0xf7 + 2, 5, 2]),
            (Some(7), Some(String::new()), inner(), &[0x16]),
        ] {
            let wide = Wide { a, c, j, b: [1, 2, 3, 70_000, 5], k: 9, ..Wide::default() };
            let mut bytes = b"before".to_vec();
            pack(&wide, Reals::Even, &mut bytes).unwrap();
            assert_eq!(bytes[6..].get(..said.len()), Some(said));
            assert_eq!(unpack::<Wide>(&bytes[6..], Reals::Even).unwrap(), wide);
        }
    }
}

//! Reads packed bytes again; [`super::pack`] says how they are made. Nothing here trusts them: what
//! does not fit is refused.

use super::pack::{ONE_BYTE, PackError, Reals};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer as _, Visitor};
use std::fmt;

impl de::Error for PackError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// A value out of bytes that hold nothing else.
pub(in crate::store) fn unpack<'de, T: de::Deserialize<'de>>(
    from: &'de [u8],
    reals: Reals,
) -> Result<T, PackError> {
    let mut unpacker = Unpacker(from, reals);
    let value = T::deserialize(&mut unpacker)?;
    if unpacker.0.is_empty() { Ok(value) } else { Err(PackError("more than was expected".into())) }
}

struct Unpacker<'de>(&'de [u8], Reals);

impl<'de> Unpacker<'de> {
    fn take(&mut self, n: usize) -> Result<&'de [u8], PackError> {
        let (front, rest) = self.0.split_at_checked(n).ok_or_else(|| PackError("it is torn".into()))?;
        self.0 = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (front, rest) = self.0.split_first_chunk().ok_or_else(|| PackError("it is torn".into()))?;
        self.0 = rest;
        Ok(*front)
    }

    fn whole(&mut self) -> Result<u64, PackError> {
        let [first] = self.array()?;
        let Some(length) = first.checked_sub(ONE_BYTE).filter(|length| *length > 0) else {
            return Ok(u64::from(first));
        };
        let mut bytes = [0; 8];
        for (byte, from) in bytes.iter_mut().zip(self.take(usize::from(length))?) {
            *byte = *from;
        }
        Ok(u64::from_le_bytes(bytes))
    }

    fn signed(&mut self) -> Result<i64, PackError> {
        let n = self.whole()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn real(&mut self) -> Result<f64, PackError> {
        match self.1 {
            Reals::Short => Ok(f64::from_bits(self.whole()?.swap_bytes())),
            Reals::Even => self.array().map(f64::from_le_bytes),
        }
    }

    fn small_real(&mut self) -> Result<f32, PackError> {
        match self.1 {
            Reals::Short => Ok(self.real()? as f32),
            Reals::Even => self.array().map(f32::from_le_bytes),
        }
    }

    fn bytes(&mut self) -> Result<&'de [u8], PackError> {
        let length = self.whole()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self) -> Result<&'de str, PackError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| PackError("a text is none".into()))
    }

    fn flag(&mut self) -> Result<bool, PackError> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(PackError(format!("`{other}` where yes or no stands"))),
        }
    }

    fn fields<V: Visitor<'de>>(
        &mut self,
        names: &'static [&'static str],
        v: V,
    ) -> Result<V::Value, PackError> {
        let [head] = self.array()?;
        let written = usize::from(head >> 1);
        if written > names.len() {
            return Err(PackError("it has a field that this program does not know".into()));
        }
        let skipped = if head & 1 == 1 { self.whole()? } else { 0 };
        let names = names.iter().take(written).enumerate();
        v.visit_map(Named { from: self, names, skipped })
    }

    fn counted<V: Visitor<'de>>(&mut self, left: usize, v: V) -> Result<V::Value, PackError> {
        v.visit_seq(Counted { from: self, left })
    }
}

/// The fields of a struct.
struct Named<'a, 'de, I> {
    from: &'a mut Unpacker<'de>,
    names: I,
    skipped: u64,
}

impl<'de, I: Iterator<Item = (usize, &'static &'static str)>> de::MapAccess<'de> for Named<'_, 'de, I> {
    type Error = PackError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, PackError> {
        let skipped = self.skipped;
        let mut left = self.names.by_ref().filter(|(n, _)| skipped >> n & 1 == 0);
        let Some((_, name)) = left.next() else { return Ok(None) };
        let name: StrDeserializer<'_, PackError> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, PackError> {
        seed.deserialize(&mut *self.from)
    }
}

/// The values of a list or tuple.
struct Counted<'a, 'de> {
    from: &'a mut Unpacker<'de>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Counted<'_, 'de> {
    type Error = PackError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, PackError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.from).map(Some)
    }

    /// A length that was read is no reason to take memory for.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.from.0.len()))
    }
}

/// The keys and values of a map.
impl<'de> de::MapAccess<'de> for Counted<'_, 'de> {
    type Error = PackError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, PackError> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, PackError> {
        seed.deserialize(&mut *self.from)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.from.0.len()))
    }
}

/// A variant and what it holds.
struct Variant<'a, 'de> {
    from: &'a mut Unpacker<'de>,
    names: &'static [&'static str],
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = PackError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), PackError> {
        let n = self.from.whole()?;
        let name = usize::try_from(n).ok().and_then(|n| self.names.get(n));
        let name = name.ok_or_else(|| PackError(format!("variant {n} is not known to this program")))?;
        let name: StrDeserializer<'_, PackError> = name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = PackError;

    fn unit_variant(self) -> Result<(), PackError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, PackError> {
        seed.deserialize(self.from)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, v: V) -> Result<V::Value, PackError> {
        self.from.counted(length, v)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        v: V,
    ) -> Result<V::Value, PackError> {
        self.from.fields(names, v)
    }
}

/// One line a kind of value: how it is read, and whom it is told to.
macro_rules! plain {
    ($($f:ident $read:ident $visit:ident),*) => {$(
        fn $f<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
            v.$visit(self.$read()?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Unpacker<'de> {
    type Error = PackError;

    plain!(
        deserialize_bool flag visit_bool,
        deserialize_u8 whole visit_u64,
        deserialize_u16 whole visit_u64,
        deserialize_u32 whole visit_u64,
        deserialize_u64 whole visit_u64,
        deserialize_i8 signed visit_i64,
        deserialize_i16 signed visit_i64,
        deserialize_i32 signed visit_i64,
        deserialize_i64 signed visit_i64,
        deserialize_f32 small_real visit_f32,
        deserialize_f64 real visit_f64,
        deserialize_str text visit_borrowed_str,
        deserialize_string text visit_borrowed_str,
        deserialize_bytes bytes visit_borrowed_bytes,
        deserialize_byte_buf bytes visit_borrowed_bytes
    );

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_u128<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        v.visit_u128(u128::from_le_bytes(self.array()?))
    }

    fn deserialize_char<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        let c = u32::try_from(self.whole()?).ok().and_then(char::from_u32);
        v.visit_char(c.ok_or_else(|| PackError("a character is none".into()))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        if self.flag()? { v.visit_some(self) } else { v.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        v.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, v: V) -> Result<V::Value, PackError> {
        v.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        v: V,
    ) -> Result<V::Value, PackError> {
        v.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        let length = usize::try_from(self.whole()?).unwrap_or(usize::MAX);
        self.counted(length, v)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, v: V) -> Result<V::Value, PackError> {
        self.counted(length, v)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        v: V,
    ) -> Result<V::Value, PackError> {
        self.counted(length, v)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        v: V,
    ) -> Result<V::Value, PackError> {
        self.fields(names, v)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        v: V,
    ) -> Result<V::Value, PackError> {
        v.visit_enum(Variant { from: self, names })
    }

    fn deserialize_map<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        let left = usize::try_from(self.whole()?).unwrap_or(usize::MAX);
        v.visit_map(Counted { from: self, left })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, PackError> {
        Err(PackError("packed bytes do not say what they are".into()))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        self.deserialize_any(v)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, v: V) -> Result<V::Value, PackError> {
        self.deserialize_any(v)
    }
}

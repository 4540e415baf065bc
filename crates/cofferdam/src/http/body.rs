//! Bodies and query strings: their type, their size, and what they hold.
//!
//! A body is taken as bytes and read into a tree that borrows from them; its table says what may be in
//! it. Called by [`super::wire`]; it knows no resource.

use super::form;
use super::json::{self, Fault, Fields, Json};
use super::problem::{Code, Problem};
use super::shape::{self, Checker, Shape};
use cofferdam_atlas::Country;
use hyper::HeaderMap;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Bodies up to this size.
pub const SIZE_MAX: usize = 64 * 1024;
/// Events and list entries up to this.
pub const BIG_MAX: usize = 8 * 1024 * 1024;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`, also where nothing is said.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/x-ndjson`: one value a line.
    Lines,
}

/// How a body is written, by its headers.
pub fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    if headers.get(CONTENT_ENCODING).is_some_and(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Code::UnsupportedMediaType, "content encodings are not taken"));
    }
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    let Some(first) = all.next() else { return Ok(Format::Json) };
    if all.next().is_some() {
        return Err(Problem::new(Code::UnsupportedMediaType, "two content types are said"));
    }
    if first.as_bytes() == b"application/json" {
        return Ok(Format::Json);
    }
    let text = first.to_str().unwrap_or("").to_ascii_lowercase();
    let (media, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let utf8 = parameters.split(';').all(|parameter| match parameter.trim().split_once('=') {
        Some(("charset", set)) => matches!(set.trim_matches('"'), "utf-8" | "utf8"),
        _ => true,
    });
    match media.trim() {
        _ if !utf8 => Err(Problem::new(Code::UnsupportedMediaType, "the character set is UTF-8")),
        "application/json" => Ok(Format::Json),
        "application/x-www-form-urlencoded" => Ok(Format::Form),
        "application/x-ndjson" => Ok(Format::Lines),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send `application/json` or `application/x-www-form-urlencoded`",
        )),
    }
}

/// A checked object, with its fields by name. `texts`: all values are texts.
#[derive(Debug)]
pub struct Doc<'a> {
    fields: Fields<'a>,
    texts: bool,
}

/// Part of a checked object.
#[derive(Debug, Clone, Copy)]
pub struct Part<'d, 'a> {
    fields: &'d [(Cow<'a, str>, Json<'a>)],
    texts: bool,
}

/// Reads a body against its table. An empty body is an empty object.
pub fn read<'a>(headers: &HeaderMap, bytes: &'a [u8], shape: &'static Shape) -> Result<Doc<'a>, Problem> {
    let (fields, texts) = match format(headers)? {
        _ if bytes.is_empty() => (Vec::new(), false),
        Format::Form => (form::parse(bytes).map_err(Problem::fault)?, true),
        Format::Json => (object(bytes)?, false),
        Format::Lines => {
            return Err(Problem::new(Code::UnsupportedMediaType, "only events are taken line by line"));
        }
    };
    checked(fields, texts, shape)
}

/// Reads a query string against its table.
pub fn query(text: &str, shape: &'static Shape) -> Result<Doc<'static>, Problem> {
    checked(form::parse(text.as_bytes()).map_err(Problem::fault)?, true, shape)
}

/// Checks an object against a table.
pub fn checked<'a>(fields: Fields<'a>, texts: bool, shape: &'static Shape) -> Result<Doc<'a>, Problem> {
    let mut checker = Checker::new(texts);
    checker.object(shape, &fields);
    if checker.faults.is_empty() { Ok(Doc { fields, texts }) } else { Err(Problem::fields(checker.faults)) }
}

/// A JSON object.
pub fn object(bytes: &[u8]) -> Result<Fields<'_>, Problem> {
    match json::parse(bytes).map_err(Problem::fault)? {
        Json::Object(fields) => Ok(fields),
        other => Err(Problem::fault(Fault {
            field: String::new(),
            code: "wrong_type",
            detail: format!("an object is expected, this is {}", other.noun()),
        })),
    }
}

impl<'a> Doc<'a> {
    /// All of it, for reading.
    pub fn part(&self) -> Part<'_, 'a> {
        Part { fields: &self.fields, texts: self.texts }
    }
}

impl<'a> std::ops::Deref for Doc<'a> {
    type Target = Fields<'a>;

    fn deref(&self) -> &Fields<'a> {
        &self.fields
    }
}

impl<'d, 'a> Part<'d, 'a> {
    /// Part of a checked tree.
    pub fn new(fields: &'d [(Cow<'a, str>, Json<'a>)], texts: bool) -> Self {
        Self { fields, texts }
    }

    /// A value; `null` is none.
    pub fn get(self, name: &str) -> Option<&'d Json<'a>> {
        self.fields
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
            .filter(|v| **v != Json::Null)
    }

    /// Whether the field was said at all, `null` included.
    pub fn said(self, name: &str) -> bool {
        self.fields.iter().any(|(other, _)| other == name)
    }

    /// A text.
    pub fn str(self, name: &str) -> Option<&'d str> {
        match self.get(name)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text of one's own.
    pub fn text(self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    /// A whole number; the table has bounded it.
    pub fn int<T: TryFrom<i64>>(self, name: &str) -> Option<T> {
        shape::int(self.get(name)?, self.texts)?.try_into().ok()
    }

    /// A boolean.
    pub fn bool(self, name: &str) -> Option<bool> {
        shape::boolean(self.get(name)?, self.texts)
    }

    /// A country.
    pub fn country(self, name: &str) -> Option<Country> {
        shape::country(self.str(name)?)
    }

    /// An address.
    pub fn ip(self, name: &str) -> Option<IpAddr> {
        shape::ip(self.str(name)?)
    }

    /// A time, in Unix milliseconds.
    pub fn time(self, name: &str) -> Option<i64> {
        shape::time(self.str(name)?)
    }

    /// Money, in millionths, with its currency.
    pub fn money(self, name: &str) -> Option<(i64, &'d str)> {
        match self.get(name)? {
            Json::Object(fields) => shape::money(fields),
            _ => None,
        }
    }

    /// An object within; an empty one if it isn't there.
    pub fn object(self, name: &str) -> Part<'d, 'a> {
        let fields = match self.get(name) {
            Some(Json::Object(fields)) => fields.as_slice(),
            _ => &[],
        };
        Part { fields, texts: self.texts }
    }

    /// A list within; an empty one if it isn't there.
    pub fn list(self, name: &str) -> &'d [Json<'a>] {
        match self.get(name) {
            Some(Json::List(items)) => items,
            _ => &[],
        }
    }

    /// Fields in their order.
    pub fn fields(self) -> &'d [(Cow<'a, str>, Json<'a>)] {
        self.fields
    }

    /// Pairs of texts.
    pub fn pairs(self, name: &str) -> BTreeMap<String, String> {
        let text = |value: &Json<'_>| match value {
            Json::Text(text) => Some(text.clone().into_owned()),
            _ => None,
        };
        let fields = self.object(name).fields;
        fields.iter().filter_map(|(name, value)| Some((name.clone().into_owned(), text(value)?))).collect()
    }

    /// One of a closed set of words, by serde's own names for it.
    pub fn word<T: serde::de::DeserializeOwned>(self, name: &str) -> Option<T> {
        word(self.str(name)?)
    }
}

/// One of a closed set of words.
pub fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    use serde::de::value::{Error, StrDeserializer};
    T::deserialize(StrDeserializer::<Error>::new(text)).ok()
}

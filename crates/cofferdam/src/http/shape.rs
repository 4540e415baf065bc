//! What a body or a query string may hold, as tables.
//!
//! One table serves twice: a body is checked against it, with every fault named by its field, and the
//! API's document is written from it, so that the two cannot disagree. A table says how a value looks;
//! what it means is the use case's business. The tables stand in [`super::shapes`] and beside the
//! resources; [`super::body`] and [`super::openapi`] read them.

use super::json::{Json, shown};
use crate::verify::FieldError;
use cofferdam_atlas::Country;
use std::net::IpAddr;

/// At most this many faults are told at once.
const FAULTS_MAX: usize = 20;
/// 2100-01-01, in Unix milliseconds: later times are mistakes.
const TIME_MAX_MS: i64 = 4_102_444_800_000;

/// How a value looks.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One line of at most so many characters; none of them a control character.
    Text(usize),
    /// The same, and line breaks and tabs.
    Note(usize),
    /// A whole number within bounds.
    Int(i64, i64),
    /// `true` or `false`.
    Bool,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// ISO 3166-1 alpha-2.
    Country,
    /// An IPv4 or IPv6 address.
    Ip,
    /// RFC 3339.
    Time,
    /// `{"amount":"0.0742","currency":"USD"}`.
    Money,
    /// Fields of its own.
    Object(&'static Shape),
    /// At most so many of a kind.
    List(&'static Kind, usize),
    /// At most so many pairs of texts, each value of at most so many characters.
    Pairs(usize, usize),
    /// A value for each of these names.
    Each(&'static [&'static str], &'static Kind),
    /// Taken as it is and read by the resource, which refuses it item by item.
    Items(&'static Shape, usize),
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// How it looks.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// For the document.
    pub about: &'static str,
}

/// The fields of an object.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the document.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field that may be left out.
pub const fn may(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: false, about }
}

/// A field that must be there.
pub const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: true, about }
}

/// A body or query string without fields.
pub static NOTHING: Shape = Shape { name: "Nothing", fields: &[] };

/// Collects faults. `texts` says that all values came as texts (forms, query strings).
pub struct Checker {
    /// What was found.
    pub faults: Vec<FieldError>,
    texts: bool,
    path: Vec<String>,
}

impl Checker {
    /// A checker for a tree.
    pub fn new(texts: bool) -> Self {
        Self { faults: Vec::new(), texts, path: Vec::new() }
    }

    fn fault(&mut self, code: &'static str, detail: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(FieldError { field: self.path.join("."), code, detail: detail.into() });
        }
    }

    fn within(&mut self, name: &str, then: impl FnOnce(&mut Self)) {
        self.path.push(shown(name));
        then(self);
        self.path.pop();
    }

    /// Checks an object against its table.
    pub fn object(&mut self, shape: &Shape, fields: &[(std::borrow::Cow<'_, str>, Json<'_>)]) {
        for (name, value) in fields {
            match shape.fields.iter().find(|field| field.name == name) {
                // Checked in place first: a path is only built for what is at fault.
                Some(field) if !field.required && *value == Json::Null => {}
                Some(field) if fine(&field.kind, value, self.texts) => {}
                Some(field) => self.within(name, |at| at.value(&field.kind, value)),
                None => self.within(name, |at| at.fault("unknown", "there is no such field")),
            }
        }
        for field in shape.fields.iter().filter(|field| field.required) {
            if !fields.iter().any(|(name, _)| name == field.name) {
                self.within(field.name, |at| at.fault("missing", "this field is required"));
            }
        }
    }

    fn value(&mut self, kind: &Kind, value: &Json<'_>) {
        match (kind, value) {
            (Kind::Object(shape), Json::Object(fields)) => self.object(shape, fields),
            (Kind::Money, Json::Object(fields)) => self.money(fields),
            (Kind::Items(_, max), Json::List(items)) if items.len() <= *max => {}
            (Kind::List(_, max) | Kind::Items(_, max), Json::List(items)) if items.len() > *max => {
                self.fault("too_many", format!("at most {max} items"));
            }
            (Kind::List(kind, _), Json::List(items)) => {
                for (n, item) in items.iter().enumerate() {
                    self.within(&n.to_string(), |at| at.value(kind, item));
                }
            }
            (Kind::Pairs(max, _), Json::Object(fields)) if fields.len() > *max => {
                self.fault("too_many", format!("at most {max} pairs"));
            }
            (Kind::Pairs(_, longest), Json::Object(fields)) => {
                for (name, value) in fields {
                    self.within(name, |at| {
                        at.text(name, 64, false);
                        at.value(&Kind::Note(*longest), value);
                    });
                }
            }
            (Kind::Each(names, kind), Json::Object(fields)) => {
                for (name, value) in fields {
                    self.within(name, |at| {
                        if names.contains(&name.as_ref()) {
                            at.value(kind, value);
                        } else {
                            at.fault("unknown", format!("one of: {}", names.join(", ")));
                        }
                    });
                }
            }
            _ => self.plain(kind, value),
        }
    }

    fn plain(&mut self, kind: &Kind, value: &Json<'_>) {
        match (kind, value) {
            (Kind::Text(max), Json::Text(text)) => self.text(text, *max, false),
            (Kind::Note(max), Json::Text(text)) => self.text(text, *max, true),
            (Kind::OneOf(words), Json::Text(text)) => {
                if !words.contains(&text.as_ref()) {
                    self.fault("not_allowed", format!("one of: {}", words.join(", ")));
                }
            }
            (Kind::Country, Json::Text(text)) => {
                if country(text).is_none() {
                    self.fault("malformed", "a country is two letters of ISO 3166-1, such as `GB`");
                }
            }
            (Kind::Ip, Json::Text(text)) => {
                if ip(text).is_none() {
                    self.fault("malformed", "write an IPv4 or IPv6 address");
                }
            }
            (Kind::Time, Json::Text(text)) => {
                if time(text).is_none() {
                    self.fault("malformed", "write a time of RFC 3339, such as `2026-11-20T08:00:00.000Z`");
                }
            }
            (Kind::Int(min, max), value) => match int(value, self.texts) {
                Some(n) if (*min..=*max).contains(&n) => {}
                Some(_) => self.fault("out_of_range", format!("from {min} to {max}")),
                None if matches!(value, Json::Float(_)) => {
                    self.fault("out_of_range", format!("a whole number from {min} to {max}"));
                }
                None => self.wrong(kind, value),
            },
            (Kind::Bool, value) if boolean(value, self.texts).is_some() => {}
            (_, value) => self.wrong(kind, value),
        }
    }

    fn text(&mut self, text: &str, max: usize, breaks: bool) {
        if text.len() > max && text.chars().count() > max {
            self.fault("too_long", format!("at most {max} characters"));
        } else if text.chars().any(|c| c.is_control() && !(breaks && matches!(c, '\n' | '\r' | '\t'))) {
            self.fault("control_character", "control characters are not taken");
        } else if text.is_empty() {
            self.fault("empty", "the text is empty");
        }
    }

    fn money(&mut self, fields: &[(std::borrow::Cow<'_, str>, Json<'_>)]) {
        static MONEY: Shape = Shape {
            name: "Money",
            fields: &[
                must("amount", Kind::Text(24), "A decimal."),
                must("currency", Kind::Text(3), "ISO 4217."),
            ],
        };
        let before = self.faults.len();
        self.object(&MONEY, fields);
        if self.faults.len() == before && money(fields).is_none() {
            self.fault(
                "malformed",
                "an amount is a decimal from 0 with at most six places, a currency three capital letters",
            );
        }
    }

    fn wrong(&mut self, kind: &Kind, value: &Json<'_>) {
        self.fault("wrong_type", format!("{} is expected, this is {}", kind.noun(), value.noun()));
    }
}

/// Whether a value is plainly right. What it doesn't vouch for is looked at with its path.
fn fine(kind: &Kind, value: &Json<'_>, texts: bool) -> bool {
    match (kind, value) {
        (Kind::Text(max), Json::Text(text)) => {
            !text.is_empty() && text.len() <= *max && !text.bytes().any(|b| !(b' '..0x7f).contains(&b))
        }
        (Kind::OneOf(words), Json::Text(text)) => words.contains(&text.as_ref()),
        (Kind::Country, Json::Text(text)) => country(text).is_some(),
        (Kind::Ip, Json::Text(text)) => ip(text).is_some(),
        (Kind::Int(min, max), value) => int(value, texts).is_some_and(|n| (*min..=*max).contains(&n)),
        _ => false,
    }
}

impl Kind {
    fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Note(_) | Self::OneOf(_) | Self::Country | Self::Ip | Self::Time => {
                "a text"
            }
            Self::Int(..) => "a whole number",
            Self::Bool => "a boolean",
            Self::Money | Self::Object(_) | Self::Pairs(..) | Self::Each(..) => "an object",
            Self::List(..) | Self::Items(..) => "a list",
        }
    }
}

/// A country by its two letters.
pub fn country(text: &str) -> Option<Country> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())).then(|| Country::from_iso2(text))?
}

/// An address, in any notation of the standard library; zones and ports are none.
pub fn ip(text: &str) -> Option<IpAddr> {
    (text.len() <= 45).then(|| text.parse().ok())?
}

/// RFC 3339 as Unix milliseconds, within the years 1970 to 2099.
pub fn time(text: &str) -> Option<i64> {
    // The parser takes more than RFC 3339 does (years with a sign, seconds left out, annotations).
    let strict = text.len() <= 40
        && text.as_bytes().get(10).is_some_and(|b| matches!(b, b'T' | b't' | b' '))
        && text.as_bytes().get(16) == Some(&b':')
        && !text.contains('[');
    let at: jiff::Timestamp = strict.then(|| text.parse().ok())??;
    Some(at.as_millisecond()).filter(|ms| (0..TIME_MAX_MS).contains(ms))
}

/// A whole number; out of a text where all values are texts.
pub fn int(value: &Json<'_>, texts: bool) -> Option<i64> {
    match value {
        Json::Int(n) => Some(*n),
        Json::Text(text) if texts && !text.starts_with('+') => text.parse().ok(),
        _ => None,
    }
}

/// A boolean; out of a text where all values are texts.
pub fn boolean(value: &Json<'_>, texts: bool) -> Option<bool> {
    match value {
        Json::Bool(b) => Some(*b),
        Json::Text(text) if texts => text.parse().ok(),
        _ => None,
    }
}

/// Money as millionths and currency.
pub fn money<'f>(fields: &'f [(std::borrow::Cow<'_, str>, Json<'_>)]) -> Option<(i64, &'f str)> {
    let text = |wanted: &str| match fields.iter().find(|(name, _)| name == wanted) {
        Some((_, Json::Text(text))) => Some(text.as_ref()),
        _ => None,
    };
    let currency = text("currency")?;
    let capital = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    capital.then(|| micros(text("amount")?))?.map(|micros| (micros, currency))
}

/// `0.0742` as millionths, from 0 to a million.
fn micros(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str, max| (1..=max).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 7) || !digits(part, 6) {
        return None;
    }
    let scale = 10_i64.pow(6 - u32::try_from(part.len()).ok()?);
    Some(whole.parse::<i64>().ok()? * 1_000_000 + part.parse::<i64>().ok()? * scale)
        .filter(|micros| *micros <= 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::json::parse;
    use super::*;

    static INNER: Shape =
        Shape { name: "Inner", fields: &[may("ip", Kind::Ip, ""), may("n", Kind::Int(1, 5), "")] };
    static OUTER: Shape = Shape {
        name: "Outer",
        fields: &[
            must("to", Kind::Text(8), ""),
            may("client", Kind::Object(&INNER), ""),
            may("price", Kind::Money, ""),
            may("at", Kind::Time, ""),
            may("metadata", Kind::Pairs(2, 5), ""),
            may("list", Kind::List(&Kind::Int(0, 9), 2), ""),
        ],
    };

    fn faults(body: &str) -> Vec<(String, &'static str)> {
        let Json::Object(fields) = parse(body.as_bytes()).unwrap() else { panic!() };
        let mut checker = Checker::new(false);
        checker.object(&OUTER, &fields);
        checker.faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn every_fault_is_named_by_its_path() {
        assert_eq!(
            faults(r#"{"to":"a","client":{"ip":"::1","n":5},"price":{"amount":"0.07","currency":"USD"}}"#),
            []
        );
        for (body, field, code) in [
            ("{}", "to", "missing"),
            (r#"{"to":null}"#, "to", "wrong_type"),
            (r#"{"to":5}"#, "to", "wrong_type"),
            (r#"{"to":""}"#, "to", "empty"),
            (r#"{"to":"123456789"}"#, "to", "too_long"),
            (r#"{"to":"a\u0000"}"#, "to", "control_character"),
            (r#"{"to":"a","x":1}"#, "x", "unknown"),
            (r#"{"to":"a","client":{"ip":"1.2.3"}}"#, "client.ip", "malformed"),
            (r#"{"to":"a","client":{"n":6}}"#, "client.n", "out_of_range"),
            (r#"{"to":"a","client":{"n":1.5}}"#, "client.n", "out_of_range"),
            (r#"{"to":"a","client":{"y":6}}"#, "client.y", "unknown"),
            (r#"{"to":"a","client":[]}"#, "client", "wrong_type"),
            (r#"{"to":"a","price":{"amount":"-1","currency":"USD"}}"#, "price", "malformed"),
            (r#"{"to":"a","price":{"amount":1,"currency":"USD"}}"#, "price.amount", "wrong_type"),
            (r#"{"to":"a","at":"yesterday"}"#, "at", "malformed"),
            (r#"{"to":"a","at":"2026-11-20"}"#, "at", "malformed"),
            (r#"{"to":"a","at":"9999-11-20T00:00:00Z"}"#, "at", "malformed"),
            (r#"{"to":"a","metadata":{"k":"123456"}}"#, "metadata.k", "too_long"),
            (r#"{"to":"a","metadata":{"k":1}}"#, "metadata.k", "wrong_type"),
            (r#"{"to":"a","metadata":{"a":"1","b":"1","c":"1"}}"#, "metadata", "too_many"),
            (r#"{"to":"a","list":[1,10]}"#, "list.1", "out_of_range"),
            (r#"{"to":"a","list":[1,1,1]}"#, "list", "too_many"),
        ] {
            assert_eq!(faults(body), [(field.to_owned(), code)], "{body}");
        }
    }

    #[test]
    fn money_is_exact() {
        assert_eq!(micros("0.0742"), Some(74_200));
        assert_eq!(micros("1"), Some(1_000_000));
        for bad in ["", ".", "1.", ".5", "1e3", "-1", "+1", "0.0000001", "10000000", "1000000.1", "１"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}

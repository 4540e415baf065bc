//! JSON as it was sent: a tree that borrows from the body, refused early when it is not what an
//! honest caller would send.
//!
//! It finds what a typed parse would hide (a key said twice, depth, sheer size) and remembers where.
//! It knows nothing of what a body means: that is [`super::shape`]'s work. Called by [`super::body`].

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// Objects within objects: `{"a":{"b":1}}` is two deep. The deepest body of the API is five.
const DEPTH_MAX: u32 = 16;
/// Fields of one object; the widest of the API has fewer than thirty.
const FIELDS_MAX: usize = 64;
/// Items of one list: as many as the events of one call.
pub const ITEMS_MAX: usize = 1_000;
/// Values of one body: a thousand events of the widest kind are fewer than 20,000.
const VALUES_MAX: u32 = 50_000;

/// A value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as JSON names them")]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no 64-bit integer.
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Fields<'a>),
}

/// The fields of an object, in their order; no name occurs twice.
pub type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// Why a body is not a tree of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Dotted path of where it was noticed; empty at the top.
    pub field: String,
    /// Stable.
    pub code: &'static str,
    /// For people, with line and column.
    pub detail: String,
}

/// What is known while parsing: how much was read, and where it went wrong.
#[derive(Default)]
struct State {
    values: Cell<u32>,
    fault: RefCell<Option<(&'static str, String)>>,
    /// Names on the way to the fault, innermost first.
    path: RefCell<Vec<String>>,
}

impl State {
    fn refuse<E: serde::de::Error>(&self, code: &'static str, detail: String) -> E {
        self.fault.borrow_mut().get_or_insert((code, detail));
        E::custom("refused")
    }

    fn came_through(&self, name: &str) {
        self.path.borrow_mut().push(shown(name));
    }
}

/// A name that somebody sent, fit to be repeated: short, and without control characters.
pub fn shown(name: &str) -> String {
    let mut out: String =
        name.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(64).is_some() {
        out.push('…');
    }
    out
}

/// Reads one value that fills `bytes` but for white space.
pub fn parse(bytes: &[u8]) -> Result<Json<'_>, Fault> {
    // Looked at once as a whole, or each of its texts would be by itself. What is none says where by being read.
    match std::str::from_utf8(bytes) {
        Ok(text) => value(serde_json::Deserializer::from_str(text)),
        Err(_) => value(serde_json::Deserializer::from_slice(bytes)),
    }
}

fn value<'de, R: serde_json::de::Read<'de>>(mut de: serde_json::Deserializer<R>) -> Result<Json<'de>, Fault> {
    let state = State::default();
    let seed = Seed { state: &state, depth: 0 };
    seed.deserialize(&mut de)
        .and_then(|value| de.end().map(|()| value))
        .map_err(|error| fault(&state, &error))
}

fn fault(state: &State, error: &serde_json::Error) -> Fault {
    let mut path = state.path.borrow().clone();
    path.reverse();
    let at = format!("line {}, column {}", error.line(), error.column());
    let field = path.join(".");
    if let Some((code, detail)) = state.fault.borrow_mut().take() {
        return Fault { field, code, detail: format!("{detail} ({at})") };
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or("not JSON");
    Fault { field, code: "malformed", detail: format!("the body is not JSON: {text} ({at})") }
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    state: &'s State,
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        let values = self.state.values.get() + 1;
        self.state.values.set(values);
        if values > VALUES_MAX {
            return Err(self.state.refuse("too_many", format!("more than {VALUES_MAX} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Json<'de>, E> {
        Ok(Json::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(v).map_or(Json::Float(v as f64), Json::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Json<'de>, E> {
        Ok(Json::Float(v))
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(v.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        loop {
            match seq.next_element_seed(inner) {
                Ok(None) => return Ok(Json::List(items)),
                Ok(Some(_)) if items.len() == ITEMS_MAX => {
                    return Err(self.state.refuse("too_many", format!("more than {ITEMS_MAX} items")));
                }
                Ok(Some(item)) => items.push(item),
                Err(error) => {
                    self.state.came_through(&items.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut fields: Fields<'de> = Vec::with_capacity(8);
        while let Some(name) = map.next_key_seed(Name)? {
            if fields.iter().any(|(other, _)| *other == name) {
                self.state.came_through(&name);
                return Err(self.state.refuse("duplicate", format!("`{}` is said twice", shown(&name))));
            }
            if fields.len() == FIELDS_MAX {
                return Err(self.state.refuse("too_many", format!("more than {FIELDS_MAX} fields")));
            }
            match map.next_value_seed(inner) {
                Ok(value) => fields.push((name, value)),
                Err(error) => {
                    self.state.came_through(&name);
                    return Err(error);
                }
            }
        }
        Ok(Json::Object(fields))
    }
}

impl<'s> Seed<'s> {
    fn deeper<E: serde::de::Error>(self) -> Result<Seed<'s>, E> {
        let depth = self.depth + 1;
        if depth > DEPTH_MAX {
            return Err(self.state.refuse("too_deep", format!("nested more than {DEPTH_MAX} deep")));
        }
        Ok(Seed { depth, ..self })
    }
}

/// A field's name, borrowed where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(v.to_owned()))
    }
}

impl Json<'_> {
    /// What it is, in words.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_said_twice_is_refused_with_its_path_and_place() {
        let fault = parse(br#"{"client":{"ip":"a","ip":"b"}}"#).unwrap_err();
        assert_eq!((fault.field.as_str(), fault.code), ("client.ip", "duplicate"));
        assert!(fault.detail.contains("line 1, column"));
        // The same name, written otherwise.
        assert_eq!(parse(br#"{"to":1,"\u0074o":2}"#).unwrap_err().code, "duplicate");
    }

    #[test]
    fn depth_width_and_size_are_bounded() {
        assert_eq!(parse("[".repeat(17).as_bytes()).unwrap_err().code, "too_deep");
        assert!(parse(format!("{}1{}", "[".repeat(16), "]".repeat(16)).as_bytes()).is_ok());
        let wide: Vec<String> = (0..65).map(|n| format!("\"f{n}\":0")).collect();
        assert_eq!(parse(format!("{{{}}}", wide.join(",")).as_bytes()).unwrap_err().code, "too_many");
        let long = format!("[{}0]", "0,".repeat(1_000));
        assert_eq!(parse(long.as_bytes()).unwrap_err().code, "too_many");
        let many = format!("[{}0]", format!("[{}0],", "0,".repeat(900)).repeat(60));
        assert_eq!(parse(many.as_bytes()).unwrap_err().code, "too_many");
    }

    #[test]
    fn what_is_not_json_says_where() {
        let fault = parse(b"{\"to\":\n 1e999}").unwrap_err();
        assert_eq!((fault.field.as_str(), fault.code), ("to", "malformed"));
        assert!(fault.detail.contains("line 2"), "{}", fault.detail);
        for bad in [
            &b""[..],
            b"{",
            b"{\"to\":\"\xff\"}",
            b"{\"to\":\"\x01\"}",
            b"nul",
            b"{}x",
            b"\xef\xbb\xbf{}",
            b"'a'",
        ] {
            assert_eq!(parse(bad).unwrap_err().code, "malformed", "{bad:?}");
        }
    }

    #[test]
    fn texts_borrow_unless_they_are_escaped() {
        let Json::Object(fields) = parse(br#"{"a":"b","c":"\u00e9"}"#).unwrap() else { panic!() };
        assert!(matches!(&fields[0].1, Json::Text(Cow::Borrowed("b"))));
        assert!(matches!(&fields[1].1, Json::Text(Cow::Owned(text)) if text == "é"));
        assert_eq!(parse(b"18446744073709551615").unwrap(), Json::Float(18_446_744_073_709_551_615.0));
    }
}

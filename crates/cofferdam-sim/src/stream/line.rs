//! Reads one line of a stream. Unknown fields and types are ignored; what is wrong is named by field.
//!
//! It does not know what number a line has, nor what came before it: the program that reads the file
//! says the one, `pipe` knows the other.

use super::json::{NotJson, Object, Value};
use super::money::{self, NotMoney};
use super::time;
use super::{AttemptEvent, Became, Event, OutcomeEvent};
use alloc::borrow::Cow;
use alloc::string::String;
use cofferdam_engine::Channel;
use cofferdam_engine::outcome::{CheckResult, DeliveryStatus};
use core::fmt;

/// Longest line, in bytes, without its end.
pub const LINE_MAX: usize = 16 * 1024;

/// Longest identifier, in characters.
pub const ID_MAX: usize = 64;

/// Why a line is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineError {
    /// Longer than [`LINE_MAX`].
    TooLong,
    /// Not UTF-8; at which byte, counted from 1.
    NotUtf8(usize),
    /// No JSON object; at which byte, counted from 1, and what should stand there.
    NotJson(usize, &'static str),
    /// A field that must stand does not.
    Missing(&'static str),
    /// A field that means something stands twice.
    Twice(&'static str),
    /// A field's value cannot be read; what it should be.
    Wrong(&'static str, &'static str),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {LINE_MAX} bytes"),
            Self::NotUtf8(at) => write!(f, "not UTF-8 at byte {at}"),
            Self::NotJson(at, wanted) => write!(f, "not a JSON object: byte {at} should be {wanted}"),
            Self::Missing(field) => write!(f, "`{field}` is missing"),
            Self::Twice(field) => write!(f, "`{field}` stands twice"),
            Self::Wrong(field, wanted) => write!(f, "`{field}` should be {wanted}"),
        }
    }
}

impl core::error::Error for LineError {}

impl From<NotJson> for LineError {
    fn from(NotJson { at, wanted }: NotJson) -> Self {
        Self::NotJson(at + 1, wanted)
    }
}

/// Reads a line; `None` for an empty one and for a type that is not known.
pub fn read(line: &[u8]) -> Result<Option<Event>, LineError> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > LINE_MAX {
        return Err(LineError::TooLong);
    }
    let text = core::str::from_utf8(line).map_err(|error| LineError::NotUtf8(error.valid_up_to() + 1))?;
    let fields = Fields::read(text)?;
    match fields.text("type")? {
        None => Err(LineError::Missing("type")),
        Some("attempt") => fields.attempt().map(|attempt| Some(Event::Attempt(attempt))),
        Some("challenge") => fields.challenge().and_then(|what| fields.outcome(what)).map(Some),
        Some("delivery") => fields.delivery().and_then(|what| fields.outcome(what)).map(Some),
        Some("check") => fields.check(true).and_then(|what| fields.outcome(what)).map(Some),
        Some("conversion") => fields.check(false).and_then(|what| fields.outcome(what)).map(Some),
        Some(_) => Ok(None),
    }
}

/// The names that mean something, in the order of [`Fields::values`].
const NAMES: [&str; 17] = [
    "type",
    "id",
    "ts",
    "phone",
    "channel",
    "price",
    "ip",
    "asn",
    "ip_country",
    "device_id",
    "session_id",
    "user_id",
    "user_agent",
    "profile",
    "attempt_id",
    "result",
    "status",
];

/// One flat line: what stands under each name.
struct Fields<'a> {
    values: [Option<Value<'a>>; NAMES.len()],
    twice: Option<&'static str>,
}

/// Where a name stands in [`NAMES`]; a match on its bytes is faster than a search.
fn place(name: &str) -> Option<usize> {
    Some(match name {
        "type" => 0,
        "id" => 1,
        "ts" => 2,
        "phone" => 3,
        "channel" => 4,
        "price" => 5,
        "ip" => 6,
        "asn" => 7,
        "ip_country" => 8,
        "device_id" => 9,
        "session_id" => 10,
        "user_id" => 11,
        "user_agent" => 12,
        "profile" => 13,
        "attempt_id" => 14,
        "result" => 15,
        "status" => 16,
        _ => return None,
    })
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, LineError> {
        let mut fields = Self { values: [const { None }; NAMES.len()], twice: None };
        let mut object = Object::open(text)?;
        while let Some((name, value)) = object.next()? {
            let Some(at) = place(&name) else { continue };
            if let Some(slot) = fields.values.get_mut(at) {
                if slot.is_some() {
                    fields.twice = NAMES.get(at).copied();
                }
                *slot = Some(value);
            }
        }
        Ok(fields)
    }

    /// What stands under a name; `null` is as if it did not.
    fn value(&self, name: &str) -> Option<&Value<'a>> {
        let value = place(name).and_then(|at| self.values.get(at)?.as_ref());
        value.filter(|value| **value != Value::Null)
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, LineError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(LineError::Wrong(name, "a text")),
        }
    }

    /// A text of its own; what the line lends is copied once.
    fn take(&mut self, name: &'static str) -> Result<Option<String>, LineError> {
        let value = place(name).and_then(|at| self.values.get_mut(at)?.take());
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(Cow::into_owned(text))),
            Some(_) => Err(LineError::Wrong(name, "a text")),
        }
    }

    fn id(&mut self, name: &'static str) -> Result<String, LineError> {
        let id = self.take(name)?.ok_or(LineError::Missing(name))?;
        if id.is_empty() || (id.len() > ID_MAX && id.chars().count() > ID_MAX) {
            return Err(LineError::Wrong(name, "of 1 to 64 characters"));
        }
        Ok(id)
    }

    fn at_ms(&self) -> Result<i64, LineError> {
        let wrong = LineError::Wrong("ts", "Unix milliseconds or an RFC 3339 time with offset");
        match self.value("ts") {
            None => Err(LineError::Missing("ts")),
            Some(Value::Number(number)) => {
                number.parse().ok().filter(|at_ms| time::plausible(*at_ms)).ok_or(wrong)
            }
            Some(Value::Text(text)) => time::rfc3339(text).ok_or(wrong),
            Some(_) => Err(wrong),
        }
    }

    fn price(&self) -> Result<Option<i64>, LineError> {
        let Some(value) = self.value("price") else { return Ok(None) };
        let Value::Number(number) = value else { return Err(LineError::Wrong("price", "a number")) };
        match money::micros(number) {
            Ok(micros) if micros >= 0 => Ok(Some(micros)),
            Ok(_) => Err(LineError::Wrong("price", "nought or more")),
            Err(NotMoney::TooLarge) => Err(LineError::Wrong("price", "below a thousand million")),
            Err(NotMoney::NotANumber) => Err(LineError::Wrong("price", "a number")),
        }
    }

    fn asn(&self) -> Result<Option<u32>, LineError> {
        let wrong = LineError::Wrong("asn", "a whole number below 2^32");
        match self.value("asn") {
            None => Ok(None),
            Some(Value::Number(number)) => number.parse().map(Some).map_err(|_| wrong),
            Some(_) => Err(wrong),
        }
    }

    fn attempt(mut self) -> Result<AttemptEvent, LineError> {
        self.once()?;
        Ok(AttemptEvent {
            id: self.id("id")?,
            at_ms: self.at_ms()?,
            phone: self.take("phone")?.ok_or(LineError::Missing("phone"))?,
            channel: self.text("channel")?.map_or(Channel::Sms, channel),
            price_micros: self.price()?,
            ip: self.take("ip")?,
            asn: self.asn()?,
            ip_country: self.take("ip_country")?,
            device_id: self.take("device_id")?,
            session_id: self.take("session_id")?,
            user_id: self.take("user_id")?,
            user_agent: self.take("user_agent")?,
            profile: self.take("profile")?,
        })
    }

    fn outcome(mut self, what: Became) -> Result<Event, LineError> {
        self.once()?;
        Ok(Event::Outcome(OutcomeEvent { attempt_id: self.id("attempt_id")?, at_ms: self.at_ms()?, what }))
    }

    fn once(&self) -> Result<(), LineError> {
        self.twice.map_or(Ok(()), |name| Err(LineError::Twice(name)))
    }

    fn challenge(&self) -> Result<Became, LineError> {
        match self.text("result")? {
            Some("passed") => Ok(Became::Challenge { passed: true }),
            Some("failed") => Ok(Became::Challenge { passed: false }),
            Some(_) => Err(LineError::Wrong("result", "`passed` or `failed`")),
            None => Err(LineError::Missing("result")),
        }
    }

    fn delivery(&self) -> Result<Became, LineError> {
        Ok(Became::Delivery(match self.text("status")? {
            Some("delivered") => DeliveryStatus::Delivered,
            Some("undelivered") => DeliveryStatus::Undelivered,
            Some("failed") => DeliveryStatus::Failed,
            Some("expired") => DeliveryStatus::Expired,
            Some("unknown") => DeliveryStatus::Unknown,
            Some(_) => {
                let wanted = "`delivered`, `undelivered`, `failed`, `expired` or `unknown`";
                return Err(LineError::Wrong("status", wanted));
            }
            None => return Err(LineError::Missing("status")),
        }))
    }

    /// A `conversion` knows no wrong entries.
    fn check(&self, wrong_ones: bool) -> Result<Became, LineError> {
        match self.text("result")? {
            Some("ok") => Ok(Became::Check(CheckResult::Ok)),
            Some("wrong") if wrong_ones => Ok(Became::Check(CheckResult::Wrong)),
            Some("expired") if wrong_ones => Ok(Became::Check(CheckResult::Expired)),
            Some(_) if wrong_ones => Err(LineError::Wrong("result", "`ok`, `wrong` or `expired`")),
            Some(_) => Err(LineError::Wrong("result", "`ok`")),
            None => Err(LineError::Missing("result")),
        }
    }
}

/// Channels that are not known carry text, as far as anybody here can tell.
pub(crate) fn channel(name: &str) -> Channel {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if is("voice") || is("call") || is("tts") {
        Channel::Voice
    } else if is("whatsapp") {
        Channel::Whatsapp
    } else if is("email") {
        Channel::Email
    } else {
        Channel::Sms
    }
}

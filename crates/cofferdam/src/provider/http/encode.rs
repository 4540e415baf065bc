//! Writes values so that they stay values: in addresses, in forms, in JSON.

use crate::config::pattern::Slot;
use crate::config::provider::Shape;
use crate::provider::Message;
use cofferdam_engine::Channel;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a place is filled with for one message.
pub fn value<'a>(
    slot: Slot,
    message: &Message<'a>,
    from: Option<&'a str>,
    delivery_url: Option<&'a str>,
) -> Option<Cow<'a, str>> {
    Some(match slot {
        Slot::To => Cow::Owned(message.to.number.to_string()),
        Slot::ToDigits => Cow::Owned(message.to.number.digits().to_string()),
        Slot::From => Cow::Borrowed(message.sender_id.or(from)?),
        Slot::Body => Cow::Borrowed(message.body),
        Slot::Code => Cow::Borrowed(message.code),
        Slot::Ref => Cow::Borrowed(message.attempt),
        Slot::Verification => Cow::Borrowed(message.verification),
        Slot::Channel => Cow::Borrowed(channel(message.channel)),
        Slot::Locale => Cow::Borrowed(message.locale?),
        Slot::DeliveryUrl => Cow::Borrowed(delivery_url?),
    })
}

/// The channel's word.
pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "sms",
        Channel::Voice => "voice",
        Channel::Whatsapp => "whatsapp",
        Channel::Email => "email",
    }
}

/// As part of a path or a query: everything but unreserved characters is escaped.
pub fn in_url(text: &str) -> Cow<'_, str> {
    escape(text, false)
}

/// As a field of a form.
pub fn in_form(text: &str) -> Cow<'_, str> {
    escape(text, true)
}

/// As it is: for values that a serialiser or a header type takes whole.
pub fn plain(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn escape(text: &str, form: bool) -> Cow<'_, str> {
    let kept = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_') || (b == b'~' && !form);
    if text.bytes().all(kept) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for b in text.bytes() {
        match b {
            b if kept(b) => out.push(char::from(b)),
            b' ' if form => out.push('+'),
            b => {
                out.push('%');
                for half in [b >> 4, b & 15] {
                    out.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
    Cow::Owned(out)
}

/// A JSON value of a shape. Texts that are one place without a value are left out.
pub fn json<'a>(shape: &Shape, fill: &dyn Fn(Slot) -> Option<Cow<'a, str>>) -> Option<Value> {
    Some(match shape {
        Shape::Text(pattern) => Value::String(pattern.fill(fill, plain)?),
        Shape::Integer(integer) => Value::from(*integer),
        Shape::Float(float) => Value::from(*float),
        Shape::Bool(bool) => Value::from(*bool),
        Shape::List(items) => Value::Array(items.iter().filter_map(|item| json(item, fill)).collect()),
        Shape::Table(members) => {
            let mut table = Map::new();
            for (name, member) in members {
                if let Some(value) = json(member, fill) {
                    table.insert(name.clone(), value);
                }
            }
            Value::Object(table)
        }
    })
}

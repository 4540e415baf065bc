//! Texts with places to fill: `{to}`, `{body}`, `{vars.account}`.
//!
//! A place is filled with data and encoded for where it stands, never parsed again, so that nothing
//! that a caller sends can become part of the syntax around it.

use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The operator's own values of a template.
pub type Vars = BTreeMap<String, SecretString>;

/// What a place is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "`SLOTS` says what each is")]
pub enum Slot {
    To,
    ToDigits,
    From,
    Body,
    Code,
    Ref,
    Verification,
    Channel,
    Locale,
    DeliveryUrl,
}

/// Names of the places, and what they are filled with.
pub const SLOTS: &[(&str, Slot, &str)] = &[
    ("to", Slot::To, "the number, E.164 with its `+`"),
    ("to_digits", Slot::ToDigits, "the number without its `+`"),
    ("from", Slot::From, "the verification's `sender_id`, else the provider's `from`"),
    ("body", Slot::Body, "the message, code included"),
    ("code", Slot::Code, "the code by itself, for providers that write their own text"),
    ("ref", Slot::Ref, "our attempt's identifier: the provider's idempotency key where it takes one"),
    ("verification", Slot::Verification, "the verification's identifier"),
    ("channel", Slot::Channel, "`sms`, `voice`, `whatsapp` or `email`"),
    ("locale", Slot::Locale, "the language of the message, if one was asked for"),
    ("delivery_url", Slot::DeliveryUrl, "where the provider shall report, if `listen.public_url` is set"),
];

#[derive(Clone)]
enum Piece {
    Text(String),
    Secret(SecretString),
    Slot(Slot),
}

/// A text with places to fill. It may hold secrets, so it does not show itself.
#[derive(Clone, Default)]
pub struct Pattern(Vec<Piece>);

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({} pieces)", self.0.len())
    }
}

impl Pattern {
    /// Parses a text. `{{` and `}}` stand for braces themselves.
    pub fn parse(text: &str, vars: &Vars) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(from.get(..1).unwrap_or_default());
                rest = after;
                continue;
            }
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (name, after) = inside.ok_or("a brace stands alone: write it twice")?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Self::piece(name, vars)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    fn piece(name: &str, vars: &Vars) -> Result<Piece, String> {
        if let Some(var) = name.strip_prefix("vars.") {
            let missing = || format!("`{{vars.{var}}}` is not set: add `{var}` to `vars`");
            return vars.get(var).cloned().map(Piece::Secret).ok_or_else(missing);
        }
        let slot = SLOTS.iter().find(|(known, ..)| *known == name);
        slot.map(|(_, slot, _)| Piece::Slot(*slot)).ok_or_else(|| format!("`{{{name}}}` is not known"))
    }

    /// A text in which only the operator's own values are filled in.
    pub fn constant(text: &str, vars: &Vars) -> Result<SecretString, String> {
        let pattern = Self::parse(text, vars)?;
        if pattern.slots().next().is_some() {
            return Err("only `{vars.…}` may stand here".to_owned());
        }
        Ok(SecretString::from(pattern.fill(|_| None, |text| Cow::Borrowed(text)).unwrap_or_default()))
    }

    /// The places in it.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.0.iter().filter_map(|piece| if let Piece::Slot(slot) = piece { Some(*slot) } else { None })
    }

    /// The plain text before the first place.
    pub fn lead(&self) -> &str {
        if let Some(Piece::Text(text)) = self.0.first() { text } else { "" }
    }

    /// Fills the places. What has no value is left out; `None` if that leaves nothing at all, so that
    /// a field can be left out with it.
    pub fn fill<'a>(
        &self,
        value: impl Fn(Slot) -> Option<Cow<'a, str>>,
        encode: impl Fn(&str) -> Cow<'_, str>,
    ) -> Option<String> {
        let mut out = String::new();
        let mut present = self.0.is_empty();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => {
                    present = true;
                    out.push_str(text);
                }
                Piece::Secret(secret) => {
                    present = true;
                    out.push_str(&encode(secret.expose_secret()));
                }
                Piece::Slot(slot) => {
                    if let Some(text) = value(*slot) {
                        present = true;
                        out.push_str(&encode(&text));
                    }
                }
            }
        }
        present.then_some(out)
    }
}

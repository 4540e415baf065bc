//! The little of JSON that a stream needs: one object, its fields in order, borrowed where they can be.
//!
//! Strict as RFC 8259 is, and nothing is built for what nobody asks for: a nested value is checked and
//! handed over as its text. Lines and exports are read with it; writing is `stream/write.rs`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Deepest nesting that is followed; no export comes near it.
const DEPTH: u32 = 32;

/// A value as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A text; borrowed where it has no escapes.
    Text(Cow<'a, str>),
    /// An object or a list, as it is written.
    Nested(&'a str),
}

/// What is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson {
    /// Counted from 0.
    pub at: usize,
    /// What was looked for.
    pub wanted: &'static str,
}

/// Reads one object field by field.
pub(crate) struct Object<'a> {
    text: &'a str,
    at: usize,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begins to read; the text must hold one object and nothing else.
    pub(crate) fn open(text: &'a str) -> Result<Self, NotJson> {
        let mut object = Self { text, at: 0, first: true };
        object.skip_space();
        object.expect(b'{', "an object")?;
        Ok(object)
    }

    /// The next field; `None` at its end.
    #[allow(clippy::type_complexity, reason = "a pair is a pair")]
    pub(crate) fn next(&mut self) -> Result<Option<(Cow<'a, str>, Value<'a>)>, NotJson> {
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.skip_space();
            return if self.at == self.text.len() {
                Ok(None)
            } else {
                Err(self.wrong("the end of the line"))
            };
        }
        if !self.first {
            self.expect(b',', "a comma or `}`")?;
            self.skip_space();
        }
        self.first = false;
        let key = self.string()?;
        self.skip_space();
        self.expect(b':', "a colon")?;
        self.skip_space();
        let value = self.value(0)?;
        Ok(Some((key, value)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong(&self, wanted: &'static str) -> NotJson {
        NotJson { at: self.at, wanted }
    }

    fn expect(&mut self, byte: u8, wanted: &'static str) -> Result<(), NotJson> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.wrong(wanted))
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    fn value(&mut self, depth: u32) -> Result<Value<'a>, NotJson> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Value::Null),
            Some(b'{' | b'[') => self.nested(depth),
            _ => Err(self.wrong("a value")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), NotJson> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.wrong("a value"))
        }
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("a digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value<'a>, NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Value::Number(self.since(start)))
    }

    /// Checks a nested value to its end.
    fn nested(&mut self, depth: u32) -> Result<Value<'a>, NotJson> {
        if depth == DEPTH {
            return Err(self.wrong("less nesting"));
        }
        let start = self.at;
        let object = self.peek() == Some(b'{');
        let end = if object { b'}' } else { b']' };
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(Value::Nested(self.since(start)));
        }
        loop {
            self.skip_space();
            if object {
                self.string()?;
                self.skip_space();
                self.expect(b':', "a colon")?;
                self.skip_space();
            }
            self.value(depth + 1)?;
            self.skip_space();
            if self.peek() == Some(end) {
                self.at += 1;
                return Ok(Value::Nested(self.since(start)));
            }
            self.expect(b',', "a comma")?;
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        self.expect(b'"', "a text in double quotes")?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = self.since(start);
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.escaped(start).map(Cow::Owned),
                Some(0..0x20) | None => return Err(self.wrong("the end of a text")),
                Some(_) => self.at += 1,
            }
        }
    }

    /// The rest of a text that has escapes.
    fn escaped(&mut self, start: usize) -> Result<String, NotJson> {
        let mut text = String::from(self.since(start));
        loop {
            let plain = self.at;
            while matches!(self.peek(), Some(byte) if byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(self.since(plain));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return Err(self.wrong("the end of a text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let plain = match self.peek() {
            Some(b'u') => return self.unicode(),
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.wrong("an escape")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let high = self.four()?;
        let code = if (0xD800..0xDC00).contains(&high) {
            self.expect(b'\\', "the second half of a surrogate")?;
            let low = self.four()?;
            if !(0xDC00..0xE000).contains(&low) {
                return Err(self.wrong("the second half of a surrogate"));
            }
            0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.wrong("a character"))
    }

    /// `uXXXX`.
    fn four(&mut self) -> Result<u32, NotJson> {
        self.expect(b'u', "four hexadecimal digits")?;
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| core::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.ok_or(NotJson { at: self.at - 4, wanted: "four hexadecimal digits" })
    }
}

/// The fields of a nested object, in order; of several of one name all.
pub(crate) fn fields(text: &str) -> Result<Vec<(Cow<'_, str>, Value<'_>)>, NotJson> {
    let mut object = Object::open(text)?;
    let mut fields = Vec::new();
    while let Some(field) = object.next()? {
        fields.push(field);
    }
    Ok(fields)
}

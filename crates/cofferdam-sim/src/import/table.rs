//! A table with a header, read by name: comma-separated values (RFC 4180), or one JSON object a line.

use super::ImportError;
use crate::stream::json::{Object, Value, fields};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// A table in memory; every value is a text.
#[derive(Debug)]
pub(super) struct Table {
    /// In lower case. A nested value's name is `outer.inner`.
    header: Vec<String>,
    rows: Vec<Row>,
}

/// A row, and the line of the text that it began at.
#[derive(Debug)]
struct Row {
    line: usize,
    values: Vec<String>,
}

/// One row of a table, by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    header: &'a [String],
    row: &'a Row,
}

/// Most columns; every export has fewer.
const COLUMNS: usize = 512;

impl Table {
    /// Reads it; JSON if the text begins with a brace.
    pub(super) fn read(text: &str) -> Result<Self, ImportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') { Self::json_lines(text) } else { Self::separated(text) }
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Named<'_>> {
        self.rows.iter().map(|row| Named { header: &self.header, row })
    }

    /// The names that it has.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    fn separated(text: &str) -> Result<Self, ImportError> {
        let mut reader = Reader { text, at: 0, line: 1, separator: separator(text) };
        let Some(header) = reader.record()? else { return Err(ImportError::Empty) };
        let header: Vec<String> = header.values.iter().map(|name| name.trim().to_lowercase()).collect();
        let mut rows = Vec::new();
        while let Some(row) = reader.record()? {
            // An empty line is one empty value.
            if row.values.iter().all(|value| value.trim().is_empty()) {
                continue;
            }
            if row.values.len() > header.len() {
                let (has, should) = (row.values.len(), header.len());
                return Err(ImportError::Row(
                    row.line,
                    format!("{has} values where the header has {should} names"),
                ));
            }
            rows.push(row);
        }
        Ok(Self { header, rows })
    }

    fn json_lines(text: &str) -> Result<Self, ImportError> {
        let mut table = Self { header: Vec::new(), rows: Vec::new() };
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let mut row = Row { line: at + 1, values: Vec::new() };
            let wrong = |wrong: crate::stream::json::NotJson| {
                ImportError::Row(
                    at + 1,
                    format!("not a JSON object: byte {} should be {}", wrong.at + 1, wrong.wanted),
                )
            };
            let mut object = Object::open(line).map_err(wrong)?;
            while let Some((name, value)) = object.next().map_err(wrong)? {
                if let Value::Nested(nested) = &value
                    && nested.starts_with('{')
                {
                    for (inner, value) in fields(nested).map_err(wrong)? {
                        table.set(&mut row, &format!("{name}.{inner}"), value);
                    }
                } else {
                    table.set(&mut row, &name, value);
                }
            }
            table.rows.push(row);
        }
        Ok(table)
    }

    fn set(&mut self, row: &mut Row, name: &str, value: Value<'_>) {
        let text = match value {
            Value::Null => return,
            Value::Bool(is) => is.to_string(),
            Value::Number(text) | Value::Nested(text) => text.to_owned(),
            Value::Text(text) => text.into_owned(),
        };
        let name = name.to_lowercase();
        let at = self.header.iter().position(|known| *known == name).unwrap_or(self.header.len());
        if at >= COLUMNS {
            return;
        }
        if at == self.header.len() {
            self.header.push(name);
        }
        if row.values.len() <= at {
            row.values.resize(at + 1, String::new());
        }
        if let Some(slot) = row.values.get_mut(at) {
            *slot = text;
        }
    }
}

impl<'a> Named<'a> {
    /// Where it stands, for errors.
    pub(super) fn line(self) -> usize {
        self.row.line
    }

    /// A value that may be missing or empty.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        let at = self.header.iter().position(|known| known == name)?;
        self.row.values.get(at).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first of several names that has a value.
    pub(super) fn any(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A value that must stand.
    pub(super) fn must(self, name: &str) -> Result<&'a str, ImportError> {
        self.get(name).ok_or_else(|| self.wrong(&format!("`{name}` is empty")))
    }

    /// An error of this row.
    pub(super) fn wrong(self, what: &str) -> ImportError {
        ImportError::Row(self.line(), what.to_owned())
    }
}

/// Spreadsheets of some countries write semicolons, and some tools tabs.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |byte: u8| first.bytes().filter(|other| *other == byte).count();
    let (commas, semicolons, tabs) = (count(b','), count(b';'), count(b'\t'));
    if semicolons > commas && semicolons >= tabs {
        b';'
    } else if tabs > commas {
        b'\t'
    } else {
        b','
    }
}

/// Comma-separated values, record by record.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    separator: u8,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next record; `None` at the end.
    fn record(&mut self) -> Result<Option<Row>, ImportError> {
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut row = Row { line: self.line, values: Vec::new() };
        loop {
            let value = if self.peek() == Some(b'"') { self.quoted()? } else { self.bare() };
            row.values.push(value);
            if row.values.len() > COLUMNS {
                return Err(ImportError::Row(row.line, format!("more than {COLUMNS} values")));
            }
            match self.peek() {
                Some(byte) if byte == self.separator => self.at += 1,
                Some(b'\r') if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    break;
                }
                Some(b'\r' | b'\n') => {
                    self.at += 1;
                    break;
                }
                None => break,
                Some(_) => {
                    return Err(ImportError::Row(
                        self.line,
                        "text after a closing quotation mark".to_owned(),
                    ));
                }
            }
        }
        self.line += 1;
        Ok(Some(row))
    }

    fn bare(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != self.separator && byte != b'\n' && byte != b'\r') {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("").to_owned()
    }

    /// A value in quotation marks: it may hold anything, a mark within it stands twice.
    fn quoted(&mut self) -> Result<String, ImportError> {
        let began = self.line;
        self.at += 1;
        let mut value = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte != b'"') {
                self.line += usize::from(self.peek() == Some(b'\n'));
                self.at += 1;
            }
            value.push_str(self.text.get(start..self.at).unwrap_or(""));
            if self.peek().is_none() {
                return Err(ImportError::Row(began, "a quotation mark is never closed".to_owned()));
            }
            self.at += 1;
            if self.peek() != Some(b'"') {
                return Ok(value);
            }
            value.push('"');
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use alloc::vec;

    #[test]
    fn quotation_marks_commas_and_lines_within_values() {
        let table =
            Table::read("\u{feff}A,b ,C\r\n\"x,1\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n\r\n2,3\n").unwrap();
        assert_eq!(table.header(), ["a", "b", "c"]);
        let rows: vec::Vec<_> = table.rows().collect();
        assert_eq!(
            (rows[0].get("a"), rows[0].get("b"), rows[0].get("c")),
            (Some("x,1"), Some("say \"hi\""), Some("two\nlines"))
        );
        assert_eq!((rows[1].line(), rows[1].get("b"), rows[1].get("c")), (5, Some("3"), None));
    }

    #[test]
    fn other_separators_and_json() {
        assert_eq!(Table::read("a;b\n1,5;2\n").unwrap().rows().next().unwrap().get("a"), Some("1,5"));
        let table = Table::read("{\"A\":1,\"b\":{\"c\":\"x\"}}\n{\"d\":null,\"b\":{\"c\":\"y\"}}\n").unwrap();
        assert_eq!(table.rows().nth(1).unwrap().get("b.c"), Some("y"));
        assert_eq!(table.rows().next().unwrap().get("a"), Some("1"));
    }

    #[test]
    fn what_is_no_table_is_named_by_line() {
        for (text, says) in [
            ("", "empty"),
            ("a,b\n1,2,3\n", "line 2"),
            ("a,b\n1,\"2\n", "line 2: a quotation mark"),
            ("a,b\n1,2\n1,\"2\"x\n", "line 3: text after"),
            ("{\"a\":1}\n{\"a\":}\n", "line 2: not a JSON object"),
        ] {
            let error = alloc::format!("{}", Table::read(text).unwrap_err());
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}

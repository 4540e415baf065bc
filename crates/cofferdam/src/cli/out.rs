//! Writes: data to standard output, words for people to standard error.

use super::error::CliError;
use serde_json::Value;
use std::io::Write as _;

/// How a command writes.
pub struct Out {
    /// Data as JSON.
    pub json: bool,
}

impl Out {
    /// Data: as JSON, or as text where that was not asked for.
    pub fn data(&self, json: &Value, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if self.json { self.line(&json.to_string()) } else { self.line(&text()) }
    }

    /// A line of data.
    #[expect(clippy::unused_self, reason = "all output goes through here")]
    pub fn line(&self, line: &str) -> Result<(), CliError> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.write_all(b"\n")?;
        Ok(stdout.flush()?)
    }

    /// Words for people.
    #[expect(clippy::unused_self, reason = "all output goes through here")]
    pub fn say(&self, words: &str) {
        let _ = writeln!(std::io::stderr(), "{words}");
    }
}

/// A text of a JSON answer, or nothing.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

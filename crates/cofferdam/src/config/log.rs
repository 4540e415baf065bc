//! `[log]`: what is written about what we do.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "log",
    doc: "Logs go to standard error. They never hold a number, a code, a key or the text of a message.",
    keys: &[
        key(
            "level",
            Kind::Choice(&["error", "warn", "info", "debug"]),
            "info",
            "How much is written.",
            "one line a request at `info`",
        ),
        key(
            "format",
            Kind::Choice(&["auto", "text", "json"]),
            "auto",
            "`text` for people, `json` for machines; `auto` is text on a terminal and JSON elsewhere.",
            "a log collector is no terminal",
        ),
    ],
};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the settings name them")]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `error`, `warn`, `info` or `debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

impl Log {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let format = match section.choice("format").as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => LogFormat::Auto,
        };
        Self { level: section.choice("level"), format }
    }
}

//! Writes logs: JSON for machines, text on a terminal. Texts pass [`scrub`], and fields whose names
//! say that they hold a number, a code or a key are never written, whoever logs them.

use super::redact::scrub;
use crate::clock::{Clock, SystemClock};
use crate::config::{Log, LogFormat};
use serde_json::{Map, Value};
use std::fmt::{self, Write as _};
use std::io::{IsTerminal as _, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Fields that are never written.
const HIDDEN: [&str; 12] = [
    "to",
    "number",
    "phone",
    "code",
    "body",
    "text",
    "key",
    "token",
    "secret",
    "authorization",
    "password",
    "query",
];

/// Starts logging to standard error. A second call does nothing, so that tests may call it too.
pub fn start(log: &Log) {
    let terminal = std::io::stderr().is_terminal();
    let json = match log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    };
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let level: LevelFilter = log.level.parse().unwrap_or(LevelFilter::INFO);
    // Libraries speak when something is wrong; what they say below that is for their authors.
    let filter = Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("cofferdam", level);
    let writer =
        Writer { json, colour, out: Box::new(|line| drop(std::io::stderr().write_all(line.as_bytes()))) };
    drop(tracing_subscriber::registry().with(writer.with_filter(filter)).try_init());
}

/// A layer that writes each event as one line.
struct Writer {
    json: bool,
    colour: bool,
    out: Box<dyn Fn(&str) + Send + Sync>,
}

impl<S: Subscriber> Layer<S> for Writer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let at = jiff::Timestamp::from_millisecond(SystemClock.now_ms()).unwrap_or_default();
        let level = *event.metadata().level();
        let mut line = if self.json {
            let mut all = Map::new();
            all.insert("at".to_owned(), format!("{at:.3}").into());
            all.insert("level".to_owned(), level.as_str().to_lowercase().into());
            all.insert("target".to_owned(), event.metadata().target().into());
            all.insert("message".to_owned(), fields.message.into());
            all.extend(fields.others);
            Value::Object(all).to_string()
        } else {
            text(&at.to_string(), level, &fields, self.colour)
        };
        line.push('\n');
        (self.out)(&line);
    }
}

fn text(at: &str, level: Level, fields: &Fields, colour: bool) -> String {
    let (on, off) = match (colour, level) {
        (false, _) => ("", ""),
        (true, Level::ERROR) => ("\x1b[31m", "\x1b[0m"),
        (true, Level::WARN) => ("\x1b[33m", "\x1b[0m"),
        (true, _) => ("\x1b[2m", "\x1b[0m"),
    };
    // The time of day is enough on a terminal.
    let at = at.get(11..23).unwrap_or(at);
    let mut line = format!("{at} {on}{:5}{off} {}", level.as_str(), fields.message);
    for (name, value) in &fields.others {
        let _ = match value {
            Value::String(text) => write!(line, " {name}={text}"),
            other => write!(line, " {name}={other}"),
        };
    }
    line
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        let last = name.rsplit('.').next().unwrap_or(name);
        let value = if HIDDEN.contains(&last) { Value::from("[hidden]") } else { value };
        self.others.insert(name.to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        // A prefix is what may be logged of a number; whoever logs one has dropped the last four digits.
        let text = if field.name() == "prefix" { text.to_owned() } else { scrub(text) };
        let text = text.replace(['\n', '\r', '\x1b'], " ");
        if field.name() == "message" { self.message = text } else { self.put(field, text.into()) }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Three places are enough for anything that we measure.
        self.put(field, ((value * 1000.0).round() / 1000.0).into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn lines(json: bool, log: impl FnOnce()) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let out = Box::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
        let subscriber = tracing_subscriber::registry().with(Writer { json, colour: false, out });
        tracing::subscriber::with_default(subscriber, log);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn json_lines_hold_neither_numbers_nor_codes_nor_keys() {
        let lines = lines(true, || {
            tracing::warn!(
                to = "+12125550100",
                code = 482_913,
                request.key = "cfd_live_secret",
                country = "US",
                prefix = "+1212555",
                ms = 12.000_400_1,
                "sending to +1 212 555 0100 failed"
            );
        });
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["message"], "sending to [digits] failed");
        assert_eq!(
            (&line["to"], &line["code"], &line["request.key"]),
            (&"[hidden]".into(), &"[hidden]".into(), &"[hidden]".into())
        );
        assert_eq!(
            (&line["country"], &line["ms"], &line["level"]),
            (&"US".into(), &12.0.into(), &"warn".into())
        );
        assert!(!lines[0].contains("0100") && !lines[0].contains("482") && !lines[0].contains("secret"));
    }

    #[test]
    fn a_line_is_one_line() {
        let lines = lines(false, || tracing::info!(what = "a\nb\u{1b}[31m", "first\nsecond"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].matches('\n').count(), 1);
        assert!(!lines[0].contains('\u{1b}'));
    }
}

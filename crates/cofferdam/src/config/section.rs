//! Reads the keys of one section: types and bounds from its table, defaults where nothing is set,
//! errors collected so that an operator sees all of them at once.

use super::error::{ConfigError, Origin, join, quoted};
use super::key::{Key, Kind};
use super::source::{Node, Value};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A section that is being read.
pub struct Section<'a> {
    path: String,
    members: Option<&'a BTreeMap<String, Node>>,
    keys: &'static [Key],
    errors: Vec<ConfigError>,
}

/// What stands under a key: the operator's value, or the default.
enum Stands<'a> {
    Set(&'a Node, Kind),
    Default(&'static str),
}

impl<'a> Section<'a> {
    /// A section at a path; nothing set if there is no node.
    pub fn of(node: Option<&'a Node>, path: &str, keys: &'static [Key]) -> Self {
        let mut errors = Vec::new();
        if let Some(node) = node.filter(|node| node.table().is_none()) {
            let what = format!("a section is expected, not {}", node.value.kind());
            errors.push(ConfigError::new(
                node.origin.clone(),
                path,
                what,
                format!("write `[{path}]` and its keys below"),
            ));
        }
        Self { path: path.to_owned(), members: node.and_then(Node::table), keys, errors }
    }

    /// Refuses the keys that nobody knows, and hands the errors over.
    pub fn close(self, errors: &mut Vec<ConfigError>) {
        let known: Vec<&str> = self.keys.iter().map(|key| key.name).collect();
        errors.extend(self.errors);
        for (name, node) in self.members.into_iter().flatten() {
            if !known.contains(&name.as_str()) {
                errors.push(ConfigError::unknown(&self.path, name, &known, node.origin.clone()));
            }
        }
    }

    /// An error at a key of this section.
    pub fn refuse(&mut self, name: &str, what: impl Into<String>, mend: impl Into<String>) {
        let origin = self.node(name).map_or(Origin::Missing, |node| node.origin.clone());
        self.errors.push(ConfigError::new(origin, join(&self.path, name), what, mend));
    }

    /// The node under a key, for those that read it themselves.
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.members?.get(name)
    }

    /// The path of the section.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Takes errors over from a part.
    pub fn errors(&mut self) -> &mut Vec<ConfigError> {
        &mut self.errors
    }

    fn stands(&self, name: &str) -> Stands<'a> {
        let key = self.keys.iter().find(|key| key.name == name);
        debug_assert!(key.is_some(), "`{name}` is in the table of `{}`", self.path);
        let kind = key.map_or(Kind::Text, |key| key.kind);
        match self.node(name) {
            Some(node) => Stands::Set(node, kind),
            None => Stands::Default(key.map_or("", |key| key.default)),
        }
    }

    /// Text; `None` if nothing is set and there is no default.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.stands(name) {
            Stands::Default(default) => (!default.is_empty()).then(|| default.to_owned()),
            Stands::Set(node, kind) => match &node.value {
                Value::Text(text) if text.chars().any(char::is_control) => {
                    self.refuse(name, "control characters are not taken", "remove them");
                    None
                }
                Value::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                other => {
                    let what = format!("{} is expected, not {}", expected(kind), other.kind());
                    self.refuse(name, what, "put it in quotation marks");
                    None
                }
            },
        }
    }

    /// Text that hides itself.
    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A path.
    pub fn path_of(&mut self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// True or false. The environment may also say `1` and `0`.
    pub fn bool(&mut self, name: &str) -> bool {
        let (text, default) = match self.stands(name) {
            Stands::Default(default) => return default == "true",
            Stands::Set(node, _) => match &node.value {
                Value::Bool(bool) => return *bool,
                Value::Text(text) if node.from_environment() => (text.to_lowercase(), false),
                _ => (String::new(), false),
            },
        };
        match text.as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => {
                self.refuse(
                    name,
                    "`true` or `false` is expected",
                    "write one of the two, without quotation marks",
                );
                default
            }
        }
    }

    /// A whole number within the bounds of its key.
    pub fn integer(&mut self, name: &str) -> u64 {
        let (given, kind) = match self.stands(name) {
            Stands::Default(default) => return default.replace('_', "").parse().unwrap_or(0),
            Stands::Set(node, kind) => (
                match &node.value {
                    Value::Integer(integer) => u64::try_from(*integer).ok(),
                    Value::Text(text) if node.from_environment() => text.trim().replace('_', "").parse().ok(),
                    _ => None,
                },
                kind,
            ),
        };
        let Kind::Integer { min, max } = kind else { return 0 };
        given.filter(|n| (min..=max).contains(n)).unwrap_or_else(|| {
            self.refuse(
                name,
                format!("a whole number from {min} to {max} is expected"),
                "write it without quotation marks",
            );
            min
        })
    }

    /// Seconds.
    pub fn seconds(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.integer(name))
    }

    /// An address to listen on.
    pub fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let text = self.text(name)?;
        let address = text.replace("localhost:", "127.0.0.1:").parse().ok();
        if address.is_none() {
            self.refuse(
                name,
                format!("`{text}` is not an address with a port"),
                "write `127.0.0.1:8080` or `[::]:8080`",
            );
        }
        address
    }

    /// An `http` or `https` address.
    pub fn url(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let good = reqwest::Url::parse(&text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
        if !good {
            self.refuse(name, format!("`{text}` is not an address"), "write `https://host/path`");
        }
        good.then_some(text)
    }

    /// One of the words of its key.
    pub fn choice(&mut self, name: &str) -> String {
        let Stands::Set(_, Kind::Choice(choices)) = self.stands(name) else {
            return self.text(name).unwrap_or_default();
        };
        let Some(text) = self.text(name) else { return String::new() };
        if choices.contains(&text.as_str()) {
            return text;
        }
        self.refuse(
            name,
            format!("`{text}` is not one of its words"),
            format!("take one of {}", quoted(choices)),
        );
        String::new()
    }

    /// A list of texts. The environment separates them by commas.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        match self.stands(name) {
            Stands::Default(default) => words(default),
            Stands::Set(node, _) => texts(node).unwrap_or_else(|| {
                self.refuse(name, "a list of texts is expected", "write `[\"one\", \"two\"]`");
                Vec::new()
            }),
        }
    }
}

/// The texts of a list, or of a variable with commas.
pub fn texts(node: &Node) -> Option<Vec<String>> {
    match &node.value {
        Value::Text(text) if node.from_environment() => Some(words(text)),
        Value::List(items) => items
            .iter()
            .map(|item| if let Value::Text(text) = &item.value { Some(text.clone()) } else { None })
            .collect(),
        _ => None,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Address => "an address",
        Kind::Url => "an `https://` address",
        Kind::Path => "a path",
        _ => "text",
    }
}

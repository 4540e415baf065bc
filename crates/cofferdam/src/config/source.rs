//! The two sources, as one tree: the file first, the environment over it. Each value remembers
//! where it came from, so that errors can name the place.

use super::error::{ConfigError, Origin};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as TOML names them")]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// A moment: no key takes one.
    Time,
}

impl Value {
    /// What it is, for errors.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Time => "a moment",
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What.
    pub value: Value,
    /// From where.
    pub origin: Origin,
}

impl Node {
    /// An empty table.
    pub fn empty() -> Self {
        Self { value: Value::Table(BTreeMap::new()), origin: Origin::Missing }
    }

    /// Its members, if it is a table.
    pub fn table(&self) -> Option<&BTreeMap<String, Node>> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    fn table_mut(&mut self) -> Option<&mut BTreeMap<String, Node>> {
        if let Value::Table(table) = &mut self.value { Some(table) } else { None }
    }

    /// Whether the environment set it.
    pub fn from_environment(&self) -> bool {
        matches!(self.origin, Origin::Variable(_))
    }
}

/// Settings are small; what is longer is another file given by mistake.
const BYTES_MAX: usize = 1024 * 1024;

/// Parses TOML. The error names the line.
pub fn parse(text: &str) -> Result<Node, ConfigError> {
    if text.len() > BYTES_MAX {
        let mend = "settings are at most 1 MiB: is this the right file?";
        return Err(ConfigError::new(Origin::Line(1), "", "the file is too long", mend));
    }
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.line(span.start));
        // The library's words may span lines; a log line may not.
        let what = error.message().replace('\n', " ");
        ConfigError::new(Origin::Line(line), "", what, "the file must be TOML 1.1")
    })?;
    Ok(table_node(table.get_ref(), Origin::Line(1), &lines))
}

fn table_node(table: &DeTable<'_>, origin: Origin, lines: &Lines) -> Node {
    let members = table
        .iter()
        .map(|(key, value)| {
            let origin = Origin::Line(lines.line(key.span().start));
            (key.get_ref().to_string(), node(value.get_ref(), origin, lines))
        })
        .collect();
    Node { value: Value::Table(members), origin }
}

fn node(value: &DeValue<'_>, origin: Origin, lines: &Lines) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| Value::Float(f64::INFINITY), Value::Integer),
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(bool) => Value::Bool(*bool),
        DeValue::Datetime(_) => Value::Time,
        DeValue::Array(array) => Value::List(
            array
                .iter()
                .map(|item| node(item.get_ref(), Origin::Line(lines.line(item.span().start)), lines))
                .collect(),
        ),
        DeValue::Table(table) => return table_node(table, origin, lines),
    };
    Node { value, origin }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at).max(1)
    }
}

/// Lays `COFFERDAM_<SECTION>__<KEY>` over the tree; `COFFERDAM_ROUTES` stands for the one key at the top.
/// An empty variable counts as not set, because compose files pass those on.
pub fn overlay(
    root: &mut Node,
    environment: impl IntoIterator<Item = (String, String)>,
    errors: &mut Vec<ConfigError>,
) {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix("COFFERDAM_").filter(|_| !text.is_empty()) else { continue };
        let path = path.to_lowercase();
        let path: Vec<&str> = match path.as_str() {
            "routes" => vec!["routes"],
            "admin_key" => vec!["keys", "admin"],
            "test_key" => vec!["keys", "test"],
            path if path.contains("__") => path_of(path),
            _ => continue,
        };
        if path.iter().any(|part| part.is_empty()) {
            let mend = "write `COFFERDAM_<SECTION>__<KEY>`";
            errors.push(ConfigError::new(Origin::Variable(name), path.join("."), "no such key", mend));
        } else if let Err(at) = place(root, &path, Origin::Variable(name.clone()), text) {
            let what = format!("`{at}` is not a table in the file");
            errors.push(ConfigError::new(
                Origin::Variable(name),
                path.join("."),
                what,
                "change one of the two",
            ));
        }
    }
}

/// Free headers and fields keep their own names; elsewhere `__` parts the path.
fn path_of(path: &str) -> Vec<&str> {
    path.split("__").collect()
}

fn place(at: &mut Node, path: &[&str], origin: Origin, text: String) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let Some(table) = at.table_mut() else { return Err((*first).to_owned()) };
    if rest.is_empty() {
        table.insert((*first).to_owned(), Node { value: Value::Text(text), origin });
        return Ok(());
    }
    let next = table
        .entry((*first).to_owned())
        .or_insert_with(|| Node { value: Value::Table(BTreeMap::new()), origin: origin.clone() });
    if next.table().is_none() {
        return Err((*first).to_owned());
    }
    place(next, rest, origin, text)
}

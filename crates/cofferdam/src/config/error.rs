//! What is wrong with the settings: file, line, key, and how to mend it.
//!
//! An error never repeats the value of a secret; whoever makes one says only what may be shown.

use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of the file, from 1.
    Line(usize),
    /// A variable of the environment.
    Variable(String),
    /// Nowhere: it is missing.
    Missing,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where.
    pub origin: Origin,
    /// Dotted path of the key; empty where the file cannot be read at all.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl ConfigError {
    /// An error at a key.
    pub fn new(
        origin: Origin,
        key: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { origin, key: key.into(), what: what.into(), mend: mend.into() }
    }

    /// A key that nobody knows, with the nearest one that exists.
    pub fn unknown(path: &str, name: &str, known: &[&str], origin: Origin) -> Self {
        let near = known.iter().map(|k| (distance(name, k), *k)).min().filter(|(far, _)| *far <= 2);
        let mend = match near {
            Some((_, near)) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", quoted(known)),
        };
        Self::new(origin, join(path, name), "no such key", mend)
    }
}

/// All that is wrong, with the name of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file as the operator named it.
    pub file: String,
    /// At least one.
    pub errors: Vec<ConfigError>,
}

impl ConfigErrors {
    /// Errors of a file, in the order of its lines.
    pub fn of(file: &str, mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(|error| match error.origin {
            Origin::Line(line) => line,
            Origin::Variable(_) => usize::MAX - 1,
            Origin::Missing => usize::MAX,
        });
        Self { file: file.to_owned(), errors }
    }

    /// One line an error.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.errors.iter().map(|error| {
            let place = match &error.origin {
                Origin::Line(line) => format!("{}:{line}", self.file),
                Origin::Variable(name) => format!("environment `{name}`"),
                Origin::Missing => self.file.clone(),
            };
            let key = if error.key.is_empty() { String::new() } else { format!(" `{}`:", error.key) };
            format!("{place}:{key} {}; {}", error.what, error.mend)
        })
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, line) in self.lines().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// `a.b`, or `b` at the top.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// `` `a`, `b` ``.
pub fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters to change; long names are never near.
fn distance(a: &str, b: &str) -> usize {
    if a.chars().count() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let change = row.get(j).copied().unwrap_or(0) + usize::from(ca != *cb);
            let insert = next.last().copied().unwrap_or(0) + 1;
            let delete = row.get(j + 1).copied().unwrap_or(0) + 1;
            next.push(change.min(insert).min(delete));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

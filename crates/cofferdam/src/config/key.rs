//! What a key of the settings is: name, kind, default, meaning, and where its default comes from.

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A path, relative to the working directory.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds.
    Integer {
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// An address and port to listen on.
    Address,
    /// `http` or `https` address.
    Url,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A list of texts; in the environment separated by commas.
    List,
    /// A table with names of the operator's.
    Table,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name within the section.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// As it would be written; empty where there is none.
    pub default: &'static str,
    /// What it does, in one sentence or two.
    pub doc: &'static str,
    /// Whence the default: a source, or the word *guess*.
    pub source: &'static str,
}

/// A section and its keys.
#[derive(Debug, Clone, Copy)]
pub struct SectionKeys {
    /// `listen`.
    pub path: &'static str,
    /// What it is about.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key, written on one line in the tables.
pub const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
    source: &'static str,
) -> Key {
    Key { name, kind, default, doc, source }
}

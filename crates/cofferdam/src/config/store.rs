//! `[store]`: where state lives.

use super::key::{Kind, SectionKeys, key};
use super::section::Section;
use std::path::PathBuf;
use std::time::Duration;

/// Keys of the section.
pub const SECTION: SectionKeys = SectionKeys {
    path: "store",
    doc: "Where state lives: one local file for one machine.",
    keys: &[
        key(
            "path",
            Kind::Path,
            "cofferdam.db",
            "The store's file. `secrets.key`, the saved tallies and the lock are beside it.",
            "beside the program, so that the first start needs nothing; a service sets it to a folder of its own",
        ),
        key(
            "redis_url",
            Kind::Secret,
            "",
            "Tallies shared by several machines. Not available yet: a value is refused.",
            "several machines come later",
        ),
        key(
            "postgres_url",
            Kind::Secret,
            "",
            "Records shared by several machines. Not available yet: a value is refused.",
            "several machines come later",
        ),
        key(
            "snapshot_s",
            Kind::Integer { min: 1, max: 3600 },
            "60",
            "How often the tallies are saved; what came since is read from the journal after a crash.",
            "guess: a minute of journal is read again in well under a second",
        ),
        key(
            "readers",
            Kind::Integer { min: 1, max: 64 },
            "4",
            "Connections that read beside the one that writes.",
            "guess: twice the cores of a small machine",
        ),
    ],
};

/// Where state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreChoice {
    /// The file; `None` keeps all in memory (`cofferdam dev` without `--data`, tests).
    pub path: Option<PathBuf>,
    /// How often the tallies are saved.
    pub snapshot: Duration,
    /// Connections that read.
    pub readers: usize,
}

impl StoreChoice {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        for (name, what) in [("redis_url", "shared tallies"), ("postgres_url", "shared records")] {
            if section.secret(name).is_some() {
                section.refuse(
                    name,
                    format!("{what} are not available yet"),
                    "remove it: one machine needs `store.path` alone",
                );
            }
        }
        Self {
            path: section.path_of("path"),
            snapshot: section.seconds("snapshot_s"),
            readers: section.integer("readers") as usize,
        }
    }

    /// Nothing on a disk.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.path = None;
        self
    }

    /// The folder of the store, for what stands beside it.
    pub fn folder(&self) -> Option<PathBuf> {
        let parent = self.path.as_ref()?.parent()?;
        Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
    }
}

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
        key(
            "journal_mib_max",
            Kind::Integer { min: 16, max: 1_048_576 },
            "8192",
            "The journal's size on the disk; the oldest entries go first.",
            "guess: two to four million judged attempts at about 2 KB",
        ),
        key(
            "tally_keys_max",
            Kind::Integer { min: 1_000, max: 1_000_000_000 },
            "2_000_000",
            "Keys of tallies, of each kind, that are kept at once; what was not seen for longest goes first.",
            "guess: 240 MB when all are in use; a big day's numbers, devices and addresses",
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
    /// The journal's size.
    pub journal_bytes_max: u64,
    /// Keys of tallies, of each kind.
    pub tally_keys_max: usize,
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
            journal_bytes_max: section.integer("journal_mib_max") << 20,
            tally_keys_max: section.integer("tally_keys_max") as usize,
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

    /// Whether a store stands there already.
    pub fn stands(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.exists())
    }
}

//! Where state lives: two traits, and homes that answer both.
//!
//! **Tallies** are evidence and limits to a bucket: fast, they expire, and may lose the last
//! moments. **Records** are durable and transactional: what they acknowledge is on the disk.
//! Nobody outside `store/` and `config/` names a home; the rest of the program holds a [`Store`].

use crate::clock::{Clock, Dice};
use crate::config::{SharedChoice, StoreChoice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[cfg(test)]
mod contract;
mod embedded;
pub mod health;
mod memory;
pub mod moving;
pub mod records;
pub mod row;
#[cfg(test)]
#[path = "../tests/it/servers.rs"]
pub(crate) mod servers;
mod shared;
pub mod tallies;

pub use records::Records;
pub use shared::Part;
pub use shared::tallies::{RedisSettings, ReplayTallies};
pub use tallies::Tallies;

/// Both halves.
#[derive(Clone)]
pub struct Store {
    /// Evidence.
    pub tallies: Arc<dyn Tallies>,
    /// What must not be lost.
    pub records: Arc<dyn Records>,
}

/// A store did not do what was asked. Nothing was changed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there now: answer 503 and let the caller come again.
    #[error("the store is away: {0}")]
    Away(String),
    /// The disk is full: reads go on, writes don't.
    #[error("the store's disk is full")]
    Full,
    /// Perhaps done, perhaps not.
    #[error("it is not known whether the store did it: {0}")]
    Unknown(String),
    /// What is stored can't be read: of another version, or damaged. Names what and how to mend it.
    #[error("the store cannot be read: {0}")]
    Unreadable(String),
}

/// A store in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// The file: made if need be, readable by its owner alone. Saved tallies and the lock are beside it.
    pub path: PathBuf,
    /// Keys of tallies, of each kind, that are kept at once.
    pub tally_keys_max: usize,
    /// Bytes of the journal; older entries go first.
    pub journal_bytes_max: u64,
    /// How often the tallies are saved.
    pub snapshot: Duration,
    /// Connections that read.
    pub readers: usize,
}

/// Two million: 240 MB when all are in use, a machine of 1 GB bears it. A guess at a big day's
/// numbers, devices and addresses.
const TALLY_KEYS_MAX: usize = 2_000_000;
/// Two to four million judged attempts at about 2 KB.
const JOURNAL_BYTES_MAX: u64 = 8 << 30;
/// In memory there is less room: some 60,000 judged attempts.
const JOURNAL_BYTES_MAX_MEMORY: u64 = 128 << 20;

impl StoreOptions {
    /// A store in this file, with the usual bounds.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            tally_keys_max: TALLY_KEYS_MAX,
            journal_bytes_max: JOURNAL_BYTES_MAX,
            snapshot: Duration::from_mins(1),
            readers: 4,
        }
    }
}

impl Store {
    /// State in this process alone.
    pub fn memory(clock: Arc<dyn Clock>, dice: &dyn Dice) -> Result<Self, StoreError> {
        embedded::memory(clock, dice, TALLY_KEYS_MAX, JOURNAL_BYTES_MAX_MEMORY)
    }

    /// State in a file, recovered.
    pub fn embedded(
        options: &StoreOptions,
        clock: Arc<dyn Clock>,
        dice: &dyn Dice,
    ) -> Result<Self, StoreError> {
        embedded::embedded(options, clock, dice)
    }
}

/// Opens the store that the settings choose. Blocks, and stands on a runtime where the store is shared: its
/// connections are driven there.
pub fn open(choice: &StoreChoice, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Result<Store, StoreError> {
    if let Some(both) = &choice.shared {
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| StoreError::Away("a shared store needs a runtime for its connections".into()))?;
        return runtime.block_on(shared::open(both, choice.tally_keys_max, clock, dice));
    }
    let dice = &*dice;
    match &choice.path {
        None => Store::memory(clock, dice),
        Some(path) => {
            let options = StoreOptions {
                path: path.clone(),
                tally_keys_max: choice.tally_keys_max,
                journal_bytes_max: choice.journal_bytes_max,
                snapshot: choice.snapshot,
                readers: choice.readers,
            };
            Store::embedded(&options, clock, dice)
        }
    }
}

/// Tallies at an address of Redis, for tests of what stands on them.
#[cfg(test)]
pub(crate) async fn tallies_at(url: &str, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Arc<dyn Tallies> {
    let settings = RedisSettings { clock_apart_max: None, ..RedisSettings::at(url, "cofferdam") };
    Arc::new(shared::tallies::open(settings, clock, dice).await.unwrap())
}

/// Two machines' records over one database, and what ends it, for tests of what stands on them; none where
/// PostgreSQL is not installed.
#[cfg(test)]
pub(crate) async fn records_of_two(clock: Arc<dyn Clock>) -> Option<(impl Sized, [Arc<dyn Records>; 2])> {
    let shared = shared::records::tests::Shared::new()?;
    let a = shared.open(clock.clone(), 1).await.unwrap();
    let b = shared.open(clock, 2).await.unwrap();
    Some((shared, [Arc::new(a), Arc::new(b)]))
}

/// Copies a store to a new file, without its secret key, whether or not somebody serves from it.
/// Answers with the bytes that the copy holds.
pub fn backup(from: &Path, to: &Path) -> Result<u64, StoreError> {
    embedded::backup::back_up_file(from, to)
}

/// Looks at a store from outside, whether or not somebody serves from it, and changes nothing.
pub fn look(at: &Path) -> Result<String, StoreError> {
    embedded::backup::look(at)
}

/// Looks at the parts of a shared store from outside, and changes nothing. `key`: the name of our secret key.
pub async fn look_shared(choice: &SharedChoice, clock: &dyn Clock, key: &str) -> Vec<Part> {
    shared::look(choice, clock, key).await
}

/// Restores a backup to where no store is yet, after looking whether it is whole. The secret key is
/// not part of a backup: it must be put there by whoever keeps it.
pub fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
    embedded::backup::restore(from, to)
}

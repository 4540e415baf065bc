//! Where state lives: two traits, and homes that answer both.
//!
//! **Tallies** are evidence and limits to a bucket: fast, they expire, and may lose the last
//! moments. **Records** are durable and transactional: what they acknowledge is on the disk.
//! Nobody outside `store/` and `config/` names a home; the rest of the program holds a [`Store`].

use std::sync::Arc;

pub mod records;
pub mod row;
pub mod tallies;

pub use records::Records;
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

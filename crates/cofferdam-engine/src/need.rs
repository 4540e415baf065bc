//! What must be looked up and counted before judging: the two rounds to the store.

use crate::limit::{LimitScope, WINDOWS};
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// At most this many records an attempt.
pub const RECORDS: usize = 24;

/// Round one: what is known of who asks. Proofs, by keyed name; lists are asked beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inquiry {
    /// Key of: this number was proved.
    pub number: u64,
    /// Key of: this device proved some number.
    pub device: Option<u64>,
    /// Key of: this user proved some number.
    pub user: Option<u64>,
    /// Key of: this device proved this very number.
    pub number_device: Option<u64>,
    /// Key of: this user proved this very number.
    pub number_user: Option<u64>,
}

/// One thing to count: the attempt is added, and the record comes back with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What the limit is about.
    pub scope: LimitScope,
    /// The record's key.
    pub key: u64,
    /// Windows to count in, in seconds; 0: none. The union over the tenant's profiles.
    pub windows_s: [u32; WINDOWS],
    /// Whether this attempt is added; wrong guesses are only read.
    pub add: bool,
}

/// Round two: what to count.
pub type Needs = ArrayVec<Need, RECORDS>;

//! Tallies: evidence and limits to a bucket.

use super::StoreError;
use async_trait::async_trait;
use cofferdam_engine::Needs;
use cofferdam_engine::known::Seen;
use cofferdam_engine::need::{Inquiry, RECORDS};
use cofferdam_engine::tally::Change;

/// When the keys of an inquiry were last proved, in Unix seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Proofs {
    pub number_s: Option<u32>,
    pub device_s: Option<u32>,
    pub user_s: Option<u32>,
    pub number_device_s: Option<u32>,
    pub number_user_s: Option<u32>,
}

/// What was changed and in which order, so that the journal can bring it back after a crash:
/// opaque bytes of the home that made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(pub Vec<u8>);

impl Marks {
    /// Both, in order.
    pub fn and(&mut self, more: &Marks) {
        self.0.extend_from_slice(&more.0);
    }
}

/// The answer to round two, in the order of the needs.
pub struct Counted {
    /// What was seen, this attempt included where it was added.
    pub seen: arrayvec::ArrayVec<Seen, RECORDS>,
    /// What was changed.
    pub marks: Marks,
}

/// Evidence and limits to a bucket. One trip a call, however many keys.
#[async_trait]
pub trait Tallies: Send + Sync {
    /// Round one: reads, and changes nothing.
    async fn proofs(&self, inquiry: &Inquiry) -> Result<Proofs, StoreError>;

    /// Round two: adds the attempt where the need says so, and answers with what then stands.
    /// Atomic a key, so that two attempts never see the same count.
    async fn count(&self, needs: &Needs, at_s: u32) -> Result<Counted, StoreError>;

    /// What follows afterwards: giving back, proofs. Commutes with everything else.
    async fn raise(&self, changes: &[Change]) -> Result<Marks, StoreError>;

    /// Brings changes back that a journal remembers; those that already stand are not done twice.
    async fn recover(&self, marks: &Marks) -> Result<(), StoreError>;

    /// Whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Live keys and bytes, for metrics.
    fn size(&self) -> TallySize;
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TallySize {
    /// Live keys.
    pub keys: u64,
    /// Bytes held for them.
    pub bytes: u64,
    /// Keys that were pushed out before their time.
    pub evicted: u64,
}

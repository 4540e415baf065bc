//! What the shell must now do. It carries effects out and makes no choices of its own.

use crate::limit::{Limit, LimitScope};
use alloc::string::String;
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Reserve one message of an exact limit in the transaction of the intent. If it refuses, ask
    /// [`crate::Assessment::refused`] and do what that says.
    Reserve {
        /// Number or tenant.
        scope: LimitScope,
        /// The key it is reserved under.
        key: u64,
        /// What must hold.
        limits: ArrayVec<Limit, { crate::limit::WINDOWS }>,
        /// Windows to count in: those of all profiles.
        windows_s: [u32; crate::limit::WINDOWS],
    },
    /// Give back what was counted for this attempt: it is not sent.
    GiveBack,
    /// Remember that this was proved: a number, device, user or pair.
    Prove {
        /// The record's key.
        key: u64,
        /// When, in Unix seconds.
        at_s: u32,
    },
    /// The standing entry of a list is over.
    EndEntry {
        /// Its identifier.
        entry: String,
    },
    /// A narrow scope of evidence explains what wider ones have seen.
    Explain {
        /// Which.
        scope: crate::evidence::Scope,
        /// The narrow record.
        key: u64,
        /// Share of its newcomers that are not expected, in thousandths.
        share: u16,
    },
    /// A scope of evidence was found guilty once more.
    Strike {
        /// Which. The whole installation where the guilty one is remembered well enough: then it tells of
        /// heat alone, and the key says who was guilty.
        scope: crate::evidence::Scope,
        /// Its record.
        key: u64,
    },
    /// A scope is guilty: the ladder of blocks says whether it is shut now.
    OpenBlock(crate::block::Met),
    /// A standing block stopped this attempt.
    StopAtBlock {
        /// Whose.
        key: u64,
    },
    /// It met a block and is sent all the same: what comes of it is the block's to know.
    PassBlock {
        /// Whose.
        key: u64,
        /// It would have been stopped, and was let through to learn.
        held_out: bool,
    },
}

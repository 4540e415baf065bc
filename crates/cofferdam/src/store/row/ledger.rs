//! What is reserved before a message is sent.

use cofferdam_engine::limit::{Limit, LimitScope, WINDOWS};
use serde::{Deserialize, Serialize};

/// An exact reservation, made in the transaction of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    /// One message under a limit.
    Limit {
        /// Number or tenant.
        scope: LimitScope,
        /// The key it is counted under.
        key: u64,
        /// What must hold.
        limits: Vec<Limit>,
        /// Windows to count in.
        windows_s: [u32; WINDOWS],
    },
    /// Money under a budget. No budget exists yet; the ledger that carries them does.
    Money {
        /// The budget.
        budget: String,
        /// Start of its period, in Unix milliseconds.
        period_start_ms: i64,
        /// What may be spent in the period.
        limit_micros: i64,
        /// What this attempt may come to.
        micros: i64,
    },
}

/// Why a reservation was refused; nothing was reserved at all then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A limit is met.
    Limit {
        /// Which.
        scope: LimitScope,
        /// The limit that refused.
        limit: Limit,
        /// How many stand in its window.
        seen: u32,
        /// In how many seconds the oldest leaves it.
        frees_in_s: u32,
    },
    /// A budget is spent.
    Money {
        /// Which.
        budget: String,
    },
}

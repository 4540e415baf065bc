//! What is said about ourselves: metrics, logs, and what both must never hold.
//!
//! Metric names are one list (`metrics::NAMES`), label values are closed sets, logs hold country,
//! network and prefix at most. Nothing here decides anything; everything above may use it.

pub mod log;
pub mod metrics;
pub mod redact;

pub use metrics::Metrics;
pub use redact::{Redact, scrub};

//! What is counted of attempts so that attacks can be told from crowds: the scopes of an attempt,
//! the records kept for each, and the changes that raise them.
//!
//! Like the limits' tallies, evidence changes only by adding integers at a place that the engine
//! names, and by taking larger of two times: both commute, so one machine and many come to the same
//! figures. Unlike limits it counts what was *asked for*, sent or not, and never stops anybody by itself:
//! detectors look at the [`Reading`]s, the policy weighs them.

mod change;
mod convert;
pub(crate) mod count;
pub(crate) mod decay;
pub(crate) mod expect;
mod flight;
mod follow;
mod heat;
pub mod image;
mod load;
mod open;
mod plain;
mod read;
mod reading;
mod recent;
mod records;
mod rich;
mod save;
mod scope;
mod seen;
mod share;
mod store;

pub use change::{Add, Adds, CountAdds, EvidenceChange, Raised, Width, count_changes};
pub use count::{Ask, Faces, Fate, Glimpse, faces};
pub use decay::{HORIZONS, TAU_S};
pub use load::Kept;
pub use open::OpenAttempt;
pub use plain::{Field, PlainRecord};
pub use reading::{Climate, Company, Evidenced, Reading};
pub use recent::RecentRecord;
pub use rich::RichRecord;
pub use save::{BadEvidence, EvidenceCursor};
pub use scope::{Keys, SCOPES, Scope, keys};
pub use seen::SeenRecord;
pub use store::{EvidenceSize, EvidenceTallies};

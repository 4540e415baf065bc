//! The JSON of every answer: types of the edge, converted by hand from those of the use cases, so that
//! neither the journal nor the records can change what callers see. The document's schemas are
//! derived from these very types.

mod assessment;
mod block;
mod number;
mod plain;
mod reading;
mod standing;
mod verification;

pub use assessment::{Assessed, AssessedDetail};
pub use block::BlockView;
pub use number::NumberView;
pub use plain::{Money, Time};
pub use standing::{AuditView, EntryView, KeyView, MadeKeyView, ProfileView, TenantMadeView, TenantView};
pub use verification::{OutboxView, VerificationView, status};

//! One browser or app sends to a network far more than its share.
//!
//! Example: twenty newcomers of one user agent to a network → `client.unusual`.
//! As many in three hours, of the agents that people there have → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::ClientUnusual, |reading, _| matches!(reading.scope, Scope::ClientNetwork));
}

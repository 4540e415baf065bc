//! One network of addresses, or one country, sends to a telephone network far more than its share.
//!
//! Example: twenty newcomers from one cloud's addresses to a network → `whence.unusual`.
//! As many in three hours, from where its people always come → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::WhenceUnusual, |reading, _| matches!(reading.scope, Scope::WhenceNetwork));
}

//! Voice or another channel is asked for on a network far more than usual.
//!
//! Example: ten calls to a network within a quarter of an hour → `channel.unusual`.
//! One call → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::ChannelUnusual, |reading, _| matches!(reading.scope, Scope::ChannelNetwork));
}

//! Dozens of networks that nobody uses here are asked for, none of them often.
//!
//! Example: thirty newcomers in an hour over networks that have less than two a day each → `rare.spread`.
//! Three of them → nothing.

use super::{Case, Question, Signals, worst};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    worst(case, signals, Code::RareSpread, |reading, _| matches!(reading.scope, Scope::Rare));
}

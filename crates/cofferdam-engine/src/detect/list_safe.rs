//! The safe list names the number, its prefix, or the address, and no entry of the deny list that
//! is as narrow does.
//!
//! Example: safe `+12125550123`, that number → `list.safe`. Its neighbour → nothing.

use super::{Case, Question, Signals, list_deny, tell};
use crate::judge::Lists;
use crate::need::Needs;
use crate::signal::Code;

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    if matches!(case.standing.lists, Lists::SafeDestination | Lists::SafeSource) {
        tell(signals, Code::ListSafe, list_deny::evidence(case.known.identity.safe.as_ref()));
    }
}

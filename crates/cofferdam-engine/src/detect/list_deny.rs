//! The deny list names the number, its prefix, or the address, and no narrower safe entry does.
//!
//! Example: deny `+1212555*`, number `+1 212 555 0123` → `list.deny`, key `+1212555`.
//! With `+12125550123` on the safe list beside it → nothing.

use super::{Case, Question, Signals, tell};
use crate::judge::Lists;
use crate::known::Listed;
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    if case.standing.lists == Lists::Deny {
        tell(signals, Code::ListDeny, evidence(case.known.identity.deny.as_ref()));
    }
}

/// A prefix is named; a number or an address is not repeated.
pub(super) fn evidence(listed: Option<&Listed>) -> Evidence {
    let key = listed.and_then(|l| l.prefix).map_or(EvidenceKey::None, EvidenceKey::Prefix);
    Evidence { key, seen: 1.0, ..Evidence::default() }
}

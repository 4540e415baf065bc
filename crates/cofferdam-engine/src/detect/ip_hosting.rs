//! An address that no person has: a data centre's, or a VPN's. Honest people use VPNs too, so it
//! weighs little.
//!
//! Example: an address of a cloud → `ip.hosting`. A home's → nothing.

use super::{Case, Question, Signals, nats};
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let source = &case.attempt.source;
    if source.hosting || source.vpn {
        // Twice as likely an attack, a VPN less. Source: detection paper, 3.8.
        nats(signals, Code::IpHosting, Evidence::default(), if source.hosting { 0.7 } else { 0.35 });
    }
}

//! Others at this address entered right codes lately: it is where people are. An address is shared,
//! so this is no trust.
//!
//! Example: one conversion at the address the day before → `ip.proved`. None → nothing; nor where so many
//! ask that the address itself is looked at.

use super::{Case, Question, Signals, nats};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let converted = f64::from(case.known.evidence.neighbours);
    let doubted = case.known.evidence.readings.iter().any(|r| r.scope == Scope::Address);
    if converted >= 0.3 && !doubted {
        let evidence = Evidence { window_s: 129_600, converted: Some(converted), ..Evidence::default() };
        // A third as likely an attack. Source: detection paper, 3.8.
        nats(signals, Code::IpProved, evidence, -1.05);
    }
}

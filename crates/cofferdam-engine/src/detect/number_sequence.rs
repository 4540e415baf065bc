//! The numbers of a run are counted up, in whatever step and order.
//!
//! Example: the last twelve numbers of a run of ten thousand lie seven apart, shuffled →
//! `number.sequence`. Twelve anywhere in the run → nothing; nor a person who mistypes and then types right.

use super::{Case, Question, Signals, nats};
use crate::evidence::Scope;
use crate::need::Needs;
use crate::signal::{Code, Evidence, EvidenceKey};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let runs = case.known.evidence.readings.iter().filter(|reading| reading.scope == Scope::Prefix4);
    for reading in runs {
        // The pattern itself weighs in the rivals of its run; alone it is worth as much as it is rare.
        if let Some((found, step)) = reading.order.filter(|(found, _)| *found > 2.0) {
            let evidence = Evidence {
                key: EvidenceKey::Prefix(case.attempt.place.shown),
                seen: f64::from(step),
                ..Evidence::default()
            };
            nats(signals, Code::NumberSequence, evidence, f64::from(found.min(6.0)));
        }
    }
}

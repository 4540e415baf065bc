//! One number is asked for again on several days, and no code ever comes back: an attack at any pace.
//!
//! Example: asked for on six of the last 28 days, never converted → `number.sittings`.
//! Asked for on six days and converted on four → nothing.

use super::{Case, Question, Signals, nats};
use crate::math::bb;
use crate::need::Needs;
use crate::signal::{Code, Evidence};

pub(super) fn need(_: &Question<'_>, _: &mut Needs) {}

pub(super) fn see(case: &Case<'_>, signals: &mut Signals) {
    let (asked, converted) = case.known.evidence.days;
    if asked < 2 || converted > 0 {
        return;
    }
    let asked = f64::from(asked);
    // The rate of one person wanders widely, so three days are far from a proof.
    let found = bb(0.0, asked, 0.05, 14.0) - bb(0.0, asked, 0.65, 4.0);
    let evidence =
        Evidence { window_s: 28 * 86_400, seen: asked, converted: Some(0.0), ..Evidence::default() };
    nats(signals, Code::NumberSittings, evidence, found.clamp(0.0, 5.0));
}

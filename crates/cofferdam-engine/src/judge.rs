//! Being written.
use crate::{
    Assessment, Attempt, Identity, Inquiry, Known, Needs, Outcome, Policy, assessment::Decision,
    effect::Effect, policy::Terms,
};
/// Being written.
pub fn identify(_: &Attempt) -> Inquiry {
    Inquiry::default()
}
/// Being written.
pub fn needs(_: &Attempt, _: &Identity, _: &Terms) -> Needs {
    Needs::new()
}
/// Being written.
pub fn assess(_: &Attempt, _: &Known, policy: &Policy, terms: &Terms) -> Assessment {
    Assessment {
        decision: Decision::Allow,
        enforced: true,
        score: 0.0,
        base_points: 0,
        points: 0,
        reasons: arrayvec::ArrayVec::new(),
        scope: None,
        until_ms: None,
        retry_after_ms: None,
        price_micros: 0,
        losses_micros: [0; 3],
        level: policy.level,
        mode: terms.mode,
        policy: policy.id.clone(),
        edition: "".into(),
        engine: 1,
        effects: alloc::vec::Vec::new(),
    }
}
/// Being written.
pub fn learn(_: &Outcome, _: &Attempt) -> alloc::vec::Vec<Effect> {
    alloc::vec::Vec::new()
}
/// Being written.
pub fn review() {}

//! What is judged of an attempt where evidence is switched off, and what is reserved of every attempt that
//! is sent: limits alone. It judges nothing by itself. Called by the verbs, and by the shell, which has
//! such an attempt counted in one trip.

use super::standing::Standing;
use crate::attempt::Attempt;
use crate::block::Stood;
use crate::detect::{Detector, limit};
use crate::effect::Effect;
use crate::known::Identity;
use crate::limit::{LimitScope, WINDOWS};
use crate::need::Inquiry;
use crate::policy::{Policy, Terms};
use arrayvec::ArrayVec;

/// How many limits are exact.
const EXACT: usize = 2;

/// Whether a detector is asked: what looks at places, sources and habits is not, where evidence is off.
pub(super) fn is_asked(detector: &Detector, terms: &Terms) -> bool {
    terms.evidence || !detector.code.is_some_and(crate::signal::Code::is_of_evidence)
}

/// What is reserved exactly of an attempt that is sent: messages to its number, and of its tenant.
pub fn exact(
    attempt: &Attempt,
    identity: &Identity,
    policy: &Policy,
    terms: &Terms,
) -> ArrayVec<Effect, EXACT> {
    reserved(attempt, terms, &Standing::of(attempt, identity, policy)).collect()
}

/// The same, of one whose standing is known.
pub(super) fn reserved<'a>(
    attempt: &'a Attempt,
    terms: &'a Terms,
    standing: &Standing,
) -> impl Iterator<Item = Effect> + 'a {
    let pair_key = standing.pair_key;
    [LimitScope::Number, LimitScope::Tenant].into_iter().filter_map(move |scope| {
        let windows_s = terms.windows_of(scope);
        let own = pair_key.filter(|_| scope == LimitScope::Number);
        let key = own.or_else(|| limit::key_of(attempt, scope))?;
        windows_s.iter().any(|w| *w != 0).then(|| {
            let limits = terms.limits.of(scope).iter().copied().take(WINDOWS).collect();
            Effect::Reserve { scope, key, limits, windows_s }
        })
    })
}

impl Inquiry {
    /// What is asked where evidence is off: who proved this very number has an allowance of his own, and a line
    /// that proved itself can be reached. What somebody proved of other numbers only speaks for him.
    #[must_use]
    pub fn without_evidence(self) -> Self {
        Self { device: None, user: None, ..self }
    }
}

impl Terms {
    /// Whether a standing block matters to an attempt: what evidence opened does not, where that is off.
    pub fn heeds(&self, block: &Stood) -> bool {
        self.evidence || block.by_hand
    }
}

//! What is to be counted of an attempt in one trip: what the judgement looks at, and behind it the exact limits of
//! who sends by himself. Called by both ways to judge; it counts nothing itself.

use super::{Case, Judged, light_needs, over, reservations_of};
use crate::store::row::{Basis, Reservation};
use cofferdam_engine::known::Seen;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::{Decision, Identity, Known, Needs};

/// What is to be counted.
pub(super) struct Wanted {
    pub needs: Needs,
    /// How many of them the judgement looks at.
    judged: usize,
    pub reservations: Vec<Reservation>,
}

impl Wanted {
    pub fn of(case: &Case<'_>, identity: &Identity, basis: &Basis) -> Self {
        let (attempt, policy, terms) = (&case.attempt, &basis.policy, &basis.terms);
        let mut needs = cofferdam_engine::needs(attempt, identity, policy, terms);
        if !case.assess_only {
            // Those of messages that we send stand in the records, reserved with the intent.
            return Self { judged: needs.len(), needs, reservations: Vec::new() };
        }
        // Wrong guesses stop starts; who only asks for a judgement has no guesses here.
        needs.retain(|need| need.scope != LimitScope::NumberChecks);
        let judged = needs.len();
        let reservations = reservations_of(&cofferdam_engine::exact(attempt, identity, policy, terms));
        let room = needs.remaining_capacity();
        needs.extend(light_needs(&reservations).into_iter().take(room));
        Self { needs, judged, reservations }
    }

    /// What is exact is not counted while nobody can say what stands.
    pub fn without_exact(&mut self) {
        self.needs.truncate(self.judged);
        self.reservations.clear();
    }

    /// What was seen of the exact limits, taken out of what the judgement looks at.
    pub fn exact_of(&self, known: &mut Known) -> Vec<Seen> {
        known.seen.drain(self.judged.min(known.seen.len())..).collect()
    }
}

impl Judged {
    /// Who sends by himself promises no disk and gets none: his exact limits are counted in the tallies, to a
    /// bucket, and kept apart from those of messages that we send. They were counted before it was judged; what
    /// is not sent gives them back with all else.
    pub(super) fn reserve_lightly(&mut self, reservations: Vec<Reservation>, exact: &[Seen]) {
        self.entry.reservations = reservations;
        if self.followed() == Decision::Allow
            && let Some((scope, limit, window)) = exact.iter().find_map(|seen| over(self, seen))
        {
            self.entry.assessment = self.entry.assessment.refused(scope, window, limit);
        }
    }
}

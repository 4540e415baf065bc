//! Judges one attempt where its profile switches evidence off: limits, lists and what stands decide alone.
//!
//! One trip to the tallies, exact limits of a judgement alone included; a second where this device or user
//! proved this number before, for then another allowance is counted. Nothing of evidence is looked up, counted
//! or opened, so no outcome of such an attempt teaches it anything.

use super::wanted::Wanted;
use super::{Case, Found, Judged, VerifyError, assessed, give_back, identity, name, seconds, wrong_guesses};
use crate::app::App;
use crate::store::StoreError;
use crate::store::row::Basis;
use crate::store::tallies::{Counted, CountedAlone, Identified, Marks, Proofs};
use cofferdam_engine::known::Blind;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::need::Inquiry;
use cofferdam_engine::{Decision, Effect, Known};
use std::sync::Arc;

/// An attempt on its way through the rounds.
struct Round<'a> {
    app: &'a App,
    case: &'a Case<'a>,
    basis: &'a Basis,
    inquiry: Inquiry,
    at_s: u32,
}

/// Judges.
pub(super) async fn judge(app: &App, case: Case<'_>, basis: Arc<Basis>) -> Result<Judged, VerifyError> {
    let at_s = seconds(case.attempt.at_ms);
    let inquiry = cofferdam_engine::identify(&case.attempt).without_evidence();
    let mut known = Box::<Known>::default();
    known.identity = identity(app, &case, &basis.policy, Identified::default());
    known.identity.blocks.retain(|block| basis.terms.heeds(block));
    let round = Round { app, case: &case, basis: &basis, inquiry, at_s };
    let mut asked = round.wanted(&known);
    let mut found = Found::default();
    // Whether what was asked for stands counted, here or there.
    let mut stands = true;
    match round.both(&mut asked, &mut known).await {
        Ok(marks) => found = Found { marks, exact: asked.exact_of(&mut known) },
        Err(why) => (asked, stands) = round.blind(&why, &mut known),
    }
    if let Some(need) = asked.needs.iter().find(|need| need.scope == LimitScope::NumberChecks) {
        wrong_guesses(app, &case, &basis, need, &mut known, at_s).await?;
    }
    let mut judged = assessed(app, case, known, basis, asked.reservations, found);
    if stands {
        judged.follow_alone(app).await;
    }
    Ok(judged)
}

impl Round<'_> {
    fn wanted(&self, known: &Known) -> Wanted {
        Wanted::of(self.case, &known.identity, self.basis)
    }

    /// Both rounds, in one trip wherever one will do.
    async fn both(&self, asked: &mut Wanted, known: &mut Known) -> Result<Marks, StoreError> {
        let tallies = &self.app.store.tallies;
        let first = told(known, tallies.count_alone(&self.inquiry, &asked.needs, self.at_s).await?);
        if let Some(marks) = first {
            return Ok(marks);
        }
        *asked = self.wanted(known);
        Ok(seen(known, tallies.count(&asked.needs, self.at_s).await?))
    }

    /// From what this process knows by itself, where the home has such a copy; else from nothing. Whether it
    /// counted there.
    fn blind(&self, why: &StoreError, known: &mut Known) -> (Wanted, bool) {
        let tallies = &self.app.store.tallies;
        proved(known, tallies.proofs_blind(&self.inquiry).unwrap_or_default());
        let mut asked = self.wanted(known);
        asked.without_exact();
        let counted = tallies.count_alone_blind(&asked.needs, self.at_s, why, known);
        if known.blind.is_none() {
            known.blind = Some(Blind::Tallies { nodes: 1 });
        }
        (asked, counted)
    }
}

/// What the one trip told, in its place; what was changed, if it was counted. Apart, so that none of it stands in what
/// is waited for.
fn told(known: &mut Known, answer: CountedAlone) -> Option<Marks> {
    proved(known, answer.proofs);
    answer.counted.map(|counted| seen(known, counted))
}

fn seen(known: &mut Known, counted: Counted) -> Marks {
    known.seen = counted.seen;
    counted.marks
}

/// What proofs say of who asks.
fn proved(known: &mut Known, proofs: Proofs) {
    let identity = &mut known.identity;
    identity.number_proved_s = proofs.number_s;
    identity.number_device_proved_s = proofs.number_device_s;
    identity.number_user_proved_s = proofs.number_user_s;
}

impl Judged {
    /// Gives back what is not sent, and counts what a block made by hand stopped or let pass.
    async fn follow_alone(&mut self, app: &App) {
        let of_block =
            |effect: &Effect| matches!(effect, Effect::StopAtBlock { .. } | Effect::PassBlock { .. });
        if self.entry.assessment.effects.iter().any(of_block) {
            let (attempt, identity) = (&self.entry.attempt, &self.entry.known.identity);
            let ask = cofferdam_engine::ask(attempt, identity, &self.entry.basis.policy);
            app.blocks.follow(app, &self.entry, name(&self.entry.assessment_id), &ask);
        }
        if self.followed() == Decision::Allow {
            return;
        }
        let changes = give_back(&self.entry);
        self.entry.reservations.clear();
        // Away: what was counted leaves its windows by itself.
        if let Ok(marks) = app.store.tallies.raise_soon(&changes).await {
            self.marks.and(&marks);
        }
    }
}

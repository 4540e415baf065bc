//! What a standing block does to an attempt, and what an attempt does to blocks. Trusted attempts and the
//! safe list pass; who scores low passes what the engine opened; and a few are let through to learn.

use super::{Decided, Lists, Standing, held};
use crate::assessment::{AssessedScope, Decision};
use crate::attempt::Attempt;
use crate::block::{Guilty, Met, Seen, Stood, Word, narrowest};
use crate::detect::{self, Case, Signals};
use crate::effect::Effect;
use crate::evidence::{Ask, Scope};
use crate::known::Identity;
use crate::policy::{Mode, Policy, Terms};
use crate::signal::{Code, Evidence, EvidenceKey, Signal};
use crate::weigh::{self, Weighed};
use arrayvec::ArrayVec;

/// The block that holds against an attempt, if any does.
pub(super) fn against(identity: &Identity, standing: &Standing) -> Option<Stood> {
    if standing.number_proved_ago_s.is_some() || standing.lists == Lists::SafeDestination {
        return None;
    }
    let source = |scope| matches!(scope, Scope::Address | Scope::Neighbourhood | Scope::Asn);
    let excused = |stood: &&Stood| standing.lists == Lists::SafeSource && source(stood.scope);
    let shuts = |stood: &&Stood| !stood.trial && !stood.kept_open && !excused(stood);
    let mut shut = identity.blocks.iter().filter(shuts);
    // One made by a person holds before the engine's own.
    let first = shut.clone().find(|stood| stood.by_hand).or_else(|| shut.next());
    first.copied()
}

/// The block whose word may stand for an attempt: one that the engine opened holds against it, nothing speaks for
/// who asks, nor is he drawn to be let through. Everybody else is judged by his own evidence.
pub(crate) fn spoken_for(
    attempt: &Attempt,
    identity: &Identity,
    ask: &Ask,
    policy: &Policy,
    terms: &Terms,
) -> Option<u64> {
    let proofs = [
        identity.number_proved_s,
        identity.device_proved_s,
        identity.user_proved_s,
        identity.number_device_proved_s,
        identity.number_user_proved_s,
    ];
    let unknown = ask.newcomer
        && !ask.trusted
        && proofs.iter().all(Option::is_none)
        && identity.safe.is_none()
        && identity.deny.is_none();
    let plain = policy.blocks.on
        && terms.evidence
        && terms.mode == Mode::Enforce
        && terms.magic.is_none()
        && !attempt.challenge_passed
        && !identity.blocks.iter().any(|stood| stood.trial || stood.kept_open);
    if !unknown || !plain {
        return None;
    }
    let stood = against(identity, &Standing::of(attempt, identity, policy))?;
    (!stood.by_hand && !drawn(attempt, &stood, policy)).then_some(stood.key)
}

/// Whether a block that the engine opened stops an attempt of so many points.
pub(crate) fn keeps(points: i32, policy: &Policy) -> bool {
    weigh::logistic(points) >= f64::from(policy.blocks.keeps_ppm) / 1e6
}

/// What the attempt comes to by a block's word: all that moved it is the block's.
pub(super) fn by_word(weighed: &mut Weighed, word: &Word) {
    let points = word.points.saturating_sub(weighed.base_points);
    if let Some(reason) = weighed.reasons.iter_mut().find(|reason| reason.code == Code::BlockStanding) {
        reason.points = points;
        weighed.points = word.points;
    }
}

/// What is told of it.
pub(super) fn told(case: &Case<'_>) -> Option<Signal> {
    let stood = case.block?;
    let evidence = Evidence { key: stood.shown, seen: 1.0, ..Evidence::default() };
    Some(Signal { code: Code::BlockStanding, evidence, nats: 0.0 })
}

/// What a block that the engine opened makes of an attempt with this score, or one that a person keeps
/// open; `None`: nothing.
pub(super) fn decides(case: &Case<'_>, signals: &Signals, score: f64) -> Option<Decided> {
    if case.block.is_none() && case.known.identity.blocks.iter().any(|stood| stood.kept_open) {
        return Some(Decided { decision: Decision::Allow, hard: false, held_out: false });
    }
    let stood = case.block.filter(|_| signals.iter().any(|s| s.code == Code::BlockStanding))?;
    if score < f64::from(case.policy.blocks.keeps_ppm) / 1e6 {
        return None;
    }
    let held_out = held_out(case, &stood);
    let decision = if held_out { Decision::Allow } else { Decision::Block };
    Some(Decided { decision, hard: false, held_out })
}

/// Whether this one is let through to learn, by its dice.
fn held_out(case: &Case<'_>, stood: &Stood) -> bool {
    drawn(case.attempt, stood, case.policy)
}

fn drawn(attempt: &Attempt, stood: &Stood, policy: &Policy) -> bool {
    let one_in = u64::from(policy.blocks.holdout_one_in);
    stood.holds_out && one_in > 0 && held::dice(attempt.dice).is_multiple_of(one_in)
}

/// What the refusal covers.
pub(super) fn scope(signals: &Signals) -> Option<AssessedScope> {
    let signal = signals.iter().find(|s| s.code == Code::BlockStanding)?;
    Some(match signal.evidence.key {
        EvidenceKey::Prefix(prefix) => AssessedScope::Prefix(prefix),
        EvidenceKey::Network(network) => AssessedScope::Network(network),
        EvidenceKey::Country(country) => AssessedScope::Country(country),
        EvidenceKey::Evidence(scope) => AssessedScope::Evidence(scope),
        _ => return None,
    })
}

/// When the block that decided ends by itself.
pub(super) fn until_ms(case: &Case<'_>, decision: Decision) -> Option<i64> {
    let until_s = case.block.filter(|_| decision == Decision::Block)?.until_s?;
    Some(i64::from(until_s) * 1_000)
}

/// What the shell must do about blocks.
pub(super) fn effects(
    case: &Case<'_>,
    followed: Decision,
    decision: Decision,
    score: f64,
) -> ArrayVec<Effect, 2> {
    let mut effects = ArrayVec::new();
    let trial = || case.known.identity.blocks.iter().find(|stood| stood.trial);
    let trusted = case.standing.number_proved_ago_s.is_some();
    match (case.block, followed) {
        (Some(stood), Decision::Block) => effects.push(Effect::StopAtBlock { key: stood.key }),
        (Some(stood), Decision::Allow) if decision == Decision::Allow => {
            let held_out = score >= f64::from(case.policy.blocks.keeps_ppm) / 1e6;
            effects.push(Effect::PassBlock { key: stood.key, held_out });
        }
        (None, Decision::Allow) if !trusted && case.known.evidence.newcomer => {
            effects.extend(trial().map(|stood| Effect::PassBlock { key: stood.key, held_out: false }));
        }
        _ => {}
    }
    if followed == Decision::Block
        && let Some(met) = guilty(case)
    {
        effects.push(Effect::OpenBlock(met));
    }
    effects
}

/// The scope that this attempt says is guilty.
fn guilty(case: &Case<'_>) -> Option<Met> {
    let policy = case.policy;
    if !policy.blocks.on || !case.known.evidence.newcomer {
        return None;
    }
    let readings = &case.known.evidence.readings;
    let price = weigh::price(case);
    let seen = case.suspected.iter().filter_map(|(at, found)| {
        let losses = weigh::losses(found.p, price, &policy.weights);
        let least = weigh::least_loss(&losses, case.terms.can_challenge, case.attempt.challenge_passed);
        Some(Seen {
            reading: readings.get(usize::from(*at))?,
            p: found.p,
            weight: found.weight,
            horizon: found.horizon,
            told: found.seen,
            blocks: least == Decision::Block,
        })
    });
    let Guilty { reading, p } = narrowest(seen)?;
    let shut = case.known.identity.blocks.iter().any(|stood| stood.key == reading.key && !stood.trial);
    let thousandths = |x: f32| (x.max(0.0) * 1_000.0) as u32;
    let ([pace, ..], [usual, ..]) = (reading.seen, reading.expected);
    (!shut).then(|| Met {
        scope: reading.scope,
        key: reading.key,
        shown: detect::shown(case, reading.scope),
        sure: p >= f64::from(policy.blocks.sure_ppm) / 1e6,
        pace_milli: thousandths(pace),
        usual_milli: thousandths(usual),
        rate_ppm: (reading.rate.clamp(0.0, 1.0) * 1e6) as u32,
    })
}

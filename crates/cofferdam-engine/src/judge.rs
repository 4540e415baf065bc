//! The verbs: what is asked, what is counted, what is thought, what is learned.
//!
//! Nothing here counts or keeps anything: the shell asks in the order that the crate's header
//! names, carries the effects out, and writes down what was judged from what.

mod alone;
mod blocked;
mod explain;
mod held;
pub(crate) mod key;
mod outcome;
mod solved;
mod standing;

pub use alone::exact;
pub(crate) use blocked::{keeps, spoken_for};
pub use explain::{Closest, Step, closest_change, threshold};
pub use outcome::{Entry, learn, review};
pub(crate) use standing::{Lists, Standing};

use crate::assessment::{AssessedScope, Assessment, Decision, EFFECTS, REASONS, Reason, Stamp};
use crate::attempt::Attempt;
use crate::detect::{Case, DETECTORS, Question, Signals, Suspected, limit};
use crate::effect::Effect;
use crate::evidence::{Ask, Scope};
use crate::known::{Blind, Identity, Known, SeenWindow};
use crate::limit::{Limit, LimitScope};
use crate::need::{Inquiry, Needs};
use crate::policy::{Magic, Mode, Policy, Terms};
use crate::rival::{self, Around, Memo, Vouch};
use crate::signal::{Code, Evidence, EvidenceKey, Family, Signal};
use crate::tally::Change;
use crate::weigh::{self, Weighed};
use arrayvec::ArrayVec;
use cofferdam_atlas::{Kind, Tariff};
use core::fmt::Write as _;

/// Round one: the keys under which proofs of who asks are kept. Lists are asked beside it.
pub fn identify(attempt: &Attempt) -> Inquiry {
    let (realm, number, source) = (attempt.realm, attempt.place.number, &attempt.source);
    Inquiry {
        number: key::proved_number(realm, number),
        device: source.device.map(|device| key::proved_device(realm, device)),
        user: source.user.map(|user| key::proved_user(realm, user)),
        number_device: source.device.map(|device| key::number_device(realm, number, device)),
        number_user: source.user.map(|user| key::number_user(realm, number, user)),
    }
}

/// Round two: what to count, now that it is known who asks. Who proved this number before, or
/// stands on the safe list, is not counted where others are.
pub fn needs(attempt: &Attempt, identity: &Identity, policy: &Policy, terms: &Terms) -> Needs {
    let standing = Standing::of(attempt, identity, policy);
    let question = Question { attempt, terms, standing };
    let mut needs = Needs::new();
    for (at, detector) in DETECTORS.iter().enumerate() {
        if !policy.off.has(at) {
            (detector.need)(&question, &mut needs);
        }
    }
    needs
}

/// The changes by which a store counts an attempt that it was asked to count.
pub fn changes(needs: &Needs, at_s: u32) -> impl Iterator<Item = Change> {
    counted(needs, at_s, 1)
}

/// The changes by which a store gives back what [`changes`] counted, with the same `at_s`.
pub fn give_back(needs: &Needs, at_s: u32) -> impl Iterator<Item = Change> {
    counted(needs, at_s, -1)
}

fn counted(needs: &Needs, at_s: u32, by: i32) -> impl Iterator<Item = Change> {
    let added = needs.iter().filter(|need| need.add);
    added.map(move |need| Change::Count { key: need.key, at_s, windows_s: need.windows_s, by })
}

/// The judgement. It cannot fail, and the same values give the same assessment, for ever.
pub fn assess(attempt: &Attempt, known: &Known, policy: &Policy, terms: &Terms) -> Assessment {
    let case = case(attempt, known, policy, terms);
    let mut signals = Signals::new();
    look(&case, &mut signals);
    let mut weighed = weighed(&case, &signals);
    let score = weighed.score();
    let losses = weigh::losses(score, weigh::price(&case), &policy.weights);
    let decided = decide(&case, &signals, score, &losses);
    if decided.decision != Decision::Block {
        // A block that was passed is no reason for anything.
        weighed.reasons.retain(|reason| reason.code != Code::BlockStanding || reason.points != 0);
    }
    if decided.held_out {
        weighed.reasons.truncate(REASONS - 1);
        weighed.reasons.push(Reason { code: Code::Holdout, points: 0, evidence: Evidence::default() });
    }
    conclude(&case, &signals, weighed, Judged { score, losses, decided })
}

/// Points of what was found, or of what a block says in its place.
pub(crate) fn weighed(case: &Case<'_>, signals: &Signals) -> Weighed {
    let mut weighed = weigh::weigh(signals, &case.policy.weights, case.terms.magic);
    if let Some(word) = &case.known.evidence.word {
        blocked::by_word(&mut weighed, word);
    }
    weighed
}

/// Gathers what detectors may look at.
pub(crate) fn case<'a>(
    attempt: &'a Attempt,
    known: &'a Known,
    policy: &'a Policy,
    terms: &'a Terms,
) -> Case<'a> {
    let (kind, tariff) = match terms.magic {
        Some(Magic::Landline) => (Kind::Fixed, Tariff::Standard),
        Some(Magic::Premium) => (attempt.place.kind, Tariff::Premium),
        _ => (reached(attempt), attempt.place.tariff),
    };
    let standing = Standing::of(attempt, &known.identity, policy);
    let suspected = suspected(attempt, known, policy, &standing);
    let block = blocked::against(&known.identity, &standing);
    Case { attempt, known, policy, terms, standing, kind, tariff, suspected, block }
}

/// What kind of line a message reaches. People in Argentina often give their mobile number without the 9
/// that the plan puts before it, which makes it look like a landline; networks deliver it all the same.
fn reached(attempt: &Attempt) -> Kind {
    let argentine = attempt.place.country.is_some_and(|country| country.iso2() == "AR");
    match attempt.place.kind {
        Kind::Fixed if argentine => Kind::FixedOrMobile,
        kind => kind,
    }
}

/// Weighs the rival explanations of every scope that is worth a look.
fn suspected(attempt: &Attempt, known: &Known, policy: &Policy, standing: &Standing) -> Suspected {
    let mut all = Suspected::new();
    let evidence = &known.evidence;
    if standing.lists == Lists::SafeDestination || evidence.readings.is_empty() || evidence.word.is_some() {
        return all;
    }
    let price = attempt.price_micros.unwrap_or(policy.weights.default_price_micros).max(0) as f64 / 1e6;
    let around = Around { climate: known.evidence.climate, price, risky: 1.0 };
    let vouch = Vouch::of(&known.evidence.readings, &around);
    let mut memo = Memo::new();
    for (at, reading) in (0u8..).zip(&known.evidence.readings) {
        if reading.scope == Scope::All {
            // Nothing is expected of the whole, and nobody tells of it.
            continue;
        }
        let company = &known.evidence.company;
        if let Some(found) = rival::suspect(reading, company, &around, &policy.rivals, &mut memo) {
            let _ = all.try_push((at, vouch.map_or(found, |vouch| vouch.lighten(reading, found))));
        }
    }
    all
}

/// Asks every detector, and adds what is no detector's: magic numbers and missing answers.
pub(crate) fn look(case: &Case<'_>, signals: &mut Signals) {
    for (at, detector) in DETECTORS.iter().enumerate() {
        if !case.policy.off.has(at) && alone::is_asked(detector, case.terms) {
            (detector.see)(case, signals);
        }
    }
    let shown =
        Evidence { key: EvidenceKey::Prefix(case.attempt.place.shown), seen: 1.0, ..Evidence::default() };
    let magic = match case.terms.magic {
        Some(Magic::Block) => Some(Signal { code: Code::BlockStanding, evidence: shown, nats: 0.0 }),
        Some(Magic::Challenge) if !case.attempt.challenge_passed => {
            Some(Signal { code: Code::BlockStanding, evidence: shown, nats: 0.0 })
        }
        Some(Magic::Budget) => {
            Some(Signal { code: Code::BudgetExhausted, evidence: Evidence::default(), nats: 0.0 })
        }
        _ => None,
    };
    let blind = case.known.blind.map(|Blind::Tallies { nodes }| {
        let evidence = Evidence { expected: f64::from(nodes.max(1)), ..Evidence::default() };
        Signal { code: Code::Blind, evidence, nats: 0.0 }
    });
    for signal in magic.into_iter().chain(blind).chain(blocked::told(case)) {
        let told = signals.try_push(signal);
        debug_assert!(told.is_ok(), "more signals than there are detectors and limits");
    }
    if case.known.evidence.word.is_some() {
        // Besides its word what refuses by itself is asked, and nothing is weighed twice.
        signals.retain(|signal| signal.code.refuses() || signal.code == Code::Blind);
    }
}

/// What was decided, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decided {
    pub decision: Decision,
    /// Limits, lists or rules about destinations decided, not the score.
    pub hard: bool,
    /// It would have been blocked, and was drawn to learn whether blocking is right.
    pub held_out: bool,
}

/// What refuses, refuses whatever the score; then what is safe passes; then money decides.
pub(crate) fn decide(case: &Case<'_>, signals: &Signals, score: f64, losses_micros: &[i64; 3]) -> Decided {
    let magic = case.terms.magic;
    // A magic number plays a detector's finding, so shadow and score treat it as one.
    let played = matches!(magic, Some(Magic::Block | Magic::Challenge));
    // So does a block that the engine opened by itself.
    let own = played || case.block.is_some_and(|block| !block.by_hand);
    let refuses = |signal: &Signal| signal.code.refuses() && !(own && signal.code == Code::BlockStanding);
    if signals.iter().any(refuses) {
        return Decided { decision: Decision::Block, hard: true, held_out: false };
    }
    let soft = |decision| Decided { decision, hard: false, held_out: false };
    if case.standing.lists == Lists::SafeDestination {
        return soft(Decision::Allow);
    }
    match magic {
        Some(Magic::Block) if signals.iter().any(|s| s.code == Code::BlockStanding) => soft(Decision::Block),
        Some(Magic::Challenge) if case.terms.can_challenge && !case.attempt.challenge_passed => {
            soft(Decision::Challenge)
        }
        _ => {
            if let Some(decided) = blocked::decides(case, signals, score) {
                return decided;
            }
            let least =
                weigh::least_loss(losses_micros, case.terms.can_challenge, case.attempt.challenge_passed);
            // What speaks against the line itself is no guess about who asks: nothing softens it.
            let line = signals.iter().any(|signal| signal.code.family() == Family::Line);
            if least != Decision::Block || line {
                return soft(least);
            }
            match held::instead(case) {
                _ if on_counts_alone(case) || solved::at_the_address(case) => soft(Decision::Challenge),
                Some(decision) => Decided { held_out: true, ..soft(decision) },
                None => soft(least),
            }
        }
    }
}

/// From this chance on a suspicion has a say in whether somebody is shut out. Guess.
const STRONG: f64 = 0.3;

/// Whether nothing but a surge speaks against an attempt that could be challenged. Growth and attack
/// explain a surge equally well until the first outcomes come, and what is blocked has none: so
/// nobody is shut out before somebody was asked.
fn on_counts_alone(case: &Case<'_>) -> bool {
    let mut strong = case.suspected.iter().filter(|(_, found)| found.own >= STRONG).peekable();
    case.terms.can_challenge
        && !case.attempt.challenge_passed
        && strong.peek().is_some()
        && strong.all(|(_, found)| !found.seen)
}

/// What the judgement came to, beside the reasons.
#[derive(Clone, Copy)]
struct Judged {
    score: f64,
    losses: [i64; 3],
    decided: Decided,
}

fn conclude(case: &Case<'_>, signals: &Signals, weighed: Weighed, judged: Judged) -> Assessment {
    let Judged { score, losses, decided: Decided { decision, hard, .. } } = judged;
    let (attempt, policy, terms) = (case.attempt, case.policy, case.terms);
    let limited = signals.iter().any(|s| matches!(s.code, Code::Limit(_)));
    let longest = limited.then(|| limit::hits(case).max_by_key(|hit| hit.frees_in_s)).flatten();
    let retry_after_ms = longest.map(|hit| i64::from(hit.frees_in_s) * 1000);
    let mut policy_stamp = Stamp::new();
    // An identifier of ours is shorter than the stamp; a longer one is cut.
    let _ = write!(policy_stamp, "{}@{}", policy.id, policy.version);
    let mut assessment = Assessment {
        at_ms: attempt.at_ms,
        decision,
        enforced: hard || terms.mode == Mode::Enforce,
        score,
        base_points: weighed.base_points,
        points: weighed.points,
        losses_micros: losses,
        price_micros: weigh::price(case),
        reasons: weighed.reasons,
        scope: longest
            .map(|hit| AssessedScope::Limit(hit.scope))
            .or_else(|| blocked::scope(signals))
            .or_else(|| denied_prefix(signals)),
        until_ms: retry_after_ms
            .map(|ms| attempt.at_ms.saturating_add(ms))
            .or_else(|| blocked::until_ms(case, decision)),
        retry_after_ms,
        level: policy.level,
        mode: terms.mode,
        policy: policy_stamp,
        edition: attempt.edition,
        engine: crate::ENGINE,
        effects: ArrayVec::new(),
    };
    assessment.effects = effects(case, assessment.followed());
    let followed = assessment.followed();
    let kept =
        remembered(case, decision).into_iter().chain(blocked::effects(case, followed, decision, score));
    assessment.effects.extend(kept.take(assessment.effects.remaining_capacity()));
    assessment
}

/// From this chance on a scope is taken to explain what wider ones have seen. Guess.
const EXPLAINS: f64 = 0.8;
/// From this chance on a block is held against a scope. Source: detection paper, 3.10.
const STRIKES: f64 = 0.85;
/// The chance that it must have without what is remembered of it. Guess.
const ANEW: f64 = 0.5;
/// So many strikes are as good as more: a long attack is not remembered longer than a short one.
const STRIKES_MOST: f32 = 3.0;

/// What evidence remembers of a judgement.
fn remembered(case: &Case<'_>, decision: Decision) -> ArrayVec<Effect, 2> {
    let mut effects = ArrayVec::new();
    let readings = &case.known.evidence.readings;
    let found =
        case.suspected.iter().filter_map(|(at, found)| Some((readings.get(usize::from(*at))?, found)));
    let sure = found.filter(|(_, found)| found.p >= EXPLAINS);
    let narrow = sure.clone().filter(|(reading, _)| !rival::is_wide(reading.scope));
    let most = narrow.clone().map(|(_, found)| found.weight).fold(0.0, f64::max);
    // Of those that explain about as much the narrowest: the last in the order of scopes.
    let best =
        narrow.filter(|(_, found)| found.weight >= 0.8 * most).max_by_key(|(reading, _)| reading.scope);
    if let Some((reading, found)) = best {
        effects.push(Effect::Explain {
            scope: reading.scope,
            key: reading.key,
            share: (found.excess * 1000.0) as u16,
        });
    }
    if decision == Decision::Block {
        let guilty = best.or_else(|| sure.max_by(|(a, _), (b, _)| a.scope.cmp(&b.scope)));
        if let Some((reading, found)) = guilty.filter(|(_, found)| found.p >= STRIKES && found.seen) {
            // What is remembered must not be what it is remembered by: nobody would ever be forgotten.
            let anew = rival::without_memory(reading, found) >= ANEW && reading.strikes < STRIKES_MOST;
            let scope = if anew { reading.scope } else { Scope::All };
            effects.push(Effect::Strike { scope, key: reading.key });
        }
    }
    effects
}

/// What to count as evidence, now that it is known who asks.
pub fn ask(attempt: &Attempt, identity: &Identity, policy: &Policy) -> Ask {
    let standing = Standing::of(attempt, identity, policy);
    // Who asks again and again today and enters nothing is not who proved the number then.
    let trusted = standing.number_proved_ago_s.is_some() && !identity.glimpse.stubborn();
    Ask::of(attempt, identity.glimpse, trusted)
}

/// The prefix that the deny list names, where it is a prefix.
fn denied_prefix(signals: &Signals) -> Option<AssessedScope> {
    signals.iter().find(|s| s.code == Code::ListDeny).and_then(|s| match s.evidence.key {
        EvidenceKey::Prefix(prefix) => Some(AssessedScope::Prefix(prefix)),
        _ => None,
    })
}

/// What is sent is reserved; what is not is given back.
fn effects(case: &Case<'_>, followed: Decision) -> ArrayVec<Effect, EFFECTS> {
    let mut effects = ArrayVec::new();
    if followed != Decision::Allow {
        effects.push(Effect::GiveBack);
        return effects;
    }
    effects.extend(alone::reserved(case.attempt, case.terms, &case.standing));
    effects
}

impl Assessment {
    /// What it becomes when the records refuse an exact reservation: a block with its reason and
    /// the time after which the reservation would hold. `seen` is what stood without this attempt.
    #[must_use]
    pub fn refused(&self, scope: LimitScope, seen: SeenWindow, limit: Limit) -> Self {
        let hit = limit::Hit { scope, limit, stood: seen.seen, frees_in_s: seen.frees_in_s };
        let reason = Reason { code: Code::Limit(scope), points: 0, evidence: limit::evidence(&hit) };
        let retry_after_ms = i64::from(seen.frees_in_s) * 1000;
        let mut refused = self.clone();
        refused.reasons.insert_first(reason);
        refused.decision = Decision::Block;
        refused.enforced = true;
        refused.scope = Some(AssessedScope::Limit(scope));
        refused.retry_after_ms = Some(retry_after_ms);
        refused.until_ms = Some(self.at_ms.saturating_add(retry_after_ms));
        refused.effects.clear();
        refused.effects.push(Effect::GiveBack);
        refused
    }
}

/// Room for one more at the front, at the expense of a reason without points.
trait InsertFirst {
    fn insert_first(&mut self, reason: Reason);
}

impl InsertFirst for ArrayVec<Reason, REASONS> {
    fn insert_first(&mut self, reason: Reason) {
        if self.is_full()
            && let Some(at) = self.iter().rposition(|r| r.points == 0)
        {
            self.remove(at);
        }
        if !self.is_full() {
            self.insert(0, reason);
        }
    }
}

impl Terms {
    /// The windows that a send raises in a scope: those of the plan, and the profile's own where the
    /// plan was made before them, so that a limit is never set and yet not counted.
    pub fn windows_of(&self, scope: LimitScope) -> [u32; crate::limit::WINDOWS] {
        let mut windows_s = self.windows.of(scope);
        for limit in self.limits.of(scope) {
            if !windows_s.contains(&limit.window_s)
                && let Some(free) = windows_s.iter_mut().find(|window_s| **window_s == 0)
            {
                *free = limit.window_s;
            }
        }
        windows_s
    }
}

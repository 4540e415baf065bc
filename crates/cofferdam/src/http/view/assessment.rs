//! Assessments: what a caller is told, and what whoever asks why is told.

use super::plain::{self, Cut, Money, Shown, Time, rounded};
use super::reading::ReadingView;
use crate::store::row::JournalEntry;
use cofferdam_engine::assessment::{AssessedScope, Assessment, Reason};
use cofferdam_engine::attempt::Edition;
use cofferdam_engine::evidence::Scope;
use cofferdam_engine::limit::LimitScope;
use cofferdam_engine::signal::{Evidence, EvidenceKey, more_than};
use cofferdam_engine::{Closest, Decision, closest_change, threshold};
use serde::Serialize;
use serde::ser::SerializeSeq as _;
use utoipa::ToSchema;

/// A judgement.
#[derive(Serialize, ToSchema)]
#[schema(as = Assessment)]
pub struct Assessed<'a> {
    /// Its identifier, `asm_…`.
    #[schema(value_type = String)]
    id: &'a str,
    /// The attempt that was judged, `att_…`: name it in events.
    #[schema(value_type = String)]
    attempt: &'a str,
    /// `allow`, `challenge` or `block`. In shadow mode: what would have been decided.
    #[schema(value_type = String)]
    decision: &'static str,
    /// The probability that the attempt is pumped.
    score: f64,
    /// Whether the decision is followed.
    enforced: bool,
    /// `basic`, `standard` or `max`.
    #[schema(value_type = String)]
    level: &'static str,
    /// `enforce` or `shadow`.
    #[schema(value_type = String)]
    mode: &'static str,
    /// `false` where the profile switches evidence off: then none was looked up, counted or weighed.
    #[serde(skip_serializing_if = "Clone::clone")]
    #[schema(required = false)]
    evidence: bool,
    /// What was found, most weighty first. Those that speak for the attempt only when the assessment is read by itself.
    #[schema(value_type = Vec<ReasonView<'_>>)]
    reasons: Reasons<'a>,
    /// What the strongest reason is about.
    scope: Option<ScopeView>,
    /// When the refusal ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    /// When it is worth asking again, for limits.
    retry_after_s: Option<i64>,
    /// The price that was judged with.
    price: Money<'static>,
    /// What the decision is expected to lose.
    expected_loss: Money<'static>,
    /// Policy and version.
    #[schema(value_type = String)]
    policy: &'a str,
    /// Of which date the reference data is.
    #[schema(value_type = String)]
    edition: Shown<&'a Edition>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// Whose eyes it is for. What several tenants make up together each sees rounded; whoever runs the
/// installation sees it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// A tenant's.
    Tenant,
    /// An administrator's.
    Admin,
}

/// Reasons, written as they are found. `all`: also those that speak for the attempt.
struct Reasons<'a> {
    assessment: &'a Assessment,
    all: bool,
    eyes: Eyes,
}

impl Serialize for Reasons<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for reason in &self.assessment.reasons {
            if self.all || reason.points > 0 || reason.code.refuses() || speaks_up(reason) {
                list.serialize_element(&ReasonView::of(reason, self.eyes))?;
            }
        }
        list.end()
    }
}

/// Why a caller should know although it weighs nothing: standing facts, and judging blind.
fn speaks_up(reason: &Reason) -> bool {
    reason.points == 0
}

/// A reason.
#[derive(Serialize, ToSchema)]
#[schema(as = Reason)]
pub struct ReasonView<'a> {
    /// Its code, with a page of its own under `/docs/reasons/`.
    #[schema(value_type = String)]
    code: &'static str,
    /// Thousandths of log-odds; negative speaks for the attempt.
    points: i32,
    /// For people.
    #[schema(value_type = String)]
    text: Sentence<'a>,
    /// The figures.
    evidence: EvidenceView,
}

struct Sentence<'a>(&'a Reason, Eyes);

impl Serialize for Sentence<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Eyes::Tenant => serializer.collect_str(&self.0.sentence_rounded()),
            Eyes::Admin => serializer.collect_str(&self.0.sentence()),
        }
    }
}

impl<'a> ReasonView<'a> {
    fn of(reason: &'a Reason, eyes: Eyes) -> Self {
        let rounded = eyes == Eyes::Tenant && reason.code.is_shared();
        Self {
            code: reason.code.text(),
            points: reason.points,
            text: Sentence(reason, eyes),
            evidence: EvidenceView::of(&reason.evidence, rounded),
        }
    }
}

/// The figures behind a reason.
#[derive(Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceView {
    /// What was looked at, where it can be said.
    #[schema(value_type = Option<String>)]
    key: Option<Key>,
    /// Over how many seconds.
    window_s: Option<u32>,
    /// How much was seen; where it is rounded: more than this.
    seen: f64,
    /// How much is expected or allowed; where it is rounded: more than this.
    expected: f64,
    /// How many converted, where that matters.
    converted: Option<f64>,
    /// Whether other tenants are among what was counted, so that it is rounded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rounded: bool,
}

enum Key {
    Word(&'static str),
    Cut(Cut),
    Network(u32),
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Word(word) => serializer.serialize_str(word),
            Self::Cut(cut) => serializer.collect_str(cut),
            Self::Network(id) => match cofferdam_atlas::Network::from_id(*id) {
                Some(network) => serializer.serialize_str(network.name()),
                None => serializer.collect_str(id),
            },
        }
    }
}

impl EvidenceView {
    fn of(evidence: &Evidence, rounded: bool) -> Self {
        let count = |count: f64| if rounded { more_than(count) } else { count };
        let key = match evidence.key {
            EvidenceKey::None => None,
            EvidenceKey::Prefix(prefix) => Some(Key::Cut(Cut(prefix))),
            EvidenceKey::Country(country) => Some(Key::Word(country.iso2())),
            EvidenceKey::Network(id) => Some(Key::Network(id)),
            EvidenceKey::Scope(scope) => Some(Key::Word(scope.name())),
            EvidenceKey::Kind(kind) => Some(Key::Word(kind.as_str())),
            EvidenceKey::Evidence(scope) => Some(Key::Word(scope.name())),
            EvidenceKey::Tariff(tariff) => Some(Key::Word(tariff.as_str())),
        };
        Self {
            key,
            window_s: Some(evidence.window_s).filter(|s| *s > 0),
            seen: count(evidence.seen),
            expected: count(evidence.expected),
            converted: evidence
                .converted
                .map(|share| if rounded { (share * 10.0).round() / 10.0 } else { share }),
            rounded,
        }
    }
}

/// What a refusal covers.
#[derive(Serialize, ToSchema)]
#[schema(as = Scope)]
pub struct ScopeView {
    /// `prefix`, `network`, `country`, `ip` or another scope of evidence, or the name of a limit.
    #[schema(value_type = String)]
    kind: &'static str,
    /// Its value, where it can be shown.
    #[schema(value_type = Option<String>)]
    value: Option<Shown<cofferdam_atlas::Prefix>>,
}

impl ScopeView {
    fn of(scope: AssessedScope) -> Self {
        match scope {
            AssessedScope::Prefix(prefix) => Self { kind: "prefix", value: Some(Shown(prefix)) },
            AssessedScope::Limit(LimitScope::Number) => Self { kind: "number", value: None },
            AssessedScope::Limit(scope) => Self { kind: scope.name(), value: None },
            AssessedScope::Network(_) => Self { kind: "network", value: None },
            AssessedScope::Country(_) => Self { kind: "country", value: None },
            AssessedScope::Evidence(Scope::Address) => Self { kind: "ip", value: None },
            AssessedScope::Evidence(scope) => Self { kind: scope.name(), value: None },
        }
    }
}

impl<'a> Assessed<'a> {
    /// As answered at once.
    pub fn of(entry: &'a JournalEntry) -> Self {
        Self::with(entry, false, Eyes::Tenant)
    }

    fn with(entry: &'a JournalEntry, all: bool, eyes: Eyes) -> Self {
        let a = &entry.assessment;
        let [allow, challenge, block] = a.losses_micros;
        let loss = match a.decision {
            Decision::Allow => allow,
            Decision::Challenge => challenge,
            Decision::Block => block,
        };
        Self {
            id: &entry.assessment_id,
            attempt: &entry.attempt_id,
            decision: plain::decision(a.decision),
            score: rounded(a.score),
            enforced: a.enforced,
            level: plain::level(a.level),
            mode: plain::mode(a.mode),
            evidence: entry.basis.terms.evidence,
            reasons: Reasons { assessment: a, all, eyes },
            scope: a.scope.map(ScopeView::of),
            until: a.until_ms.map(Time),
            retry_after_s: a.retry_after_ms.map(|ms| (ms.max(0) + 999) / 1_000),
            price: Money::of(a.price_micros),
            expected_loss: Money::of(loss),
            policy: &a.policy,
            edition: Shown(&a.edition),
            at: Time(entry.attempt.at_ms),
        }
    }
}

/// A judgement with everything behind it.
#[derive(Serialize, ToSchema)]
#[schema(as = AssessmentDetail)]
pub struct AssessedDetail<'a> {
    /// The judgement, with every reason.
    #[serde(flatten)]
    assessment: Assessed<'a>,
    /// Of which verification; none where the caller sends by itself.
    #[schema(value_type = Option<String>)]
    verification: Option<&'a str>,
    /// From base rate to score; the points add up exactly.
    #[schema(value_type = Vec<StepView>)]
    waterfall: Vec<StepView>,
    /// Points in all.
    points: i32,
    /// The score from which allowing is no longer the least loss, at this price.
    threshold: f64,
    /// Expected losses.
    losses: LossesView,
    /// The one smallest change that would have let it through; none if it was let through.
    closest_change: Option<String>,
    /// What was seen where the attempt belongs: of its destination, its source and whoever asked; only
    /// where there is something to look at.
    readings: Vec<ReadingView>,
    /// Where a standing block answered for it, with many others in the same second: when the evidence was read
    /// that the block stands on. Of its own evidence none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    block_read_at: Option<Time>,
    /// What it was judged from: only for admin keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    known: Option<&'a cofferdam_engine::Known>,
    /// What had to be counted: only for admin keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    needs: Option<cofferdam_engine::Needs>,
    /// The engine's version.
    engine: u32,
}

/// A step from base rate to score.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepView {
    /// The reason; none for the base rate.
    #[schema(value_type = Option<String>)]
    code: Option<&'static str>,
    /// What it adds.
    points: i32,
    /// The score after it.
    score: f64,
}

/// What each decision is expected to lose.
#[derive(Serialize, ToSchema)]
#[schema(as = Losses)]
pub struct LossesView {
    allow: Money<'static>,
    challenge: Money<'static>,
    block: Money<'static>,
}

/// The change in words: a code alone says little to whoever answers the phone, so the reason's sentence follows.
fn said(change: Closest, assessment: &Assessment, eyes: Eyes) -> String {
    let reason = match change {
        Closest::Without(code) => assessment.reasons.iter().find(|reason| reason.code == code),
        _ => None,
    };
    match (reason, eyes) {
        (None, _) => change.to_string(),
        (Some(reason), Eyes::Tenant) => format!("{change} {}", reason.sentence_rounded()),
        (Some(reason), Eyes::Admin) => format!("{change} {}", reason.sentence()),
    }
}

impl<'a> AssessedDetail<'a> {
    /// As read by itself; `admin` also sees what it was judged from.
    pub fn of(entry: &'a JournalEntry, admin: bool) -> Self {
        let (a, basis) = (&entry.assessment, &entry.basis);
        let [allow, challenge, block] = a.losses_micros;
        let eyes = if admin { Eyes::Admin } else { Eyes::Tenant };
        let asked = basis.terms.can_challenge && !entry.attempt.challenge_passed;
        let closest = closest_change(&entry.attempt, &entry.known, &basis.policy, &basis.terms);
        Self {
            assessment: Assessed::with(entry, true, eyes),
            verification: entry.verification.as_deref(),
            waterfall: a
                .waterfall()
                .map(|step| StepView {
                    code: step.code.map(cofferdam_engine::signal::Code::text),
                    points: step.points,
                    score: rounded(step.after_score),
                })
                .collect(),
            points: a.points,
            threshold: rounded(threshold(&basis.policy.weights, a.price_micros, asked)),
            losses: LossesView {
                allow: Money::of(allow),
                challenge: Money::of(challenge),
                block: Money::of(block),
            },
            closest_change: closest.map(|change| said(change, a, eyes)),
            readings: ReadingView::all(&entry.known.evidence, eyes),
            block_read_at: entry.known.evidence.word.map(|word| Time(i64::from(word.read_s) * 1_000)),
            known: admin.then_some(&entry.known),
            needs: admin.then(|| {
                cofferdam_engine::needs(&entry.attempt, &entry.known.identity, &basis.policy, &basis.terms)
            }),
            engine: a.engine,
        }
    }
}

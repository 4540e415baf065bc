//! Why it came out so, and what would have let it through. It changes nothing and is not on the
//! way of an answer. Called for one assessment at a time by the API, the console and `explain`.

use super::{case, decide, look};
use crate::assessment::{Assessment, Decision};
use crate::attempt::Attempt;
use crate::detect::Signals;
use crate::known::Known;
use crate::limit::LimitScope;
use crate::policy::{Policy, Terms, Weights};
use crate::signal::{Code, Span, code_text};
use crate::weigh::{Weighed, logistic, losses, price, weigh};
use core::fmt;
use serde::{Deserialize, Serialize};

/// One step of the waterfall from base rate to score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The reason, or the base rate.
    pub code: Option<Code>,
    /// What it adds.
    pub points: i32,
    /// The points after it.
    pub after_points: i32,
    /// The score after it.
    pub after_score: f64,
}

impl Assessment {
    /// The steps from base rate to score; reasons without points are left out.
    pub fn waterfall(&self) -> impl Iterator<Item = Step> + '_ {
        let weighty = self.reasons.iter().filter(|r| r.points != 0).map(|r| (Some(r.code), r.points));
        core::iter::once((None, self.base_points)).chain(weighty).scan(0i32, |after, (code, points)| {
            *after = after.saturating_add(points);
            Some(Step { code, points, after_points: *after, after_score: logistic(*after) })
        })
    }
}

/// The score from which allowing is no longer the least loss, for a price.
pub fn threshold(weights: &Weights, price_micros: i64, can_challenge: bool) -> f64 {
    let share = |ppm: u32| f64::from(ppm) / 1_000_000.0;
    let (price, worth) = (crate::weigh::harm(price_micros, weights), weights.user_worth_micros as f64);
    let lost = weights.friction_micros as f64 + (1.0 - share(weights.challenge_pass_good_ppm)) * worth;
    let spared = (1.0 - share(weights.challenge_pass_bad_ppm)) * price;
    let block = if price > 0.0 { worth / price } else { f64::INFINITY };
    let challenge = if can_challenge && spared > 0.0 { lost / spared } else { f64::INFINITY };
    let odds = block.min(challenge);
    if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
}

/// The one smallest change that would have let an attempt through.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closest {
    /// A limit that allows this many.
    Limit {
        /// Which.
        scope: LimitScope,
        /// In which window.
        window_s: u32,
        /// How many it would have to allow.
        max: u32,
    },
    /// Without this reason.
    Without(#[serde(with = "code_text")] Code),
    /// A score below this, at the same price.
    ScoreBelow(f64),
    /// No single change: each of several reasons refuses it by itself.
    Several,
}

impl fmt::Display for Closest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { scope, window_s, max } => {
                let window = Span(u64::from(*window_s));
                write!(
                    f,
                    "It would have been sent if `limits.{}` allowed {max} or more in {window}.",
                    scope.name()
                )
            }
            Self::Without(code) => {
                write!(f, "It would have been sent but for this reason alone: `{code}`.")
            }
            Self::Several => f.write_str(
                "More than one reason refuses it by itself, so no single change would have had it sent.",
            ),
            Self::ScoreBelow(score) => write!(
                f,
                "No reason decided it alone: with less against it, at a score below {score:.4}, it would have been sent."
            ),
        }
    }
}

/// Which single change would have let the attempt through; `None` if it was let through. What the
/// records refused is not known here: ask before [`Assessment::refused`].
pub fn closest_change(attempt: &Attempt, known: &Known, policy: &Policy, terms: &Terms) -> Option<Closest> {
    let case = case(attempt, known, policy, terms);
    let mut signals = Signals::new();
    look(&case, &mut signals);
    let weighed = super::weighed(&case, &signals);
    let price_micros = price(&case);
    let decided = |signals: &Signals, weighed: &Weighed| {
        let score = weighed.score();
        decide(&case, signals, score, &losses(score, price_micros, &policy.weights))
    };
    let stands = decided(&signals, &weighed);
    if stands.decision == Decision::Allow {
        return None;
    }
    // The least weighty first: the smallest change that suffices.
    let removable = weighed.reasons.iter().rev().filter(|r| r.points > 0 || r.code.refuses());
    for reason in removable {
        let rest = signals.iter().copied().filter(|s| s.code != reason.code).collect();
        let without = weigh(&rest, &policy.weights, terms.magic);
        if decided(&rest, &without).decision == Decision::Allow {
            return Some(match reason.code {
                Code::Limit(scope) if known.blind.is_none() => Closest::Limit {
                    scope,
                    window_s: reason.evidence.window_s,
                    max: (reason.evidence.seen as u32).saturating_add(1),
                },
                code => Closest::Without(code),
            });
        }
    }
    if stands.hard {
        return Some(Closest::Several);
    }
    Some(Closest::ScoreBelow(threshold(
        &policy.weights,
        price_micros,
        terms.can_challenge && !attempt.challenge_passed,
    )))
}

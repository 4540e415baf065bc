//! Signals to points, points to score, score to decision. The policy holds every figure; what is
//! here is arithmetic. Called by the judge and by its explanations.
//!
//! Points are whole thousandths of log-odds, so that reasons add up exactly on every machine; the
//! score is their logistic, computed by one software library for the same bits everywhere.

use crate::assessment::{Decision, REASONS, Reason};
use crate::detect::{Case, SIGNALS, Signals};
use crate::policy::{Magic, Weights};
use crate::signal::{Code, EvidenceKey, Family, Signal};
use arrayvec::ArrayVec;
use cofferdam_atlas::{Kind, Tariff};

/// Points never say more than odds of 160,000 to one.
pub(crate) const POINTS_MAX: i32 = 12_000;

/// Signals with their points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weighed {
    pub base_points: i32,
    pub points: i32,
    pub reasons: ArrayVec<Reason, REASONS>,
}

/// Gives each signal its points, lets a family count once, and cuts the sum at ±12 nats.
pub(crate) fn weigh(signals: &Signals, weights: &Weights, magic: Option<Magic>) -> Weighed {
    let base_points = weights.base_points.clamp(-POINTS_MAX, POINTS_MAX);
    let mut weighed = Weighed { base_points, points: base_points, reasons: ArrayVec::new() };
    // Most attempts give nobody a reason to say anything.
    if signals.is_empty() {
        return weighed;
    }
    let mut reasons = ArrayVec::<Reason, SIGNALS>::new();
    reasons.extend(signals.iter().map(|s| Reason {
        code: s.code,
        points: worth(s, weights, magic),
        evidence: s.evidence,
    }));
    for family in [Family::Line, Family::Destination, Family::Source, Family::Person] {
        once(&mut reasons, family);
    }
    temper(&mut reasons);
    clip(&mut reasons, base_points);
    reasons.sort_by_key(|r| (rank(r), i64::from(r.points).saturating_neg()));
    keep(&mut reasons);
    weighed.reasons.extend(reasons.iter().copied().take(REASONS));
    weighed.points = weighed.reasons.iter().fold(base_points, |sum, r| sum.saturating_add(r.points));
    weighed
}

/// What decides stands first, what speaks for the attempt last.
fn rank(reason: &Reason) -> u8 {
    match reason.code {
        code if code.refuses() => 0,
        Code::ListSafe | Code::Waiver | Code::Holdout => 3,
        _ if reason.points < 0 => 4,
        _ if reason.points > 0 => 1,
        _ => 2,
    }
}

/// The policy's points for a signal. What decides by standing alone has none.
fn worth(signal: &Signal, weights: &Weights, magic: Option<Magic>) -> i32 {
    match (signal.code, signal.evidence.key) {
        (Code::NumberKind, EvidenceKey::Kind(Kind::Fixed)) => weights.fixed_sms_points,
        (Code::NumberKind, EvidenceKey::Kind(Kind::Pager)) => weights.pager_points,
        (Code::NumberKind, _) => weights.unlikely_kind_points,
        (Code::NumberTariff, EvidenceKey::Tariff(Tariff::Premium)) => weights.premium_points,
        (Code::NumberTariff, EvidenceKey::Tariff(Tariff::SharedCost)) => weights.shared_cost_points,
        (Code::NumberTariff, EvidenceKey::Tariff(Tariff::TollFree)) => weights.toll_free_points,
        (Code::NumberProved, _) => weights.proved_points,
        // A magic number plays an attack, so its score should look like one.
        (Code::BlockStanding, _) if magic == Some(Magic::Block) => weights.premium_points,
        (Code::BlockStanding, _) if magic == Some(Magic::Challenge) => weights.base_points.saturating_neg(),
        _ => libm::round(1000.0 * signal.nats) as i32,
    }
}

/// The strongest of a family in full, the second a tenth, the rest nothing.
fn once(reasons: &mut [Reason], family: Family) {
    let mut place = 0;
    let mut done = [false; SIGNALS];
    loop {
        let open = reasons.iter().zip(done).enumerate().filter(|(_, (r, d))| !d && r.code.family() == family);
        // The first of equals: the table's order settles it.
        let next = open.max_by_key(|(at, (r, _))| (r.points.unsigned_abs(), core::cmp::Reverse(*at)));
        let Some((at, _)) = next else { return };
        if let (Some(reason), Some(done)) = (reasons.get_mut(at), done.get_mut(at)) {
            *done = true;
            reason.points = match place {
                0 => reason.points,
                1 => reason.points / 10,
                _ => 0,
            };
        }
        place += 1;
    }
}

/// What the families say against an attempt comes from the same few messages, seen from several
/// sides: the strongest side counts in full, the others in part.
fn temper(reasons: &mut [Reason]) {
    const OTHERS_PERCENT: i32 = 40;
    let seen = [Family::Destination, Family::Source, Family::Person];
    let against = |reasons: &[Reason], family: Family| -> i32 {
        reasons.iter().filter(|r| r.code.family() == family && r.points > 0).map(|r| r.points).sum()
    };
    let Some(strongest) = seen.into_iter().max_by_key(|family| against(reasons, *family)) else { return };
    for reason in reasons.iter_mut() {
        let family = reason.code.family();
        if family != strongest && seen.contains(&family) && reason.points > 0 {
            reason.points = reason.points * OTHERS_PERCENT / 100;
        }
    }
}

/// Takes what passes the clip from the least of those that carried the sum there, so that what is
/// told still adds up to what is stated.
fn clip(reasons: &mut [Reason], base_points: i32) {
    let sum = reasons.iter().fold(i64::from(base_points), |sum, r| sum + i64::from(r.points));
    let mut excess = sum - sum.clamp(-i64::from(POINTS_MAX), i64::from(POINTS_MAX));
    while excess != 0 {
        let same = reasons.iter_mut().filter(|r| i64::from(r.points).signum() == excess.signum());
        let Some(least) = same.min_by_key(|r| r.points.unsigned_abs()) else { return };
        let taken = if excess > 0 {
            i64::from(least.points).min(excess)
        } else {
            i64::from(least.points).max(excess)
        };
        least.points = least.points.saturating_sub(taken as i32);
        excess -= taken;
    }
}

/// At most as many as are told; those without points go first.
fn keep(reasons: &mut ArrayVec<Reason, SIGNALS>) {
    while reasons.len() > REASONS {
        let last = reasons.iter().rposition(|r| r.points == 0).unwrap_or(reasons.len() - 1);
        reasons.remove(last);
    }
}

/// The price that is judged with.
pub(crate) fn price(case: &Case<'_>) -> i64 {
    case.attempt.price_micros.unwrap_or(case.policy.weights.default_price_micros).max(0)
}

impl Weighed {
    /// The probability that the attempt is pumped.
    pub fn score(&self) -> f64 {
        logistic(self.points)
    }
}

/// The probability of some points.
pub(crate) fn logistic(points: i32) -> f64 {
    1.0 / (1.0 + libm::exp(-f64::from(points) / 1000.0))
}

/// What a pumped message costs: its price, or the least that is reckoned with, and the messages that
/// its success invites.
pub(crate) fn harm(price_micros: i64, weights: &Weights) -> f64 {
    price_micros.max(weights.least_price_micros) as f64 * f64::from(weights.invites_percent) / 100.0
}

/// What is lost by allowing, challenging and blocking if the attempt is pumped with chance `p`.
/// A pumped message that goes out costs its price; a good user who is blocked, or fails a
/// challenge, is lost; and being challenged at all is friction.
pub(crate) fn losses(p: f64, price_micros: i64, weights: &Weights) -> [i64; 3] {
    let share = |ppm: u32| f64::from(ppm) / 1_000_000.0;
    let price = harm(price_micros, weights);
    let worth = weights.user_worth_micros as f64;
    let allow = p * price;
    let lost = weights.friction_micros as f64 + (1.0 - share(weights.challenge_pass_good_ppm)) * worth;
    let challenge = p * share(weights.challenge_pass_bad_ppm) * price + (1.0 - p) * lost;
    let block = (1.0 - p) * worth;
    [allow, challenge, block].map(|loss| libm::round(loss) as i64)
}

/// The decision that loses least. Who passed a challenge is not asked for another.
pub(crate) fn least_loss(losses_micros: &[i64; 3], can_challenge: bool, passed: bool) -> Decision {
    let [allow, challenge, block] = *losses_micros;
    if can_challenge && challenge < allow && challenge <= block {
        return if passed { Decision::Allow } else { Decision::Challenge };
    }
    if block < allow { Decision::Block } else { Decision::Allow }
}

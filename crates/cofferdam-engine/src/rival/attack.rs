//! Attack as an explanation: some of a scope's newcomers are people as ever, the rest is not. Says how likely
//! what was seen is for each share that may be attack, what challenges and an order add, and how large a
//! surge may be. It weighs no rival and knows no policy. Called by the rivals alone.

use super::sums::{FAR_BELOW, Terms};
use super::{Counted, Figures, f, is_place};
use crate::evidence::Reading;
use crate::math::{BbOf14, exp, ln};
use arrayvec::ArrayVec;

/// Shares of codes that accomplices enter, with their weights.
pub(super) const ENTERED: [(f64, f64); 5] =
    [(0.02, 0.70), (0.2, 0.12), (0.4, 0.08), (0.6, 0.06), (0.8, 0.04)];
/// Shares of the newcomers that may be attack, from and to.
const SHARES: [(f64, f64); 6] =
    [(0.875, 1.0), (0.725, 0.875), (0.575, 0.725), (0.425, 0.575), (0.275, 0.425), (LEAST_SHARE, 0.275)];
/// Thinner attacks are not looked for: the place's own wandering hides them.
pub(super) const LEAST_SHARE: f64 = 0.125;
/// Means tried around what was seen, as factors.
const AROUND: [f64; 5] = [0.55, 0.75, 1.0, 1.3, 1.75];
/// Their logarithms.
const LN_AROUND: [f64; 5] = [
    -0.597_837_000_755_620_4,
    -0.287_682_072_451_780_9,
    0.0,
    0.262_364_264_467_491_06,
    0.559_615_787_935_422_7,
];
/// A surge could have been anything up to e to this power, alike in its logarithm.
pub(super) const SIZES: f64 = 7.0;
/// A step of `AROUND` covers 0.29 of those seven.
pub(super) const STEP: f64 = 0.29 / SIZES;

/// What surges of several sizes, honest or not, have in common. Likelihoods of the count are multiples of
/// e^`count`.
pub(super) struct Surges {
    attacks: ArrayVec<Attack, { SHARES.len() }>,
    pub count: f64,
    /// The likelihoods of all honest sizes together.
    pub sum: f64,
    /// What speaks for attack beside count and challenges, alike in every size.
    beside: f64,
    /// The weight of attack.
    prior: f64,
    /// No belief about shares makes what converted likelier than this.
    best: f64,
    /// How likely what the trusted do is if all is well.
    pub well: f64,
    /// How likely what converted is if people convert as ever.
    pub as_usual: f64,
}

struct Attack {
    /// How likely count and challenges are.
    likely: f64,
    /// The share of the newcomers that are its own.
    share: f64,
}

impl Surges {
    pub fn of(
        reading: &Reading,
        horizon: usize,
        figures: &Figures,
        prior: f64,
        rest: (f64, f64),
        usual: &Counted,
    ) -> Self {
        let Figures { n, e, .. } = *figures;
        let (well, as_usual) = rest;
        let sizes = AROUND.into_iter().zip(LN_AROUND).filter(|(factor, _)| n * factor > e);
        let honest: ArrayVec<(f64, f64), { AROUND.len() }> =
            sizes.map(|(factor, ln_factor)| (n * factor, figures.surge(factor, ln_factor))).collect();
        let count = honest.iter().fold(-ln(SIZES * n.max(1.0)), |most, (_, ln)| most.max(*ln));
        let sum = honest.iter().map(|(_, ln)| exp(ln - count)).sum();
        let attack = |ln: f64, share: f64| Attack {
            likely: exp(ln - count) * challenge(reading, horizon, share),
            share,
        };
        let attacks = if is_place(reading.scope) {
            SHARES
                .into_iter()
                .map(|shares| among(usual, e, n, shares))
                .map(|(ln, share)| attack(ln, share))
                .collect()
        } else {
            let larger = honest.iter().filter(|(x, _)| *x > 1.05 * e);
            larger.map(|(x, count)| attack(count + ln(STEP), 1.0 - e / x)).collect()
        };
        let beside = well + order(reading);
        Self { attacks, count, sum, beside, prior, best: figures.best(), well, as_usual }
    }

    /// What is told of the place is at most this, whatever share of the attack's codes is entered.
    pub fn at_most(&self, terms: &Terms) -> f64 {
        let sum: f64 = self.attacks.iter().map(|attack| attack.likely).sum();
        terms.at_most(self.prior * sum, self.count + self.beside + self.best)
    }
}

/// How likely `n` newcomers are of whom a share between two is attack and the rest people, and the share:
/// people wander as the place does, and an attack may have any size.
fn among(usual: &Counted, e: f64, n: f64, (low, high): (f64, f64)) -> (f64, f64) {
    let (least, most) = ((1.0 - high) * n, (1.0 - low) * n);
    let middle = 0.5 * (least + most);
    let likely = e.clamp(least, most);
    // Where hardly anybody is, nobody is the likeliest.
    let width = if least <= 0.0 { most.max(1.0) } else { most - least };
    let chance = 0.5 * (exp(usual.of_others(middle, e)) + exp(usual.of_others(likely, e))) * width;
    let share = 1.0 - 0.5 * (middle + likely) / n.max(1e-9);
    (ln(chance.clamp(1e-300, 1.0)) - ln(SIZES * (share * n).max(1.0)), share)
}

pub(super) fn attack(terms: &mut Terms, figures: &Figures, surges: &Surges, outcomes: &BbOf14) {
    let Figures { m, p, .. } = *figures;
    let at = surges.count + surges.beside;
    if at + surges.best < terms.most() - FAR_BELOW {
        return;
    }
    let (mut whole, mut pumped) = (0.0, 0.0);
    for Attack { likely, share } in surges.attacks.iter().filter(|attack| attack.likely > 0.0) {
        // Nothing came of it yet, whatever share is entered.
        let converted = if m <= 0.0 {
            1.0
        } else {
            let each = ENTERED.iter().map(|(entered, weight)| {
                let mixed = (1.0 - share) * p + share * entered * p.max(0.5);
                weight * outcomes.over(mixed, surges.best)
            });
            each.sum()
        };
        whole += likely * converted;
        pumped += share * likely * converted;
    }
    terms.add_attack(surges.prior * whole, surges.prior * pumped, at + surges.best);
}

/// Good people fail a challenge so often. Guess: between the published 8 % and one in eight.
const GOOD_FAIL: f64 = 0.10;
/// Shares of challenges that attackers pass, with their weights. Who buys solving passes most, and pays more
/// for it than many a message costs. Guess.
const PASSES: [(f64, f64); 4] = [(0.05, 0.4), (0.35, 0.3), (0.65, 0.2), (0.9, 0.1)];
/// The most that challenges say.
pub(super) const CHALLENGE_MOST: f64 = 8.0;

/// Who fails challenges, and how often: outcomes that arrive in seconds. As a factor.
pub(super) fn challenge(reading: &Reading, horizon: usize, share: f64) -> f64 {
    let (asked, failed) = (f(&reading.challenges(), horizon), f(&reading.failures(), horizon));
    if asked < 5.0 {
        return 1.0;
    }
    let failed = failed.min(asked);
    let mut mean = 0.0;
    for (passes, weight) in PASSES {
        let fails = (1.0 - share) * GOOD_FAIL + share * (1.0 - passes);
        // In how many ways so many fail is the same for both.
        let passed = asked - failed;
        let ln = failed * ln(fails / GOOD_FAIL) + passed * ln((1.0 - fails) / (1.0 - GOOD_FAIL));
        mean += weight * exp(ln);
        if mean > E_MOST {
            break;
        }
    }
    mean.clamp(E_LEAST, E_MOST)
}

/// The least and the most that challenges say, as factors: e^-4 and e^8.
const E_LEAST: f64 = 0.018_315_638_888_734_18;
const E_MOST: f64 = 2_980.957_987_041_728_3;

pub(super) fn order(reading: &Reading) -> f64 {
    reading.order.map_or(0.0, |(nats, _)| f64::from(nats)).clamp(-1.0, 6.0)
}

//! Attack as an explanation: some of a scope's newcomers are people as ever, the rest is not. Says how likely
//! what was seen is for each share that may be attack, what challenges and an order add, and how large a
//! surge may be. It weighs no rival and knows no policy. Called by the rivals alone.

use super::{FAR_BELOW, Figures, Terms, f, is_place};
use crate::evidence::Reading;
use crate::math::{BELIEF, Nb, bb_of_14, exp, ln, ln_gamma, rise};
use arrayvec::ArrayVec;

/// Shares of codes that accomplices enter, with their weights.
const ENTERED: [(f64, f64); 5] = [(0.02, 0.70), (0.2, 0.12), (0.4, 0.08), (0.6, 0.06), (0.8, 0.04)];
/// Shares of the newcomers that may be attack, from and to.
const SHARES: [(f64, f64); 6] =
    [(0.875, 1.0), (0.725, 0.875), (0.575, 0.725), (0.425, 0.575), (0.275, 0.425), (LEAST_SHARE, 0.275)];
/// Thinner attacks are not looked for: the place's own wandering hides them.
pub(super) const LEAST_SHARE: f64 = 0.125;
/// Means tried around what was seen, as factors.
const AROUND: [f64; 5] = [0.55, 0.75, 1.0, 1.3, 1.75];
/// A surge could have been anything up to e to this power, alike in its logarithm.
pub(super) const SIZES: f64 = 7.0;
/// A step of `AROUND` covers 0.29 of those seven.
pub(super) const STEP: f64 = 0.29 / SIZES;
/// How firmly an attack's mixed rate is.
const MIXED: f64 = BELIEF;

/// What surges of several sizes, honest or not, have in common.
pub(super) struct Surges {
    /// How likely the count is if something honest made it that large, by size.
    pub honest: ArrayVec<f64, { AROUND.len() }>,
    attacks: ArrayVec<Attack, { SHARES.len() }>,
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
    /// How likely the count and what else speaks is.
    ln: f64,
    /// The share of the newcomers that are its own.
    share: f64,
}

impl Surges {
    pub fn of(reading: &Reading, horizon: usize, figures: &Figures, prior: f64, rest: (f64, f64)) -> Self {
        let Figures { n, e, .. } = *figures;
        let (well, as_usual) = rest;
        let sizes = AROUND.into_iter().map(|factor| n * factor).filter(|x| *x > e);
        let beside = order(reading) + well;
        let attack =
            |ln: f64, share: f64| Attack { ln: ln + beside + challenge(reading, horizon, share), share };
        let attacks = if is_place(reading.scope) {
            let usual = Nb::with(e, figures.r, ln_gamma(figures.r));
            SHARES
                .into_iter()
                .map(|shares| among(&usual, n, shares))
                .map(|(ln, share)| attack(ln, share))
                .collect()
        } else {
            let larger = sizes.clone().filter(|x| *x > 1.05 * e);
            larger.map(|x| attack(figures.surge(x) + ln(STEP), 1.0 - e / x)).collect()
        };
        let honest = sizes.map(|x| figures.surge(x)).collect();
        Self { honest, attacks, prior, best: figures.best(), well, as_usual }
    }

    /// What is told of the place is at most this, whatever share of the attack's codes is entered.
    pub fn at_most(&self, terms: &Terms) -> f64 {
        let most = self.attacks.iter().fold(f64::NEG_INFINITY, |most, attack| most.max(attack.ln));
        if most == f64::NEG_INFINITY {
            return 0.0;
        }
        let sum: f64 = self.attacks.iter().map(|attack| exp(attack.ln - most)).sum();
        terms.at_most(self.prior * sum, most + self.best)
    }
}

/// How likely `n` newcomers are of whom a share between two is attack and the rest people, and the share:
/// people wander as the place does, and an attack may have any size.
fn among(usual: &Nb, n: f64, (low, high): (f64, f64)) -> (f64, f64) {
    let (least, most) = ((1.0 - high) * n, (1.0 - low) * n);
    let middle = 0.5 * (least + most);
    let likely = usual.mean().clamp(least, most);
    // Where hardly anybody is, nobody is the likeliest.
    let width = if least <= 0.0 { most.max(1.0) } else { most - least };
    let chance = 0.5 * (exp(usual.ln_at(middle)) + exp(usual.ln_at(likely))) * width;
    let share = 1.0 - 0.5 * (middle + likely) / n.max(1e-9);
    (ln(chance.clamp(1e-300, 1.0)) - ln(SIZES * (share * n).max(1.0)), share)
}

pub(super) fn attack(terms: &mut Terms, figures: &Figures, surges: &Surges) {
    let Figures { m, v, p, .. } = *figures;
    let rise_m = rise(MIXED, m);
    for Attack { ln, share } in &surges.attacks {
        if ln + surges.best < terms.most - FAR_BELOW {
            continue;
        }
        if m <= 0.0 {
            // Nothing came of it yet, whatever share is entered.
            terms.add(surges.prior, *ln, *share);
            continue;
        }
        for (entered, weight) in ENTERED {
            let mixed = (1.0 - share) * p + share * entered * p.max(0.5);
            terms.add(surges.prior * weight, ln + bb_of_14(v, m, mixed, rise_m), *share);
        }
    }
}

/// Good people fail a challenge so often. Guess: between the published 8 % and one in eight.
const GOOD_FAIL: f64 = 0.10;
/// Shares of challenges that attackers pass, with their weights. Who buys solving passes most, and pays more
/// for it than many a message costs. Guess.
const PASSES: [(f64, f64); 4] = [(0.05, 0.4), (0.35, 0.3), (0.65, 0.2), (0.9, 0.1)];
/// The most that challenges say.
pub(super) const CHALLENGE_MOST: f64 = 8.0;

/// Who fails challenges, and how often: outcomes that arrive in seconds.
pub(super) fn challenge(reading: &Reading, horizon: usize, share: f64) -> f64 {
    let (asked, failed) = (f(&reading.challenges, horizon), f(&reading.failures, horizon));
    if asked < 5.0 {
        return 0.0;
    }
    let failed = failed.min(asked);
    let mut mean = 0.0;
    for (passes, weight) in PASSES {
        let fails = (1.0 - share) * GOOD_FAIL + share * (1.0 - passes);
        // In how many ways so many fail is the same for both.
        let passed = asked - failed;
        let nats = failed * ln(fails / GOOD_FAIL) + passed * ln((1.0 - fails) / (1.0 - GOOD_FAIL));
        mean += weight * exp(nats);
    }
    ln(mean.max(1e-9)).clamp(-4.0, CHALLENGE_MOST)
}

pub(super) fn order(reading: &Reading) -> f64 {
    reading.order.map_or(0.0, |(nats, _)| f64::from(nats)).clamp(-1.0, 6.0)
}

//! Attack as an explanation: some of a scope's newcomers are people as ever, the rest is not. Says how likely
//! what was seen is for each share that may be attack, what challenges and an order add, and how large a
//! surge may be. It weighs no rival and knows no policy. Called by the rivals alone.

use super::sums::{FAR_BELOW, Terms};
use super::{Counted, Figures, People, f, is_place};
use crate::evidence::Reading;
use crate::math::{BbOf14, exp, ln};
use arrayvec::ArrayVec;

/// Shares of codes that accomplices enter, with their weights.
pub(super) const ENTERED: [(f64, f64); 5] =
    [(0.02, 0.70), (0.2, 0.12), (0.4, 0.08), (0.6, 0.06), (0.8, 0.04)];
/// Three shares that stand for those five where few outcomes are in: their moments are the same up to the
/// fifth, so what is a smooth figure of the share comes to the same.
const ENTERED_FEW: [(f64, f64); 3] = [
    (0.025_284_175_896_043_48, 0.750_554_371_295_684),
    (0.362_543_211_610_220_6, 0.175_716_600_755_046_6),
    (0.750_287_804_197_183_4, 0.073_729_027_949_269_4),
];
/// From so many outcomes on it takes all five.
const MANY: f64 = 10.0;
/// Shares of the newcomers that may be attack, from and to.
const SHARES: [(f64, f64); 6] =
    [(0.875, 1.0), (0.725, 0.875), (0.575, 0.725), (0.425, 0.575), (0.275, 0.425), (LEAST_SHARE, 0.275)];
/// Thinner attacks are not looked for: the place's own wandering hides them.
pub(super) const LEAST_SHARE: f64 = 0.125;
/// Means tried around what was seen, as factors, with their logarithms.
const AROUND: [(f64, f64); 5] = [
    (0.55, -0.597_837_000_755_620_4),
    (0.75, -0.287_682_072_451_780_9),
    (1.0, 0.0),
    (1.3, 0.262_364_264_467_491_06),
    (1.75, 0.559_615_787_935_422_7),
];
/// From so many newcomers on a formula says what all five come to, see [`around`].
const FORMULA: f64 = 2.0;
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
        let challenge = |share: f64| challenge(reading, horizon, share);
        let [(least, _), ..] = AROUND;
        let (count, sum, attacks) = if is_place(reading.scope) && n >= FORMULA && least * n > e {
            let count = figures.surge(1.0, 0.0);
            (count, around(n), among(&usual.people(e, figures.ln_e), figures, count, challenge))
        } else {
            let sizes = AROUND.into_iter().filter(|(factor, _)| n * factor > e);
            let honest: ArrayVec<(f64, f64), { AROUND.len() }> =
                sizes.map(|(factor, ln_factor)| (n * factor, figures.surge(factor, ln_factor))).collect();
            let count = honest.iter().fold(-ln(SIZES * n.max(1.0)), |most, (_, ln)| most.max(*ln));
            let likely: ArrayVec<(f64, f64), { AROUND.len() }> =
                honest.iter().map(|(x, ln)| (*x, exp(ln - count))).collect();
            let attacks = if is_place(reading.scope) {
                among(&usual.people(e, figures.ln_e), figures, count, challenge)
            } else {
                let larger = likely.iter().filter(|(x, _)| *x > 1.05 * e);
                larger.map(|(x, likely)| Attack::of(likely * STEP, 1.0 - e / x, challenge)).collect()
            };
            let sum = likely.iter().map(|(_, likely)| likely).sum();
            (count, sum, attacks)
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

/// How likely a count is of surges of all sizes around it, as a multiple of the likeliest, which is that of just
/// its size. It depends on nothing but the count, smoothly: off by less than 1e-6 of itself from [`FORMULA`] on.
fn around(n: f64) -> f64 {
    const SERIES: [f64; 6] = [
        3.720_629_654_977_228,
        4.204_446_654_139_526,
        2.697_025_559_331_266_6,
        0.504_650_641_871_103_1,
        6.555_534_593_045_221,
        25.364_874_092_133_377,
    ];
    let inverse = 1.0 / (n + 4.0);
    SERIES.iter().rev().fold(0.0, |sum, each| sum * inverse + each)
}

/// How likely the newcomers are of whom some share is attack and the rest people, for each share that may be:
/// people wander as the place does, and an attack may have any size.
fn among(
    people: &People<'_>,
    figures: &Figures,
    count: f64,
    challenge: impl Fn(f64) -> f64,
) -> ArrayVec<Attack, { SHARES.len() }> {
    let Figures { n, e, .. } = *figures;
    let scale = exp(-count) / SIZES;
    let mut attacks = ArrayVec::new();
    for (low, high) in SHARES {
        let (least, most) = ((1.0 - high) * n, (1.0 - low) * n);
        let middle = 0.5 * (least + most);
        let likely = e.clamp(least, most);
        let ln_likely = people.ln(likely);
        if least > e && ln_likely < count - FAR_BELOW {
            // Nor could more people be expected: thinner attacks leave more of them.
            break;
        }
        // Where hardly anybody is, nobody is the likeliest.
        let width = if least <= 0.0 { most.max(1.0) } else { most - least };
        let chance = 0.5 * (exp(people.ln(middle)) + exp(ln_likely)) * width;
        let share = 1.0 - 0.5 * (middle + likely) / n.max(1e-9);
        attacks.push(Attack::of(chance.min(1.0) * scale / (share * n).max(1.0), share, &challenge));
    }
    attacks
}

impl Attack {
    fn of(count: f64, share: f64, challenge: impl Fn(f64) -> f64) -> Self {
        Self { likely: count * challenge(share), share }
    }

    /// How likely what converted is, as a multiple of e^`best`. More codes entered are likelier up to a point
    /// and then ever less likely, so the rest is left out once it comes to nothing.
    fn converted(&self, outcomes: &BbOf14, m: f64, p: f64, best: f64) -> f64 {
        let entered: &[(f64, f64)] = if m < MANY { &ENTERED_FEW } else { &ENTERED };
        let (people, most) = ((1.0 - self.share) * p, self.share * p.max(0.5));
        let (mut sum, mut before, mut left) = (0.0, 0.0, 1.0);
        for (entered, weight) in entered {
            let likely = outcomes.over(people + most * entered, best);
            sum += weight * likely;
            left -= weight;
            if likely < before && left * likely < NOTHING * sum {
                break;
            }
            before = likely;
        }
        sum
    }
}

/// What is left out changes no likelihood by more than this share of it.
const NOTHING: f64 = 1e-4;
/// And no chance by more than this.
const NO_CHANCE: f64 = 1e-7;
/// A little less than what is needed, since sums are rounded.
const ROUNDED: f64 = 1.0 - 1e-6;

/// Adds attack to the explanations; `None` where its chance cannot come to `chance`.
pub(super) fn attack(
    terms: &mut Terms,
    figures: &Figures,
    surges: &Surges,
    outcomes: &BbOf14,
    chance: f64,
) -> Option<()> {
    let Figures { m, p, .. } = *figures;
    let at = surges.count + surges.beside + surges.best;
    if at < terms.most() - FAR_BELOW {
        return Some(());
    }
    let honest = terms.least_odds(surges.prior, at);
    let (least, enough) = (NO_CHANCE * honest, ROUNDED * honest * chance / (1.0 - chance));
    // What those that are still to come would come to if they explained best what converted.
    let mut left: f64 = surges.attacks.iter().map(|attack| attack.likely).sum();
    let (mut whole, mut pumped) = (0.0, 0.0);
    for attack in &surges.attacks {
        if whole + left < enough {
            return None;
        }
        left -= attack.likely;
        // However well it explained what converted.
        if attack.likely <= least.max(NOTHING * whole) {
            continue;
        }
        // Nothing came of it yet, whatever share is entered.
        let converted = if m <= 0.0 { 1.0 } else { attack.converted(outcomes, m, p, surges.best) };
        whole += attack.likely * converted;
        pumped += attack.share * attack.likely * converted;
    }
    terms.add_attack(surges.prior * whole, surges.prior * pumped, at);
    Some(())
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
    let passed = asked - failed;
    let mut mean = 0.0;
    for (passes, weight) in PASSES {
        let fails = (1.0 - share) * GOOD_FAIL + share * (1.0 - passes);
        // In how many ways so many fail is the same for both.
        let of_failed = if failed > 0.0 { failed * ln(fails / GOOD_FAIL) } else { 0.0 };
        let ln = of_failed + passed * ln((1.0 - fails) / (1.0 - GOOD_FAIL));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{bb, nb};
    use proptest::prelude::*;

    fn attack_of(share: f64) -> Attack {
        Attack { likely: 1.0, share }
    }

    proptest! {
        #[test]
        fn the_formula_is_the_sum_over_all_sizes(e in 0.3f64..14.0) {
            let n = libm::exp(e).max(FORMULA);
            let likeliest = nb(n, n, 4.0);
            let sum: f64 = AROUND.iter().map(|(factor, _)| libm::exp(nb(n, n * factor, 4.0) - likeliest)).sum();
            // What a large count leaves of the digits of its likelihood.
            prop_assert!((around(n) / sum - 1.0).abs() < 1e-5 + n * 1e-9, "{} {} {}", n, around(n), sum);
        }

        #[test]
        fn fewer_shares_of_entered_codes_say_what_all_do(
            m in 0.1f64..60.0, entered in 0.0f64..=1.0, p in 0.05f64..0.98, share in 0.125f64..1.0,
        ) {
            let v = m * entered;
            let all: f64 = ENTERED.iter().map(|(entered, weight)| {
                weight * libm::exp(bb(v, m, (1.0 - share) * p + share * entered * p.max(0.5), 14.0))
            }).sum();
            let said = attack_of(share).converted(&BbOf14::new(v, m), m, p, 0.0);
            let off = ln(said / all).abs();
            prop_assert!(off < if m < MANY { 0.06 } else { 1e-3 }, "{off}");
        }
    }
}

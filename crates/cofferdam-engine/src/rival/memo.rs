//! What the explanations of several scopes and horizons of one attempt have in common: nearly all go by
//! one rate of conversion, and the constants of beliefs about it are logarithms by the dozen. It changes
//! no figure: what is remembered is what would be worked out again. Called by the rivals alone.

use crate::evidence::HORIZONS;
use crate::math::{Bb, ln, ln_gamma};
use arrayvec::ArrayVec;

/// A belief about how many convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belief {
    AsUsual,
    Outage,
    Mistyped,
    Growth,
    Campaign,
    Cold,
}
const BELIEFS: usize = 6;

/// Beliefs about one rate.
#[derive(Debug, Clone, Copy)]
struct Rate {
    p: f64,
    /// How firmly it holds.
    kappa: f64,
    beliefs: [Option<Bb>; BELIEFS],
}

/// Rates that are kept: more than the horizons of one scope, which are looked at together.
const RATES: usize = 8;

/// How firmly beliefs hold that have a strength of their own, each with the logarithm of its gamma, to the
/// bits that [`ln_gamma`] gives.
const STRENGTHS: [(f64, f64); 3] =
    [(3.0, 0.693_147_175_662_186_8), (10.0, 12.801_827_472_203_66), (20.0, 39.339_884_186_951_94)];

/// What became of a scope's newcomers in one horizon.
#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    v: f64,
    m: f64,
    /// The place of the rate that is usual.
    rate: usize,
    /// ln gamma(strength + m), by strength: the rate's own, then [`STRENGTHS`].
    of_all: [Option<f64>; 4],
}

/// What was worked out for an attempt's scopes so far.
#[derive(Debug, Clone)]
pub(crate) struct Memo {
    /// The rates that were looked at last, of all horizons: mostly all codes arrive, and then they share them.
    rates: ArrayVec<Rate, RATES>,
    /// The place of the one that leaves next.
    oldest: usize,
    outcomes: [Outcomes; HORIZONS],
    /// A size with its logarithm and that of its gamma.
    size: (f64, f64, f64),
    /// What the trusted do if all is well, and if nobody's outcomes arrive.
    control: Option<(Bb, Bb)>,
}

impl Memo {
    pub fn new() -> Self {
        Self {
            rates: ArrayVec::new(),
            oldest: 0,
            outcomes: [Outcomes::default(); HORIZONS],
            size: (f64::NAN, 0.0, 0.0),
            control: None,
        }
    }

    /// The logarithm of a size, and that of its gamma.
    pub fn size(&mut self, r: f64) -> (f64, f64) {
        if self.size.0.to_bits() != r.to_bits() {
            self.size = (r, ln(r), ln_gamma(r));
        }
        (self.size.1, self.size.2)
    }

    /// From here on this horizon is about `v` of `m` where `p` is usual.
    pub fn outcomes(&mut self, horizon: usize, (v, m): (f64, f64), p: f64, kappa: f64) {
        let rate = self.rate(p, kappa);
        if let Some(outcomes) = self.outcomes.get_mut(horizon) {
            *outcomes = Outcomes { v, m, rate, of_all: [None; 4] };
        }
    }

    /// The place of a rate.
    fn rate(&mut self, p: f64, kappa: f64) -> usize {
        let same = |rate: &Rate| rate.p.to_bits() == p.to_bits() && rate.kappa.to_bits() == kappa.to_bits();
        if let Some(known) = self.rates.iter().position(same) {
            return known;
        }
        let new = Rate { p, kappa, beliefs: [None; BELIEFS] };
        if self.rates.try_push(new).is_ok() {
            return self.rates.len() - 1;
        }
        let place = self.oldest;
        if let Some(oldest) = self.rates.get_mut(place) {
            *oldest = new;
        }
        self.oldest = (place + 1) % RATES;
        place
    }

    /// ln of the likelihood of the outcomes of a horizon.
    pub(super) fn ln(&mut self, horizon: usize, belief: Belief) -> f64 {
        let Some(outcomes) = self.outcomes.get_mut(horizon).filter(|outcomes| outcomes.m > 0.0) else {
            return 0.0;
        };
        let Some(rate) = self.rates.get_mut(outcomes.rate) else { return 0.0 };
        let (p, kappa) = (rate.p, rate.kappa);
        let (mean, strength) = match belief {
            Belief::AsUsual => (p, 0),
            Belief::Growth => (0.95 * p, 0),
            Belief::Outage => (0.1 * p / 0.7, 1),
            Belief::Mistyped => (0.6 * p, 1),
            Belief::Campaign => (0.6 * p, 2),
            Belief::Cold => (0.6 * p, 3),
        };
        let [three, ten, twenty] = STRENGTHS;
        let (kappa, ln_gamma_kappa) = match strength {
            1 => (three.0, Some(three.1)),
            2 => (ten.0, Some(ten.1)),
            3 => (twenty.0, Some(twenty.1)),
            _ => (kappa, None),
        };
        let known = outcomes.of_all.get_mut(strength);
        let of_all = known.map_or(0.0, |known| *known.get_or_insert_with(|| ln_gamma(kappa + outcomes.m)));
        let known = rate.beliefs.get_mut(belief as usize);
        known.map_or(0.0, |known| {
            let new = || Bb::known(mean, kappa, ln_gamma_kappa.unwrap_or_else(|| ln_gamma(kappa)));
            known.get_or_insert_with(new).ln_given(outcomes.v, outcomes.m, of_all)
        })
    }

    /// How likely what the trusted do is if all is well, and if nobody's outcomes arrive.
    pub fn control(&mut self, converted: f64, matured: f64) -> (f64, f64) {
        let new = || (Bb::new(0.88, 10.0), Bb::new(0.12, 3.0));
        let (well, ill) = self.control.get_or_insert_with(new);
        (well.ln_at(converted, matured), ill.ln_at(converted, matured))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gammas_of_strengths_are_what_would_be_worked_out() {
        for (strength, known) in STRENGTHS {
            assert_eq!(known.to_bits(), ln_gamma(strength).to_bits(), "{strength}: {:?}", ln_gamma(strength));
        }
    }
}

//! What the explanations of several scopes and horizons of one attempt have in common: nearly all go by
//! one rate of conversion, and the constants of beliefs about it are logarithms by the dozen. It changes
//! no figure: what is remembered is what would be worked out again. Called by the rivals alone.

use crate::evidence::HORIZONS;
use crate::math::{Bb, ln, ln_gamma};

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

/// What was worked out for an attempt's scopes so far.
#[derive(Debug, Clone)]
pub(crate) struct Memo {
    /// The rate that was looked at last in each horizon.
    rates: [Rate; HORIZONS],
    horizon: usize,
    v: f64,
    m: f64,
    /// ln gamma(strength + m), by strength: the rate's own, 3, 10 and 20.
    of_all: [Option<f64>; 4],
    /// A size with its logarithm and that of its gamma.
    size: (f64, f64, f64),
}

impl Memo {
    pub fn new() -> Self {
        let none = f64::NAN;
        Self {
            rates: [Rate { p: none, kappa: none, beliefs: [None; BELIEFS] }; HORIZONS],
            horizon: 0,
            v: 0.0,
            m: 0.0,
            of_all: [None; 4],
            size: (none, 0.0, 0.0),
        }
    }

    /// The logarithm of a size, and that of its gamma.
    pub fn size(&mut self, r: f64) -> (f64, f64) {
        if self.size.0.to_bits() != r.to_bits() {
            self.size = (r, ln(r), ln_gamma(r));
        }
        (self.size.1, self.size.2)
    }

    /// From here on it is about `v` of `m` where `p` is usual.
    pub fn outcomes(&mut self, horizon: usize, (v, m): (f64, f64), p: f64, kappa: f64) {
        if let Some(rate) = self.rates.get_mut(horizon)
            && (rate.p.to_bits() != p.to_bits() || rate.kappa.to_bits() != kappa.to_bits())
        {
            *rate = Rate { p, kappa, beliefs: [None; BELIEFS] };
        }
        (self.horizon, self.v, self.m, self.of_all) = (horizon, v, m, [None; 4]);
    }

    /// ln of the likelihood of the outcomes.
    pub(super) fn ln(&mut self, belief: Belief) -> f64 {
        if self.m <= 0.0 {
            return 0.0;
        }
        let Some(rate) = self.rates.get_mut(self.horizon) else { return 0.0 };
        let (p, own) = (rate.p, (0, rate.kappa));
        let (mean, (strength, kappa)) = match belief {
            Belief::AsUsual => (p, own),
            Belief::Growth => (0.95 * p, own),
            Belief::Outage => (0.1 * p / 0.7, (1, 3.0)),
            Belief::Mistyped => (0.6 * p, (1, 3.0)),
            Belief::Campaign => (0.6 * p, (2, 10.0)),
            Belief::Cold => (0.6 * p, (3, 20.0)),
        };
        let known = self.of_all.get_mut(strength);
        let of_all = known.map_or(0.0, |known| *known.get_or_insert_with(|| ln_gamma(kappa + self.m)));
        let known = rate.beliefs.get_mut(belief as usize);
        known.map_or(0.0, |known| {
            known.get_or_insert_with(|| Bb::new(mean, kappa)).ln_given(self.v, self.m, of_all)
        })
    }

    /// How likely what the trusted do is if all is well, and if nobody's outcomes arrive.
    #[expect(clippy::unused_self, reason = "beliefs are asked of the memo, whether they are kept or not")]
    pub fn control(&self, converted: f64, matured: f64) -> (f64, f64) {
        (Bb::new(0.88, 10.0).ln_at(converted, matured), Bb::new(0.12, 3.0).ln_at(converted, matured))
    }
}

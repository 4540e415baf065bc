//! How likely it is that so many of so many did something: the binomial where the share is known, the
//! beta-binomial where it wanders.

use super::exp::exp;
use super::gamma::{eight, ln_gamma, ln_gammas, stirling};
use super::ln::ln;

/// Believed shares are kept off the ends, so that nothing is ever a proof.
const BELIEF_MIN: f64 = 0.005;

/// ln of the likelihood of `v` of `m` under a belief of mean `p` and strength `kappa`. The binomial
/// coefficient is common to all hypotheses and left out, so this is 0 where nothing was seen. The
/// belief is kept within 0.005 … 0.995; `v` above `m` counts as all of them.
pub fn bb(v: f64, m: f64, p: f64, kappa: f64) -> f64 {
    Bb::new(p, kappa).ln_at(v, m)
}

/// A belief about a share, with what does not depend on outcomes worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bb {
    a: f64,
    b: f64,
    kappa: f64,
    /// ln gamma(kappa) - ln gamma(a) - ln gamma(b).
    constant: f64,
}

impl Bb {
    /// The belief of mean `p` that is worth `kappa` observations.
    pub fn new(p: f64, kappa: f64) -> Self {
        Self::known(p, kappa, ln_gamma(kappa))
    }

    /// The same where ln gamma(kappa) is known.
    pub fn known(p: f64, kappa: f64, ln_gamma_kappa: f64) -> Self {
        let p = p.clamp(BELIEF_MIN, 1.0 - BELIEF_MIN);
        let (a, b) = (p * kappa, (1.0 - p) * kappa);
        Self { a, b, kappa, constant: ln_gamma_kappa - ln_gammas(a, b) }
    }

    /// ln of the likelihood of `v` of `m`.
    pub fn ln_at(&self, v: f64, m: f64) -> f64 {
        self.ln_given(v, m, ln_gamma(self.kappa + m))
    }

    /// The same where ln gamma(kappa + m) is known: all beliefs of one strength share it.
    pub fn ln_given(&self, v: f64, m: f64, of_all: f64) -> f64 {
        if m <= 0.0 {
            return 0.0;
        }
        let v = v.min(m);
        ln_gammas(self.a + v, self.b + (m - v)) + self.constant - of_all
    }
}

/// The strength of [`BbOf14`].
pub const BELIEF: f64 = 14.0;

/// Stirling's formula at 15 + d and 15 - d together, as a series in d² / 24.5 - 1: good to 5e-12 up to
/// d = 7.
const AROUND_15: [f64; 9] = [
    52.105_788_925_893_6,
    1.759_438_757_887_703_8,
    0.037_942_981_968_298_37,
    0.001_978_849_250_125_591_7,
    0.000_138_384_071_098_229_8,
    1.123_251_823_997_861_7e-5,
    9.979_547_499_483_488e-7,
    9.636_612_219_310_337e-8,
    9.532_072_908_768_896e-9,
];

/// What beliefs of strength 14 say of some outcomes, of which dozens are held against the same: two
/// logarithms instead of six, and no branches; the same as [`bb`] to 1e-9.
#[derive(Debug, Clone, Copy)]
pub struct BbOf14 {
    v: f64,
    m: f64,
    /// ln gamma(14 + m) - ln gamma(14).
    rise: f64,
}

/// ln gamma(14)
const LN_GAMMA_14: f64 = 22.552_163_853_123_42;

impl BbOf14 {
    /// Of `v` of `m`.
    pub fn new(v: f64, m: f64) -> Self {
        Self { v: v.min(m), m, rise: ln_gamma(BELIEF + m) - LN_GAMMA_14 }
    }

    /// The likelihood under a belief of mean `p`, as a factor and the logarithm of another.
    #[inline]
    fn parts(&self, p: f64) -> (f64, f64) {
        let p = p.clamp(BELIEF_MIN, 1.0 - BELIEF_MIN);
        let (yes, no) = (p * BELIEF, (1.0 - p) * BELIEF);
        let (to_yes, to_no) = (yes + self.v, no + (self.m - self.v));
        let aside = (yes - 7.0) * (yes - 7.0) / 24.5 - 1.0;
        let from = AROUND_15.iter().rev().fold(0.0, |sum, each| sum * aside + each);
        let back = eight(yes) * eight(no) / (eight(to_yes) * eight(to_no));
        (back, stirling(to_yes + 8.0) + stirling(to_no + 8.0) - from - self.rise)
    }

    /// ln of the likelihood.
    pub fn ln(&self, p: f64) -> f64 {
        let (back, rest) = self.parts(p);
        ln(back) + rest
    }

    /// The likelihood as a multiple of e^`from`.
    #[inline]
    pub fn over(&self, p: f64, from: f64) -> f64 {
        let (back, rest) = self.parts(p);
        back * exp(rest - from)
    }
}

/// ln of the chance of exactly `k` of `n` where each has chance `p`.
pub fn ln_binomial(k: f64, n: f64, p: f64) -> f64 {
    let k = k.clamp(0.0, n.max(0.0));
    // Nought times minus infinity is nothing here: what cannot happen did not.
    let times = |n: f64, each: f64| if n == 0.0 { 0.0 } else { n * each };
    let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    ways + times(k, ln(p)) + times(n - k, libm::log1p(-p))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are the same to the bit")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn four_silent_messages_are_no_proof_and_forty_are() {
        // Where 80 % is normal: against an attack of which 2 % convert.
        let against = |m: f64| bb(0.0, m, 0.02, 14.0) - bb(0.0, m, 0.8, 15.0);
        assert!((3.0..6.0).contains(&against(4.0)), "{}", against(4.0));
        assert!(against(40.0) > 20.0);
        // A fixed rate would call the four 1.6 in a thousand of what they are.
        assert!(against(4.0) < ln_binomial(0.0, 4.0, 0.02) - ln_binomial(0.0, 4.0, 0.8));
    }

    #[test]
    fn known_figures() {
        assert_eq!(bb(0.0, 0.0, 0.6, 15.0), 0.0);
        // One of one has the chance p, none of one 1 - p, whatever the strength.
        assert!(
            near(bb(1.0, 1.0, 0.6, 15.0), libm::log(0.6)) && near(bb(0.0, 1.0, 0.6, 3.0), libm::log(0.4))
        );
        assert!(near(ln_binomial(3.0, 5.0, 0.2), libm::log(10.0 * 0.008 * 0.64)));
        assert_eq!(ln_binomial(0.0, 5.0, 0.0), ln_binomial(5.0, 5.0, 1.0));
        assert_eq!(ln_binomial(1.0, 5.0, 0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn all_outcomes_together_are_certain() {
        for (m, p, kappa) in [(7, 0.3, 12.0), (40, 0.02, 14.0), (200, 0.95, 3.0)] {
            let m = f64::from(m);
            let sum =
                |ln: &dyn Fn(f64) -> f64| (0..=m as u32).map(|v| libm::exp(ln(f64::from(v)))).sum::<f64>();
            let ways = |v: f64| ln_gamma(m + 1.0) - ln_gamma(v + 1.0) - ln_gamma(m - v + 1.0);
            assert!(near(sum(&|v| ways(v) + bb(v, m, p, kappa)), 1.0));
            assert!(near(sum(&|v| ln_binomial(v, m, p)), 1.0));
        }
    }

    proptest! {
        #[test]
        fn it_is_the_papers_formula(m in 0.0f64..3000.0, share in 0.0f64..=1.0, p in 0.005f64..0.995, kappa in 3.0f64..15.0) {
            let (v, a, b) = (m * share, p * kappa, (1.0 - p) * kappa);
            let l = libm::lgamma;
            let plain = l(a + v) + l(b + m - v) - l(a + b + m) - l(a) - l(b) + l(a + b);
            prop_assert!(near(bb(v, m, p, kappa), plain));
        }

        #[test]
        fn the_short_way_is_the_same(m in 0.0f64..3000.0, share in 0.0f64..=1.0, p in 0.0f64..=1.0) {
            let v = m * share;
            let (short, long) = (BbOf14::new(v, m), bb(v, m, p, 14.0));
            prop_assert!((short.ln(p) - long).abs() < 1e-7);
            prop_assert!((short.over(p, long) - 1.0).abs() < 1e-7);
        }

        #[test]
        fn more_conversions_speak_for_the_better_belief(m in 1.0f64..500.0, low in 0.01f64..0.5, by in 0.05f64..0.45, v in 0.0f64..0.9) {
            let lr = |v: f64| bb(v * m, m, low + by, 14.0) - bb(v * m, m, low, 14.0);
            prop_assert!(lr(v + 0.1) > lr(v));
        }

        #[test]
        fn a_wandering_rate_is_surprised_less(m in 5.0f64..500.0, p in 0.2f64..0.9) {
            let ways = ln_gamma(m + 1.0) - ln_gamma(1.0) - ln_gamma(m + 1.0);
            prop_assert!(ways + bb(0.0, m, p, 15.0) > ln_binomial(0.0, m, p));
        }
    }
}

//! Sums of likelihoods whose logarithms lie hundreds apart: each explanation's weight and likelihood goes
//! in, the share of those that are attack comes out. It knows no explanation by name. Called by the
//! rivals alone.

use crate::math::{exp, ln};

/// What lies so far below the greatest, in nats, changes no figure that is told.
pub(super) const FAR_BELOW: f64 = 40.0;

/// Explanations together, as multiples of the greatest likelihood among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    whole: f64,
    /// Those that are attack.
    attack: f64,
    /// The share of the newcomers that is the attack's, of those.
    pumped: f64,
    /// The logarithm of that likelihood.
    most: f64,
}

impl Terms {
    pub fn new() -> Self {
        Self { whole: 0.0, attack: 0.0, pumped: 0.0, most: f64::NEG_INFINITY }
    }

    /// The logarithm of the greatest likelihood.
    pub fn most(&self) -> f64 {
        self.most
    }

    /// An honest explanation of some weight and ln likelihood.
    pub fn add(&mut self, weight: f64, ln: f64) {
        if weight > 0.0 && ln > f64::NEG_INFINITY {
            self.take([weight, 0.0, 0.0], ln);
        }
    }

    /// Attacks that come to `weight`, and their part of the newcomers to `pumped`, in multiples of e^`ln`.
    pub fn add_attack(&mut self, weight: f64, pumped: f64, scale: f64) {
        if weight > 0.0 {
            // However far below its scale it lies.
            self.take([1.0, 1.0, pumped / weight], scale + ln(weight));
        }
    }

    fn take(&mut self, added: [f64; 3], ln: f64) {
        let above = ln - self.most;
        if above < -FAR_BELOW {
            return;
        }
        let (fade, part) = match above {
            above if above > FAR_BELOW => (0.0, 1.0),
            above if above > 0.0 => (exp(-above), 1.0),
            above => (1.0, exp(above)),
        };
        self.most = self.most.max(ln);
        for (sum, added) in [&mut self.whole, &mut self.attack, &mut self.pumped].into_iter().zip(added) {
            *sum = *sum * fade + added * part;
        }
    }

    /// The chance that there is an attack, and the share of the newcomers that is its own then.
    pub fn chance(&self) -> (f64, f64) {
        if self.attack > 0.0 { (self.attack / self.whole, self.pumped / self.attack) } else { (0.0, 0.0) }
    }

    /// What an attack of some weight must be multiplied with, in multiples of e^`ln`, to come to as much as all
    /// that is honest together.
    pub fn least_odds(&self, weight: f64, ln: f64) -> f64 {
        self.whole * exp((self.most - ln).min(300.0)) / weight.max(1e-300)
    }

    /// The greatest chance that there could be if attacks came to `weight`, of likelihood e^`ln`.
    pub fn at_most(&self, weight: f64, ln: f64) -> f64 {
        if weight <= 0.0 {
            return 0.0;
        }
        let attack = weight * exp((ln - self.most).min(300.0));
        attack / (self.whole + attack)
    }
}

//! Chance as a value: a seed gives the same rolls on every machine and in every version of ours.
//!
//! SplitMix64 (Steele, Lea and Flood, 2014) in counter form: good enough to make up traffic, and short
//! enough to be read. Nothing secret is ever drawn from it.

use libm::{cos, exp, log, sqrt};

/// A source of chance.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed ^ 0x5bf0_3635_dcf1_6e27 }
    }

    /// A source of its own for a part of a world, so that a change in one part moves no other.
    #[must_use]
    pub fn apart(&self, part: &str) -> Self {
        let mut state = self.state ^ 0xcbf2_9ce4_8422_2325;
        for byte in part.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut apart = Self { state };
        apart.roll();
        apart
    }

    /// Sixty-four even bits.
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Even in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Even in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even in `0..below`; 0 for 0.
    pub fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(below)) >> 64) as u64
    }

    /// Whether something with this chance happens.
    pub fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// One of several, if there is one.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }

    /// Normal, mean 0 and deviation 1.
    pub fn normal(&mut self) -> f64 {
        let radius = sqrt(-2.0 * log(1.0 - self.unit()));
        radius * cos(core::f64::consts::TAU * self.unit())
    }

    /// Log-normal: the median, and the deviation of its logarithm.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * exp(spread * self.normal())
    }

    /// Exponential with a mean: the gap to the next of independent arrivals.
    pub fn gap(&mut self, mean: f64) -> f64 {
        -mean * log(1.0 - self.unit())
    }

    /// Gamma with a shape and mean 1: the day's factor of a place (Marsaglia and Tsang, 2000).
    pub fn factor(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = libm::pow(1.0 - self.unit(), 1.0 / shape);
            return self.factor(shape + 1.0) * (shape + 1.0) / shape * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * log(v) {
                return d * v / shape;
            }
        }
    }

    /// Poisson with a mean.
    pub fn count(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 60.0 {
            let about = mean + sqrt(mean) * self.normal();
            return libm::round(about.max(0.0)) as u64;
        }
        let (limit, mut product, mut count) = (exp(-mean), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

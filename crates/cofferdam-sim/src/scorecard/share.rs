//! A share with what it is a share of, so that it can be pooled and has an interval.

use libm::sqrt;
use serde::{Deserialize, Serialize};

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How many it happened to.
    pub hit: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    /// One more.
    pub fn count(&mut self, hit: bool) {
        self.hit += u64::from(hit);
        self.of += 1;
    }

    /// From 0 to 1; 0 of nothing.
    pub fn share(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hit as f64 / self.of as f64 }
    }

    /// The 95 % interval after Wilson (1927); of nothing, from 0 to 1.
    pub fn interval(&self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (of, share) = (self.of as f64, self.share());
        let middle = share + Z * Z / (2.0 * of);
        let half = Z * sqrt(share * (1.0 - share) / of + Z * Z / (4.0 * of * of));
        let whole = 1.0 + Z * Z / of;
        (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        self.hit += other.hit;
        self.of += other.of;
    }
}

//! The exponential by a table, for sums of likelihoods: see `ln.rs` for why.
//!
//! `e^x = 2^(k / 64) e^r`, with a table of 64 roots of two and a short series for what is left.

const ROOTS: usize = 64;
static TABLE: [f64; ROOTS] = table();
/// ln 2 / 64 in two parts; products of the first with whole numbers up to 2^17 are exact.
const HIGH: f64 = f64::from_bits(core::f64::consts::LN_2.to_bits() & 0xffff_ffff_f000_0000) / 64.0;
/// What the first part leaves of ln 2 / 64: the bits cut off, and those that no `f64` of ln 2 holds.
const LOW: f64 = (core::f64::consts::LN_2 - HIGH * 64.0 + 2.319_046_813_846_299_6e-17) / 64.0;
/// Adding it leaves the nearest whole number in the lowest bits.
const NEAREST: f64 = 6_755_399_441_055_744.0;

#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which would not build past the end")]
const fn table() -> [f64; ROOTS] {
    let mut table = [1.0; ROOTS];
    let mut at = 1;
    while at < ROOTS {
        let x = core::f64::consts::LN_2 * (at as f64) / ROOTS as f64;
        let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
        while n < 24.0 {
            term *= x / n;
            sum += term;
            n += 1.0;
        }
        table[at] = sum;
        at += 1;
    }
    table
}

/// The exponential, off by less than 1e-15 of itself.
#[inline]
pub fn exp(x: f64) -> f64 {
    // Where the outcome is hardly a number any more, and what is none.
    if x.is_nan() || x.abs() > 700.0 {
        return far(x);
    }
    let shifted = x * (64.0 / core::f64::consts::LN_2) + NEAREST;
    let whole = shifted - NEAREST;
    let k = shifted.to_bits() as u32 as i32;
    let r = x - whole * HIGH - whole * LOW;
    let square = r * r;
    let series = r + square * (0.5 + r * (1.0 / 6.0) + square * (1.0 / 24.0 + r * (1.0 / 120.0)));
    let root = TABLE.get(k as usize % ROOTS).copied().unwrap_or(1.0);
    let two = f64::from_bits(((1023 + i64::from(k >> 6)) as u64) << 52);
    two * (root + root * series)
}

#[cold]
fn far(x: f64) -> f64 {
    if x < -746.0 { 0.0 } else { libm::exp(x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nought_and_the_ends() {
        assert!(exp(0.0).to_bits() == 1.0f64.to_bits() && exp(f64::NAN).is_nan());
        assert!(exp(f64::NEG_INFINITY).to_bits() == 0 && exp(f64::INFINITY).is_infinite());
    }

    proptest! {
        #[test]
        fn it_is_the_librarys(x in -720.0f64..720.0, small in -0.1f64..0.1) {
            for x in [x, small] {
                let (ours, theirs) = (exp(x), libm::exp(x));
                prop_assert!(ours.to_bits() == theirs.to_bits() || (ours / theirs - 1.0).abs() < 1e-15, "{} {} {}", x, ours, theirs);
            }
        }
    }
}

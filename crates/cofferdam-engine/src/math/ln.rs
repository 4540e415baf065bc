//! The natural logarithm by a table: a few multiplications where a general library branches and
//! divides. Likelihoods take hundreds of logarithms an attempt, so this one is worth its own lines.
//!
//! `x = 2^k z` with `z` in 1 … 2; the table holds for each of 128 parts of that stretch an inverse
//! `1/c` and `ln c`, so that `r = z/c - 1` is below 1/128 and a short series gives `ln(1 + r)`. Plain
//! multiplications and additions in one order: the same bits on every machine.

const BITS: u32 = 7;
const PARTS: usize = 1 << BITS;

/// For each part the inverse of its begin, and the logarithm of the begin.
static TABLE: [(f64, f64); PARTS] = table();

#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which would not build past the end")]
const fn table() -> [(f64, f64); PARTS] {
    let mut table = [(1.0, 0.0); PARTS];
    let mut part = 1;
    while part < PARTS {
        let inverse = 1.0 / (1.0 + part as f64 / PARTS as f64);
        // ln c = 2 artanh((c - 1) / (c + 1)), where c is what the rounded inverse is the inverse of.
        let s = (1.0 - inverse) / (1.0 + inverse);
        let (mut power, mut sum, mut n) = (s, 0.0, 1.0);
        while n < 60.0 {
            sum += power / n;
            power *= s * s;
            n += 2.0;
        }
        table[part] = (inverse, 2.0 * sum);
        part += 1;
    }
    table
}

/// The natural logarithm, off by less than 1e-15 and two bits of the last place.
#[inline]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    // Nought, what is below, what is almost nought, and what is no number.
    if bits.wrapping_sub(0x0010_0000_0000_0000) >= 0x7fe0_0000_0000_0000 {
        return libm::log(x);
    }
    let part = (bits >> (52 - BITS)) as usize % PARTS;
    let (inverse, of_part) = TABLE.get(part).copied().unwrap_or((1.0, 0.0));
    let k = (bits >> 52) as i64 - 1023;
    let z = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    let r = z * inverse - 1.0;
    let square = r * r;
    let low = -0.5 + r * (1.0 / 3.0);
    let middle = -0.25 + r * 0.2;
    let high = -1.0 / 6.0 + r * (1.0 / 7.0);
    let series = r + square * (low + square * (middle + square * high));
    k as f64 * core::f64::consts::LN_2 + (of_part + series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_and_nought() {
        for x in [0.0, f64::MIN_POSITIVE / 4.0, f64::INFINITY, 1.0, f64::MIN_POSITIVE, f64::MAX] {
            let (ours, theirs) = (ln(x), libm::log(x));
            assert!(
                (ours - theirs).abs() < 1e-12 || ours.to_bits() == theirs.to_bits(),
                "{x}: {ours} {theirs}"
            );
        }
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn it_is_the_librarys(e in -300.0f64..300.0) {
            for x in [libm::pow(10.0, e), 1.0 + e / 1000.0] {
                let (ours, theirs) = (ln(x), libm::log(x));
                prop_assert!((ours - theirs).abs() < 1e-15 + theirs.abs() * 4.5e-16, "{} {} {}", x, ours, theirs);
            }
        }
    }
}

//! How many different ones: addresses of a prefix, countries of an address, numbers of a device.
//!
//! Up to [`FEW`] it is exact, by hashes of 16 bits; beyond, 64 registers of 6 bits (HyperLogLog), which
//! are off by some 13 %. More is never needed to decide. What is kept depends on what was added and
//! not on the order, so machines that add in different orders agree to the bit. It hashes nothing:
//! whoever adds brings a hash of 64 good bits.

use serde::{Deserialize, Serialize};

/// So many are told apart exactly.
pub const FEW: usize = 8;
const REGISTERS: u32 = 64;
/// Bits of a register.
const BITS: usize = 6;
/// HyperLogLog's correction for 64 registers.
const ALPHA: f64 = 0.709;

/// What is kept of a set: 48 bytes of registers, 16 of the first few, and their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinct {
    /// Bit `i` of word `k` is bit `k` of register `i`.
    planes: [u64; BITS],
    /// The distinct hashes of 16 bits, ascending; all nought once there were more than fit.
    few: [u16; FEW],
    /// How many stand in `few`; more than [`FEW`]: they did not fit.
    seen: u8,
}

impl Distinct {
    /// Adds one. Adding it again changes nothing.
    pub fn add(&mut self, hash: u64) {
        let (register, rest) = (hash as u32 % REGISTERS, hash >> BITS);
        // The place of the lowest bit that is set, from 1; 58 bits remain, so it fits 6.
        let rank = rest.trailing_zeros().min(64 - BITS as u32) as u8 + 1;
        if rank > self.register(register) {
            self.set(register, rank);
        }
        self.remember((hash >> 48) as u16);
    }

    /// Takes in all that another has seen.
    pub fn merge(&mut self, other: &Self) {
        for register in 0..REGISTERS {
            let rank = other.register(register);
            if rank > self.register(register) {
                self.set(register, rank);
            }
        }
        if other.exact().is_some() {
            for hash in other.few.iter().take(usize::from(other.seen)) {
                self.remember(*hash);
            }
        } else {
            self.overflow();
        }
    }

    /// About how many different ones were added.
    pub fn estimate(&self) -> u32 {
        if let Some(exact) = self.exact() {
            return exact;
        }
        let (mut sum, mut empty) = (0.0, 0.0);
        for register in 0..REGISTERS {
            let rank = self.register(register);
            // Two to the power of minus the rank, exactly.
            sum += f64::from_bits((1023 - u64::from(rank)) << 52);
            empty += f64::from(u8::from(rank == 0));
        }
        let all = f64::from(REGISTERS);
        let raw = ALPHA * all * all / sum;
        // While some are empty, their share tells more.
        let better = if raw <= 2.5 * all && empty > 0.0 { all * libm::log(all / empty) } else { raw };
        (libm::round(better) as u32).max(FEW as u32 + 1)
    }

    /// How many exactly, if that is still known.
    pub fn exact(&self) -> Option<u32> {
        (usize::from(self.seen) <= FEW).then_some(u32::from(self.seen))
    }

    fn register(&self, at: u32) -> u8 {
        self.planes.iter().rev().fold(0, |rank, plane| rank << 1 | (plane >> at & 1) as u8)
    }

    fn set(&mut self, at: u32, rank: u8) {
        for (bit, plane) in self.planes.iter_mut().enumerate() {
            *plane = *plane & !(1 << at) | u64::from(rank >> bit & 1) << at;
        }
    }

    /// Keeps a short hash in its place, or gives all of them up where it is one too many.
    fn remember(&mut self, hash: u16) {
        let seen = usize::from(self.seen);
        let Some(known) = self.few.get(..seen) else { return };
        let Err(at) = known.binary_search(&hash) else { return };
        if seen == FEW {
            return self.overflow();
        }
        if let Some(tail) = self.few.get_mut(at..=seen) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = hash;
            }
        }
        self.seen += 1;
    }

    fn overflow(&mut self) {
        self.few = [0; FEW];
        self.seen = FEW as u8 + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// A hash of good bits (the finish of SplitMix64).
    fn hash(n: u64) -> u64 {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn of(numbers: impl IntoIterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::default();
        numbers.into_iter().for_each(|n| distinct.add(hash(n)));
        distinct
    }

    #[test]
    fn the_first_few_are_exact() {
        for n in 0..=8 {
            assert_eq!(of((0..n).chain(0..n)).estimate(), n as u32);
        }
        assert!(of(0..9).exact().is_none() && of(0..9).estimate() >= 9);
    }

    #[test]
    fn many_are_told_within_what_64_registers_can() {
        for n in [20u64, 60, 150, 200, 1000, 30_000] {
            let (mut bias, mut square) = (0.0, 0.0);
            for round in 0..200 {
                let off = f64::from(of(round << 32..(round << 32) + n).estimate()) / n as f64 - 1.0;
                bias += off / 200.0;
                square += off * off / 200.0;
            }
            assert!(bias.abs() < 0.06 && libm::sqrt(square) < 0.16, "{n}: {bias} {}", libm::sqrt(square));
        }
    }

    #[test]
    fn it_is_as_small_as_it_should_be() {
        assert_eq!(size_of::<Distinct>(), 72);
    }

    #[test]
    fn a_hash_without_bits_fits() {
        let mut distinct = Distinct::default();
        distinct.add(0);
        assert_eq!((distinct.register(0), distinct.estimate()), (59, 1));
    }

    proptest! {
        #[test]
        fn the_order_leaves_no_trace(numbers in proptest::collection::vec(0u64..40, 0..60), cut in 0usize..60) {
            let forward = of(numbers.iter().copied());
            prop_assert_eq!(forward, of(numbers.iter().rev().copied()));
            let cut = cut.min(numbers.len());
            let (one, other) = numbers.split_at(cut);
            let mut merged = of(other.iter().copied());
            merged.merge(&of(one.iter().copied()));
            prop_assert_eq!(forward, merged);
            let all: Vec<u64> = numbers.iter().chain(&numbers).copied().collect();
            prop_assert_eq!(forward, of(all));
        }
    }
}

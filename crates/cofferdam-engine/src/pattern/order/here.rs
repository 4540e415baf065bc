//! Which of ten thousand numbers are there, a bit each: asked a thousand times for one order. Called by
//! the order of numbers alone.

use super::Sorted;

/// Words for all numbers.
const WORDS: usize = 157;

#[derive(Debug)]
pub(super) struct Here([u64; WORDS]);

impl Here {
    /// None that is ten thousand or more is there.
    pub fn of(numbers: impl Iterator<Item = u16>) -> Self {
        let mut words = [0; WORDS];
        for n in numbers.filter(|n| *n < 10_000) {
            if let Some(word) = words.get_mut(usize::from(n / 64)) {
                *word |= 1 << (n % 64);
            }
        }
        Self(words)
    }

    /// All of them, ascending.
    pub fn sorted(&self) -> Sorted {
        let mut sorted = Sorted::new();
        for (at, word) in (0u16..).zip(self.0) {
            let mut left = word;
            while left != 0 {
                let _ = sorted.try_push(at * 64 + left.trailing_zeros() as u16);
                left &= left - 1;
            }
        }
        sorted
    }

    #[inline]
    pub fn has(&self, n: u16) -> bool {
        self.0.get(usize::from(n / 64)).is_some_and(|word| word >> (n % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_list(mut numbers in proptest::collection::vec(0u16..12_000, 0..32), n in 0u16..20_000) {
            let here = Here::of(numbers.iter().copied());
            numbers.retain(|n| *n < 10_000);
            prop_assert_eq!(here.has(n), numbers.contains(&n));
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(here.sorted().to_vec(), numbers);
        }
    }
}

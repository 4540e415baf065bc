//! Who came before: a small and forgetful notebook of keys that have no record yet.
//!
//! A key that is marked doubtful gets a record at its second touch, so those that come once, which a
//! flood is made of, take no room. Two pages take turns: when one is full the other is wiped, so a
//! second touch counts if it comes within about a page's worth of strangers. A key may be taken for
//! another that came before, about once in a hundred times, and then has its record one touch early.
//! Nothing of it is saved. Called by the table alone.

use alloc::vec::Vec;

/// Words of a page, at most: 64 KiB.
const WORDS_MAX: usize = 8192;
/// Keys that a page takes for each of its words: at three bits each, a sixth of its bits are set.
const KEYS_A_WORD: usize = 4;

#[derive(Debug)]
pub(super) struct Door {
    fresh: Vec<u64>,
    older: Vec<u64>,
    words: usize,
    noted: usize,
}

impl Door {
    /// Nothing is set aside before somebody comes.
    pub fn new(keys_max: usize) -> Self {
        let words = (keys_max / 16).clamp(16, WORDS_MAX);
        Self { fresh: Vec::new(), older: Vec::new(), words, noted: 0 }
    }

    pub fn bytes(&self) -> usize {
        (self.fresh.capacity() + self.older.capacity()) * size_of::<u64>()
    }

    /// Whether a key came before; it is noted now.
    pub fn knows(&mut self, key: u64) -> bool {
        if self.fresh.is_empty() {
            self.fresh.resize(self.words, 0);
            self.older.resize(self.words, 0);
        }
        let stirred = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let stirred = (stirred ^ (stirred >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let at = (((stirred >> 32) * self.words as u64) >> 32) as usize;
        let bits = 1 << (stirred & 63) | 1 << (stirred >> 6 & 63) | 1 << (stirred >> 12 & 63);
        let (Some(fresh), Some(older)) = (self.fresh.get_mut(at), self.older.get(at)) else { return true };
        if *fresh & bits == bits || older & bits == bits {
            return true;
        }
        *fresh |= bits;
        self.noted += 1;
        if self.noted >= self.words * KEYS_A_WORD {
            core::mem::swap(&mut self.fresh, &mut self.older);
            self.fresh.fill(0);
            self.noted = 0;
        }
        false
    }
}

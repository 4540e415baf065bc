//! Which keys may have a block: most scopes of most attempts have none, and a look at one word says so. It may
//! say yes of a key that has none, never no of one that has. Kept by the blocks alone.

const WORDS: usize = 256;

/// A bit for each run of keys.
#[derive(Debug, Clone)]
pub(super) struct Marks([u64; WORDS]);

impl Default for Marks {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

/// Two of the same blocks may remember others that went.
impl PartialEq for Marks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Marks {
    /// What was read from elsewhere is not known: any key may have one.
    pub fn any() -> Self {
        Self([u64::MAX; WORDS])
    }

    /// Marks a key, whose bits are as good as random.
    pub fn mark(&mut self, key: u64) {
        if let Some(word) = self.0.get_mut((key >> 56) as usize % WORDS) {
            *word |= 1 << (key >> 50 & 63);
        }
    }

    /// Whether it may have a block.
    #[inline]
    pub fn may(&self, key: u64) -> bool {
        self.0.get((key >> 56) as usize % WORDS).is_none_or(|word| word >> (key >> 50 & 63) & 1 == 1)
    }
}

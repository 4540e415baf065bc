//! The last numbers of a run of ten thousand, by their last four digits: enough to see an order in
//! them. Newest by time, so that the order of writing does not matter.

/// So many are kept.
pub const RECENT: usize = 32;

/// The newest numbers of a run, oldest first: time and last four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentRecord {
    pub(super) entries: [(u32, u16); RECENT],
    pub(super) len: u8,
}

impl Default for RecentRecord {
    fn default() -> Self {
        Self::NONE
    }
}

impl RecentRecord {
    /// None yet.
    pub const NONE: Self = Self { entries: [(0, 0); RECENT], len: 0 };

    /// Adds a number; the oldest makes room. What is no four digits is of an attempt whose number is not known
    /// any more, and is left out.
    pub fn add(&mut self, at_s: u32, last4: u16) {
        if last4 > 9_999 {
            return;
        }
        let entry = (at_s, last4);
        let len = usize::from(self.len);
        let at = self.entries.iter().take(len).position(|known| *known >= entry).unwrap_or(len);
        if self.entries.get(at) == Some(&entry) && at < len {
            return;
        }
        if len < RECENT {
            self.entries.get_mut(at..=len).into_iter().for_each(|tail| tail.rotate_right(1));
            if let Some(place) = self.entries.get_mut(at) {
                *place = entry;
            }
            self.len += 1;
        } else if let Some(before) = at.checked_sub(1) {
            self.entries.get_mut(..=before).into_iter().for_each(|head| head.rotate_left(1));
            if let Some(place) = self.entries.get_mut(before) {
                *place = entry;
            }
        }
    }

    /// Those not older than `since_s`.
    pub fn since(&self, since_s: u32) -> impl Iterator<Item = u16> + '_ {
        let entries = self.entries.iter().take(usize::from(self.len));
        entries.filter(move |(at_s, _)| *at_s >= since_s).map(|(_, last4)| *last4)
    }

    /// Something of each cache line but the first, so that memory brings them all together.
    #[inline]
    pub(super) fn far_ends(&self) -> u8 {
        let [_, _, _, _, _, _, _, second, _, _, _, _, _, _, _, third, ..] = &self.entries;
        let [.., fourth, _, _, _, _, _, _, _, _] = &self.entries;
        (second.0 ^ third.0 ^ fourth.0) as u8 ^ self.len
    }

    /// When the newest was added.
    pub fn newest_s(&self) -> u32 {
        self.entries.get(usize::from(self.len).saturating_sub(1)).map_or(0, |(at_s, _)| *at_s)
    }

    /// Words of a saved record.
    pub const WORDS: usize = 1 + RECENT * 2;

    /// Its figures as words, for saving.
    pub fn words(&self) -> impl Iterator<Item = u32> + '_ {
        let entries = self.entries.iter().flat_map(|(at_s, last4)| [*at_s, u32::from(*last4)]);
        core::iter::once(u32::from(self.len)).chain(entries)
    }

    /// Reads what [`RecentRecord::words`] gave.
    pub fn from_words(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let len = u8::try_from(words.next()?).ok().filter(|len| usize::from(*len) <= RECENT)?;
        let mut record = Self { len, ..Self::default() };
        for entry in &mut record.entries {
            *entry = (words.next()?, u16::try_from(words.next()?).ok()?);
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_whatever_the_order() {
        let mut forwards = RecentRecord::default();
        let mut backwards = RecentRecord::default();
        for n in 0..50u16 {
            forwards.add(u32::from(n) / 3, n);
        }
        for n in (0..50u16).rev() {
            backwards.add(u32::from(n) / 3, n);
        }
        assert_eq!(forwards, backwards);
        let kept: alloc::vec::Vec<u16> = forwards.since(0).collect();
        assert_eq!(kept, (18..50).collect::<alloc::vec::Vec<_>>());
    }
}

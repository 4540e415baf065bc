//! The attempts that outcomes may still come for: a ring in the order of time, and an index by identifier.
//!
//! An identifier is kept as 64 bits: of four million attempts, two share them once in two million streams.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// What may be told of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing(u8);

impl Standing {
    pub(super) const NONE: Self = Self(0);
    /// A message went out.
    pub(super) const SENT: Self = Self(1);
    /// A challenge was asked for and nothing heard yet.
    pub(super) const WAITING: Self = Self(2);
    /// Its delivery was told.
    pub(super) const DELIVERY_TOLD: Self = Self(4);
    /// The right code was entered.
    pub(super) const CONVERTED: Self = Self(8);

    /// What became of its challenge was told, or withheld where none was asked for. The two flags
    /// between are the withheld ones of the two above.
    pub(super) const CHALLENGE_TOLD: Self = Self(64);

    /// The flag for the same, withheld.
    pub(super) fn hidden(self) -> Self {
        Self(self.0 << 2)
    }

    pub(super) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(super) fn add(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    pub(super) fn drop(&mut self, flag: Self) {
        self.0 &= !flag.0;
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry<N> {
    name: u64,
    at_ms: i64,
    note: N,
    standing: Standing,
    /// Another attempt took its name.
    dead: bool,
}

/// Bounded, oldest out first.
#[derive(Debug)]
pub(super) struct Ledger<N> {
    /// In the order they came.
    ring: VecDeque<Entry<N>>,
    /// Their turns (which may wrap around), by name.
    index: HashTable<u32>,
    /// The turn of the ring's first.
    first: u32,
    most: usize,
}

impl<N: Copy> Ledger<N> {
    pub(super) fn new(most: usize) -> Self {
        Self { ring: VecDeque::new(), index: HashTable::new(), first: 0, most }
    }

    /// Remembers an attempt; whether one of its name is taken over.
    pub(super) fn insert(&mut self, id: &str, at_ms: i64, standing: Standing, note: N) -> bool {
        self.put(name(id), at_ms, standing, note)
    }

    fn put(&mut self, name: u64, at_ms: i64, standing: Standing, note: N) -> bool {
        let again = self.bury(name);
        if self.ring.len() == self.most {
            self.pop();
        }
        let turn = self.first.wrapping_add(self.ring.len() as u32);
        self.ring.push_back(Entry { name, at_ms, note, standing, dead: false });
        let (ring, first) = (&self.ring, self.first);
        let hash = |turn: &u32| ring.get(turn.wrapping_sub(first) as usize).map_or(0, |entry| entry.name);
        self.index.insert_unique(name, turn, hash);
        again
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<(&mut Standing, &N)> {
        let name = name(id);
        let (ring, first) = (&self.ring, self.first);
        let is =
            |turn: &u32| ring.get(turn.wrapping_sub(first) as usize).is_some_and(|entry| entry.name == name);
        let turn = *self.index.find(name, is)?;
        let entry = self.ring.get_mut(turn.wrapping_sub(first) as usize)?;
        Some((&mut entry.standing, &entry.note))
    }

    /// Forgets what is older.
    pub(super) fn forget(&mut self, before_ms: i64) {
        while self.ring.front().is_some_and(|entry| entry.at_ms < before_ms) {
            self.pop();
        }
    }

    /// All that is remembered, without notes: 17 bytes an attempt.
    pub(super) fn save(&self, bytes: &mut Vec<u8>) {
        for entry in self.ring.iter().filter(|entry| !entry.dead) {
            bytes.extend_from_slice(&entry.name.to_le_bytes());
            bytes.extend_from_slice(&entry.at_ms.to_le_bytes());
            bytes.push(entry.standing.0);
        }
    }

    /// What was saved, with a note for all of them; `None` if it is no such thing.
    pub(super) fn restore(bytes: &[u8], most: usize, note: N) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<17>();
        if !rest.is_empty() || entries.len() > most {
            return None;
        }
        let mut ledger = Self::new(most);
        for entry in entries {
            let (name, rest) = entry.split_first_chunk::<8>()?;
            let (at_ms, rest) = rest.split_first_chunk::<8>()?;
            let standing = Standing(*rest.first()?);
            ledger.put(u64::from_le_bytes(*name), i64::from_le_bytes(*at_ms), standing, note);
        }
        Some(ledger)
    }

    fn pop(&mut self) {
        let turn = self.first;
        if let Some(entry) = self.ring.pop_front() {
            self.first = turn.wrapping_add(1);
            if let (false, Ok(found)) =
                (entry.dead, self.index.find_entry(entry.name, |other| *other == turn))
            {
                found.remove();
            }
        }
    }

    fn bury(&mut self, name: u64) -> bool {
        let (ring, first) = (&mut self.ring, self.first);
        let is =
            |turn: &u32| ring.get(turn.wrapping_sub(first) as usize).is_some_and(|entry| entry.name == name);
        let Ok(found) = self.index.find_entry(name, is) else { return false };
        let (turn, _) = found.remove();
        if let Some(entry) = ring.get_mut(turn.wrapping_sub(first) as usize) {
            entry.dead = true;
        }
        true
    }
}

/// 64 bits of an identifier: eight bytes at a time, folded by a wide multiplication.
fn name(id: &str) -> u64 {
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        (wide as u64) ^ ((wide >> 64) as u64)
    };
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ id.len() as u64;
    for chunk in id.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(chunk) {
            *to = *from;
        }
        state = fold(state ^ u64::from_le_bytes(bytes), 0xD6E8_FEB8_6659_FD93) ^ 0xA076_1D64_78BD_642F;
    }
    fold(state, 0xE703_7ED1_A0B4_28DB)
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Standing};
    use alloc::{collections::VecDeque, format};

    /// Against the plainest thing that does the same.
    #[test]
    fn a_ring_remembers_the_newest_and_no_more() {
        let mut ledger = Ledger::new(50);
        let mut plain: VecDeque<(u32, i64)> = VecDeque::new();
        let mut dice = crate::Dice::new(7);
        let mut now = 0;
        for round in 0..20_000_u32 {
            now += (dice.roll() % 40) as i64;
            let before = now - 600;
            ledger.forget(before);
            plain.retain(|(_, at)| *at >= before);
            // One in five names comes again.
            let id = if round % 5 == 0 { round.saturating_sub((dice.roll() % 60) as u32) } else { round };
            let again = plain.iter().any(|(known, _)| *known == id);
            assert_eq!(ledger.insert(&format!("a{id}"), now, Standing::SENT, id), again, "{round}");
            for (known, _) in plain.iter_mut().filter(|(known, _)| *known == id) {
                *known = u32::MAX; // its place stays taken
            }
            if plain.len() == 50 {
                plain.pop_front();
            }
            plain.push_back((id, now));
            let asked = round.saturating_sub((dice.roll() % 80) as u32);
            let is = ledger.get_mut(&format!("a{asked}")).map(|(_, note)| *note);
            assert_eq!(
                is,
                plain.iter().find(|(known, _)| *known == asked).map(|(known, _)| *known),
                "{round}"
            );
            assert!(ledger.ring.len() <= 50);
        }
    }
}

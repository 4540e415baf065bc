//! Cells that newcomers share once a table is at its ceiling: two for each key, chosen by two halves
//! of it. Each cell holds all of a key's counts and those of others, so the lighter of the two is
//! nearer to the truth and never below it. Called by the table alone.

use super::Record;
use alloc::{boxed::Box, vec, vec::Vec};

/// Cells that are set aside together: few enough to be made while somebody waits.
const CHUNK: usize = 64;

#[derive(Debug)]
pub(super) struct Crowd<R> {
    cells: usize,
    chunks: Vec<Option<Box<[R]>>>,
}

impl<R: Record> Crowd<R> {
    pub fn new(cells: usize) -> Self {
        Self {
            cells: if R::SHARED { cells.next_multiple_of(CHUNK).max(CHUNK) } else { 0 },
            chunks: Vec::new(),
        }
    }

    pub fn in_use(&self) -> bool {
        !self.chunks.is_empty()
    }

    pub fn bytes(&self) -> usize {
        let used = self.chunks.iter().flatten().count();
        used * CHUNK * size_of::<R>() + self.chunks.capacity() * size_of::<Option<Box<[R]>>>()
    }

    /// The two cells of a key.
    pub fn places(&self, key: u64) -> (usize, usize) {
        let cells = self.cells.max(1) as u64;
        // The upper half led to this table's segment and the lower to its shard: stir both.
        let stirred = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let first = (stirred >> 32) % cells;
        let second = (stirred.rotate_left(23).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) % cells;
        (first as usize, second as usize)
    }

    /// The two cells of a key, the lighter one last.
    pub fn ordered(&self, key: u64) -> (usize, usize) {
        let (a, b) = self.places(key);
        let weight = |at| self.peek(at).map_or(0, |cell| cell.weight());
        if weight(a) < weight(b) { (b, a) } else { (a, b) }
    }

    /// A cell, made if need be.
    pub fn cell(&mut self, at: usize) -> Option<&mut R> {
        if self.chunks.is_empty() {
            self.chunks.resize_with(self.cells / CHUNK, || None);
        }
        let chunk = self.chunks.get_mut(at / CHUNK)?;
        let chunk = chunk.get_or_insert_with(|| vec![R::default(); CHUNK].into_boxed_slice());
        chunk.get_mut(at % CHUNK)
    }

    fn peek(&self, at: usize) -> Option<R> {
        self.chunks.get(at / CHUNK)?.as_ref()?.get(at % CHUNK).copied()
    }

    /// The lighter of a key's two cells; `None` if it cannot have been counted here.
    pub fn lighter(&self, key: u64) -> Option<R> {
        if !self.in_use() {
            return None;
        }
        let (a, b) = self.places(key);
        let (a, b) = (self.peek(a)?, self.peek(b)?);
        Some(if b.weight() < a.weight() { b } else { a })
    }

    /// The cells of a chunk that hold anything, with their places.
    pub fn chunk(&self, at: usize) -> impl Iterator<Item = (usize, R)> + '_ {
        let chunk = self.chunks.get(at).and_then(Option::as_ref);
        chunk
            .into_iter()
            .flat_map(move |chunk| chunk.iter().copied().enumerate().map(move |(i, r)| (at * CHUNK + i, r)))
    }

    pub fn chunks(&self) -> usize {
        self.chunks.len()
    }
}

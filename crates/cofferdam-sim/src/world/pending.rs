//! What will happen, by time; equal times in the order in which they were put in.

use crate::story::Planned;
use crate::stream::OutcomeEvent;
use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use core::cmp::{Ordering, Reverse};

pub(super) enum Item {
    Attempt(Box<Planned>),
    Outcome(OutcomeEvent),
}

struct Pending {
    at_ms: i64,
    order: u64,
    item: Item,
}

#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Pending>>,
    order: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at_ms: i64, item: Item) {
        self.order += 1;
        self.heap.push(Reverse(Pending { at_ms, order: self.order, item }));
    }

    pub(super) fn next_at_ms(&self) -> Option<i64> {
        self.heap.peek().map(|next| next.0.at_ms)
    }

    pub(super) fn pop(&mut self) -> Option<(i64, Item)> {
        self.heap.pop().map(|next| (next.0.at_ms, next.0.item))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_ms, self.order).cmp(&(other.at_ms, other.order))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pending {}

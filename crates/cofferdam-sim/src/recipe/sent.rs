//! What was let pass, so that an outcome finds what it belongs to.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};

/// How long an outcome is waited for, and how many attempts are held at most.
const WAIT_MS: i64 = 24 * 3_600_000;
const HELD_MAX: usize = 200_000;

/// Attempts that were let pass or challenged, by identifier.
#[derive(Debug, Clone)]
pub(super) struct Sent<T> {
    held: BTreeMap<String, T>,
    order: VecDeque<(i64, String)>,
}

impl<T> Default for Sent<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Sent<T> {
    pub(super) fn new() -> Self {
        Self { held: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn keep(&mut self, id: &str, at_ms: i64, what: T) {
        self.held.insert(id.to_string(), what);
        self.order.push_back((at_ms, id.to_string()));
        while self
            .order
            .front()
            .is_some_and(|(kept_ms, _)| *kept_ms < at_ms - WAIT_MS || self.order.len() > HELD_MAX)
        {
            if let Some((_, id)) = self.order.pop_front() {
                self.held.remove(&id);
            }
        }
    }

    /// What an outcome belongs to.
    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.held.get(id)
    }

    /// The same, for the last time: after the right code nothing follows.
    pub(super) fn take(&mut self, id: &str) -> Option<T> {
        self.held.remove(id)
    }
}

//! Sliding windows: so many in such a time for each key, refused ones not counted.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many keys are remembered at most; the oldest half leaves when there are more.
const KEYS_MAX: usize = 100_000;

/// The times of each key's passes within the window, the oldest first, never more than the limit.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    window_ms: i64,
    limit: usize,
    keys: BTreeMap<String, VecDeque<i64>>,
}

impl Windows {
    pub(super) fn new(limit: usize, window_ms: i64) -> Self {
        Self { window_ms, limit, keys: BTreeMap::new() }
    }

    /// Counts one and says yes, if there is still room for the key.
    pub(super) fn take(&mut self, key: &str, at_ms: i64) -> bool {
        if self.keys.len() > KEYS_MAX {
            self.forget(at_ms);
        }
        let times = match self.keys.get_mut(key) {
            Some(times) => times,
            None => self.keys.entry(key.to_string()).or_default(),
        };
        while times.front().is_some_and(|first| *first <= at_ms - self.window_ms) {
            times.pop_front();
        }
        let room = times.len() < self.limit;
        if room {
            times.push_back(at_ms);
        }
        room
    }

    /// Keys that are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    fn forget(&mut self, at_ms: i64) {
        let window = self.window_ms;
        let newest = |times: &VecDeque<i64>| times.back().copied().unwrap_or(i64::MIN);
        self.keys.retain(|_, times| newest(times) > at_ms - window);
        if self.keys.len() > KEYS_MAX / 2 {
            let mut all: Vec<i64> = self.keys.values().map(newest).collect();
            all.sort_unstable();
            let middle = all.get(all.len() / 2).copied().unwrap_or(at_ms);
            self.keys.retain(|_, times| newest(times) > middle);
        }
    }
}

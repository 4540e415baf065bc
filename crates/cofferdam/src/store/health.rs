//! How the parts of a store are, and since when: what `/readyz`, `/v1/status` and the metrics tell.
//!
//! Filled by whoever asks the parts (a job, each second); it asks nothing by itself and decides nothing.

use std::sync::{Mutex, PoisonError};

/// A part that may be away while the others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Evidence and limits to a bucket: without them attempts are judged blind.
    Tallies,
    /// What must not be lost: without them nothing is sent.
    Records,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Tallies, Self::Records];

    /// As labels and answers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tallies => "tallies",
            Self::Records => "records",
        }
    }
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// It answers.
    pub ok: bool,
    /// Since when it does, or does not, in Unix milliseconds: as far back as this process knows.
    pub since_ms: i64,
}

/// How all parts are. They count as well until somebody found otherwise.
#[derive(Debug)]
pub struct Health(Mutex<[State; 2]>);

impl Health {
    /// Well since this moment.
    pub fn since(now_ms: i64) -> Self {
        Self(Mutex::new([State { ok: true, since_ms: now_ms }; 2]))
    }

    /// A part was asked. Whether it changed by that.
    pub fn found(&self, part: Part, ok: bool, at_ms: i64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = all.get(part as usize).is_some_and(|known| known.ok != ok);
        if changed && let Some(known) = all.get_mut(part as usize) {
            *known = State { ok, since_ms: at_ms };
        }
        changed
    }

    /// How a part is.
    pub fn of(&self, part: Part) -> State {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(part as usize).copied().unwrap_or(State { ok: false, since_ms: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_with_the_moment_it_changed() {
        let health = Health::since(1_000);
        assert!(!health.found(Part::Tallies, true, 2_000), "nothing new");
        assert!(health.found(Part::Tallies, false, 3_000));
        assert!(!health.found(Part::Tallies, false, 4_000));
        assert_eq!(health.of(Part::Tallies), State { ok: false, since_ms: 3_000 });
        assert_eq!(health.of(Part::Records), State { ok: true, since_ms: 1_000 });
        assert!(health.found(Part::Tallies, true, 5_000));
        assert_eq!(health.of(Part::Tallies), State { ok: true, since_ms: 5_000 });
    }
}

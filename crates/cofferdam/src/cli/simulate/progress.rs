//! A bar on standard error, where a person looks: the shares of all runs that are over, added up.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of a run that are told apart.
pub const PARTS: u64 = 100;

/// How far all runs came.
pub struct Progress {
    whole: u64,
    done: AtomicU64,
    shown: AtomicU64,
    terminal: bool,
}

impl Progress {
    /// Of so many runs; drawn only where standard error is a terminal.
    pub fn of(runs: usize) -> Self {
        Self {
            whole: PARTS * runs.max(1) as u64,
            done: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Some more parts are over.
    pub fn add(&self, parts: u64) {
        let done = self.done.fetch_add(parts, Ordering::Relaxed) + parts;
        let hundredth = (done * 100 / self.whole).min(100);
        if !self.terminal || self.shown.swap(hundredth, Ordering::Relaxed) == hundredth {
            return;
        }
        let full = (hundredth / 4) as usize;
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(25 - full));
        let _ = write!(std::io::stderr(), "\r{bar} {hundredth:>3} %");
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

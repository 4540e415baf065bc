//! What a replay may know: a stream goes in, decisions come out, and the judge is told only what follows
//! from its own decisions.
//!
//! Outcomes of a blocked attempt, of a challenged one that was not passed, of an attempt that nobody saw,
//! and everything after a right code are withheld, and leave no trace: not even their time counts. Who calls
//! it may still be told what was withheld (a report says whom a policy would have stopped).
//!
//! It remembers each attempt for [`REMEMBERED_MS`] of event time and at most [`REMEMBERED`] of them, oldest
//! forgotten first; an outcome that comes later than that is withheld. An identifier that comes again is an
//! attempt of its own, and outcomes from then on are its.

use crate::judge::{Decided, Judge};
use crate::stream::{Became, Event};
use alloc::vec::Vec;
use cofferdam_engine::Decision;
use cofferdam_engine::outcome::CheckResult;

mod ledger;

use ledger::{Ledger, Standing};

/// How long an attempt's outcomes are waited for: a week.
pub const REMEMBERED_MS: i64 = 7 * 24 * 3600 * 1000;

/// How many attempts are remembered at most. Seven eighths of a power of two, so that the index is full when
/// they are: about 75 bytes each with a note of 24.
pub const REMEMBERED: usize = (1 << 22) / 8 * 7;

/// A judge and what it may know. `N` is a note that goes with each attempt for whoever keeps figures.
#[derive(Debug)]
pub struct Pipe<J, N = ()> {
    judge: J,
    ledger: Ledger<N>,
    newest_ms: i64,
}

/// What became of an event, and the note of the attempt that it is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Told<N = ()> {
    /// An attempt: it was decided. `again`: its identifier had been seen before.
    Decided {
        /// What was decided.
        decided: Decided,
        /// The identifier is not new.
        again: bool,
    },
    /// An outcome that the judge was shown.
    Shown(N),
    /// An outcome that would have been, had the attempt been sent; told once a kind.
    Withheld(N),
    /// An outcome of an attempt that nobody remembers, or one told before.
    Stray,
}

impl<N> Told<N> {
    /// What was decided, if it was an attempt.
    pub fn decided(self) -> Option<Decided> {
        match self {
            Self::Decided { decided, .. } => Some(decided),
            _ => None,
        }
    }
}

impl<J: Judge> Pipe<J> {
    /// The next event of the stream.
    pub fn push(&mut self, event: &Event) -> Told {
        self.push_noted(event, |_| ())
    }
}

impl<J: Judge, N: Copy> Pipe<J, N> {
    /// Before the first event.
    pub fn new(judge: J) -> Self {
        Self { judge, ledger: Ledger::new(REMEMBERED), newest_ms: i64::MIN }
    }

    /// Goes on where another one stopped, by what it saved; `None` if it is no such thing. The notes of
    /// attempts from before are the default one.
    pub fn restore(judge: J, bytes: &[u8]) -> Option<Self>
    where
        N: Default,
    {
        let (newest_ms, rest) = bytes.split_first_chunk::<8>()?;
        let ledger = Ledger::restore(rest, REMEMBERED, N::default())?;
        Some(Self { judge, ledger, newest_ms: i64::from_le_bytes(*newest_ms) })
    }

    /// What [`Pipe::restore`] takes: the time, and the attempts that outcomes may still come for. The
    /// judge saves itself.
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&self.newest_ms.to_le_bytes());
        self.ledger.save(&mut bytes);
        bytes
    }

    /// The judge as it stands.
    pub fn judge(&self) -> &J {
        &self.judge
    }

    /// The judge, when the stream has ended.
    pub fn into_judge(self) -> J {
        self.judge
    }

    /// When it is: the newest time of all that may be known.
    pub fn now_ms(&self) -> i64 {
        self.newest_ms
    }

    /// The next event, and what to note with it if it is an attempt that was decided so.
    pub fn push_noted(&mut self, event: &Event, note: impl FnOnce(Decision) -> N) -> Told<N> {
        match event {
            Event::Attempt(attempt) => {
                // Older than the newest: it happens now.
                self.newest_ms = self.newest_ms.max(attempt.at_ms);
                let decided = self.judge.decide(attempt, self.newest_ms);
                self.ledger.forget(self.newest_ms.saturating_sub(REMEMBERED_MS));
                let standing = Standing::decided(decided.decision);
                let note = note(decided.decision);
                let again = self.ledger.insert(&attempt.id, self.newest_ms, standing, note);
                Told::Decided { decided, again }
            }
            Event::Outcome(outcome) => {
                let Some((standing, note)) = self.ledger.get_mut(&outcome.attempt_id) else {
                    return Told::Stray;
                };
                let note = *note;
                match standing.admit(outcome.what) {
                    Admitted::Shown => {
                        self.newest_ms = self.newest_ms.max(outcome.at_ms);
                        self.judge.learn(&outcome.attempt_id, outcome.what, self.newest_ms);
                        Told::Shown(note)
                    }
                    Admitted::Withheld => Told::Withheld(note),
                    Admitted::Never => Told::Stray,
                }
            }
        }
    }
}

/// Whether an outcome may be known.
enum Admitted {
    /// The judge is shown it.
    Shown,
    /// It did not happen here.
    Withheld,
    /// It cannot have happened, or is told again.
    Never,
}

impl Standing {
    fn decided(decision: Decision) -> Self {
        match decision {
            Decision::Allow => Self::SENT,
            Decision::Challenge => Self::WAITING,
            Decision::Block => Self::NONE,
        }
    }

    fn admit(&mut self, what: Became) -> Admitted {
        match what {
            Became::Challenge { passed } => self.challenge(passed),
            Became::Delivery(_) => self.outcome(Self::DELIVERY_TOLD, true),
            Became::Check(result) => self.outcome(Self::CONVERTED, result == CheckResult::Ok),
        }
    }

    /// Counts only where one was asked for, and once.
    fn challenge(&mut self, passed: bool) -> Admitted {
        if self.has(Self::CHALLENGE_TOLD) {
            return Admitted::Never;
        }
        self.add(Self::CHALLENGE_TOLD);
        if !self.has(Self::WAITING) {
            return Admitted::Withheld;
        }
        self.drop(Self::WAITING);
        if passed {
            self.add(Self::SENT);
        }
        Admitted::Shown
    }

    /// An outcome of a message; `once` is the flag after which no more of its kind are told.
    fn outcome(&mut self, once: Self, last: bool) -> Admitted {
        if !self.has(Self::SENT) {
            // Withheld ones have flags of their own: what comes after a pass must not miss anything
            // because of what stood before it.
            let hidden = once.hidden();
            if self.has(hidden) {
                return Admitted::Never;
            }
            if last {
                self.add(hidden);
            }
            return Admitted::Withheld;
        }
        if self.has(once) {
            return Admitted::Never;
        }
        if last {
            self.add(once);
        }
        Admitted::Shown
    }
}

//! Counts and money of some part of a stream.

use cofferdam_engine::Decision;

/// Counts and money, in micros of the stream's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// All.
    pub attempts: u64,
    /// Sent at once.
    pub allowed: u64,
    /// Sent only if a challenge was passed.
    pub challenged: u64,
    /// Of those, passed.
    pub challenge_passed: u64,
    /// Of those, failed; the rest never answered.
    pub challenge_failed: u64,
    /// Not sent.
    pub blocked: u64,
    /// Sent, and the right code came back.
    pub converted: u64,
    /// Blocked, though the recording holds a right code.
    pub blocked_converted: u64,
    /// Challenged and not sent, though the recording holds a right code.
    pub challenged_converted: u64,
    /// What all attempts would have come to.
    pub would_micros: i64,
    /// What was sent came to.
    pub spent_micros: i64,
    /// What the blocked ones would have come to.
    pub blocked_micros: i64,
    /// When the first was blocked, and how many attempts had been sent until then.
    pub first_stop: Option<(i64, u64)>,
    pub(super) sent: u64,
}

impl Sums {
    pub(super) fn decided(&mut self, decision: Decision, price_micros: i64, at_ms: i64) {
        self.attempts += 1;
        self.would_micros = self.would_micros.saturating_add(price_micros);
        match decision {
            Decision::Allow => {
                self.allowed += 1;
                self.sent += 1;
                self.spent_micros = self.spent_micros.saturating_add(price_micros);
            }
            Decision::Challenge => self.challenged += 1,
            Decision::Block => {
                self.blocked += 1;
                self.blocked_micros = self.blocked_micros.saturating_add(price_micros);
                self.first_stop.get_or_insert((at_ms, self.sent));
            }
        }
    }

    pub(super) fn passed(&mut self, price_micros: i64) {
        self.challenge_passed += 1;
        self.sent += 1;
        self.spent_micros = self.spent_micros.saturating_add(price_micros);
    }

    /// What was not spent.
    pub fn saved_micros(&self) -> i64 {
        self.would_micros.saturating_sub(self.spent_micros)
    }

    /// The most saved first, then the most money, then the most attempts.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        core::cmp::Reverse((self.saved_micros(), self.would_micros, self.attempts))
    }

    /// Adds another part.
    pub(super) fn join(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.allowed += other.allowed;
        self.challenged += other.challenged;
        self.challenge_passed += other.challenge_passed;
        self.challenge_failed += other.challenge_failed;
        self.blocked += other.blocked;
        self.converted += other.converted;
        self.blocked_converted += other.blocked_converted;
        self.challenged_converted += other.challenged_converted;
        self.would_micros = self.would_micros.saturating_add(other.would_micros);
        self.spent_micros = self.spent_micros.saturating_add(other.spent_micros);
        self.blocked_micros = self.blocked_micros.saturating_add(other.blocked_micros);
        self.first_stop = match (self.first_stop, other.first_stop) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.sent += other.sent;
    }
}

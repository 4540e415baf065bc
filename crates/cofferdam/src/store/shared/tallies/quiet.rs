//! What becomes of messages in records that hardly anybody was counted in: kept back for minutes and merged, so that
//! such a record gets one addition where a message comes of age in four steps. It sends nothing.
//!
//! Most devices, users and addresses are seen once. Three newcomers accuse nobody, and whoever counts in such a record
//! once more has what he held back sent at once where that makes them more. So the others lack at most what became of
//! three messages a node, for as long as [`HOLD_S`]; this process itself lacks nothing.

use cofferdam_engine::evidence::{EvidenceChange, Field, Raised};
use std::collections::{HashMap, VecDeque};

/// What is kept back is sent after so long.
pub const HOLD_S: u32 = 240;
/// A record is quiet with so many newcomers.
pub const FEW: f64 = 3.5;
/// Records of which something is kept back: some 50 MB. Beyond, the oldest are sent.
const MOST: usize = 500_000;
const HOUR_S: u32 = 3_600;

/// What is kept back, in order of time.
#[derive(Debug, Default)]
pub struct Quiet {
    held: HashMap<u64, Held, foldhash::fast::FixedState>,
    order: VecDeque<(u32, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    change: EvidenceChange,
    until_s: u32,
}

impl Quiet {
    /// Whether a change may be kept back at all: that a message came of age.
    pub fn may_wait(change: &EvidenceChange) -> bool {
        matches!(change.what, Raised::Plain(Field::Matured, _))
    }

    /// Keeps a change back. Answers with what has to go now instead.
    pub fn hold(&mut self, change: EvidenceChange, now_s: u32) -> Option<EvidenceChange> {
        if let Some(held) = self.held.get_mut(&change.key) {
            let own = &mut held.change;
            if own.at_s / HOUR_S == change.at_s / HOUR_S && own.merge(&change) {
                return None;
            }
            // Sums are emptied at full hours: what belongs to another goes by itself.
            return Some(std::mem::replace(own, change));
        }
        let until_s = now_s.saturating_add(HOLD_S);
        self.order.push_back((until_s, change.key));
        self.held.insert(change.key, Held { change, until_s });
        if self.held.len() > MOST { self.due(u32::MAX) } else { None }
    }

    /// What is kept back for a record.
    pub fn held(&self, key: u64) -> Option<&EvidenceChange> {
        self.held.get(&key).map(|held| &held.change)
    }

    /// Gives out what is kept back for a record.
    pub fn release(&mut self, key: u64) -> Option<EvidenceChange> {
        self.held.remove(&key).map(|held| held.change)
    }

    /// Gives out, one after another, what was kept back until this moment, the oldest first.
    pub fn due(&mut self, now_s: u32) -> Option<EvidenceChange> {
        while let Some((until_s, key)) = self.order.front().copied().filter(|(until_s, _)| *until_s <= now_s)
        {
            self.order.pop_front();
            // Given out before, or given out and kept back anew.
            if self.held.get(&key).is_some_and(|held| held.until_s == until_s) {
                return self.release(key);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(key: u64, at_s: u32) -> EvidenceChange {
        EvidenceChange { key, at_s, what: Raised::Plain(Field::Matured, [16; 3]) }
    }

    #[test]
    fn steps_are_one_addition_and_go_after_their_time() {
        let mut quiet = Quiet::default();
        assert!(
            [25, 75, 240]
                .map(|after_s| quiet.hold(step(1, 7_200), 7_200 + after_s))
                .iter()
                .all(Option::is_none)
        );
        let whole = EvidenceChange { what: Raised::Plain(Field::Matured, [48; 3]), ..step(1, 7_200) };
        assert_eq!(quiet.held(1), Some(&whole));
        assert_eq!(quiet.due(7_225 + HOLD_S - 1), None);
        assert_eq!(quiet.due(7_225 + HOLD_S), Some(whole));
        assert_eq!((quiet.due(u32::MAX), quiet.held(1)), (None, None));
    }

    #[test]
    fn another_hour_is_another_addition() {
        let mut quiet = Quiet::default();
        quiet.hold(step(1, 7_199), 7_224);
        assert_eq!(quiet.hold(step(1, 7_200), 7_225), Some(step(1, 7_199)));
        assert_eq!(quiet.held(1), Some(&step(1, 7_200)));
    }

    #[test]
    fn what_was_given_out_and_kept_back_anew_waits_its_own_time() {
        let mut quiet = Quiet::default();
        quiet.hold(step(1, 7_200), 7_225);
        assert_eq!(quiet.release(1), Some(step(1, 7_200)));
        quiet.hold(step(1, 7_200), 7_300);
        assert_eq!(quiet.due(7_225 + HOLD_S), None);
        assert_eq!(quiet.due(7_300 + HOLD_S), Some(step(1, 7_200)));
    }

    #[test]
    fn what_does_not_fit_goes_the_oldest_first() {
        let mut quiet = Quiet::default();
        for key in 0..MOST as u64 {
            assert_eq!(quiet.hold(step(key, 7_200), 7_225), None);
        }
        assert_eq!(quiet.hold(step(u64::MAX, 7_200), 7_225), Some(step(0, 7_200)));
        assert_eq!(quiet.held.len(), MOST);
    }
}

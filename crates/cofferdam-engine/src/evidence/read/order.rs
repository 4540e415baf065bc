//! The order among the last numbers of a run, worked out again when some of them are new rather than for each
//! attempt: it takes longer than all else that is read, and one number more seldom changes what it says.
//! Called by the reader alone.

use crate::evidence::recent::{RECENT, RecentRecord};
use arrayvec::ArrayVec;
use hashbrown::HashMap;

/// Older numbers are left out.
const SINCE_S: u32 = 2 * 86_400;
/// Fewer are in no order.
const LEAST: usize = 5;
/// It is worked out again when one in so many of the numbers is new,
const PART: usize = 6;
/// or when any is, while they are fewer than this.
const FEW: usize = 16;
/// What was worked out so long ago is worked out again: numbers fall out as they grow old.
const KEPT_S: u32 = 3_600;
/// So many runs are remembered; then all are worked out again.
const RUNS_MAX: usize = 1 << 14;

/// What the numbers of some runs said lately.
#[derive(Debug, Default)]
pub(super) struct Orders(HashMap<u64, Ordered, foldhash::fast::FixedState>);

/// What the numbers of one run said.
#[derive(Debug, Clone, Copy)]
struct Ordered {
    at_s: u32,
    /// When the newest of them was asked for, and how many were from then on.
    newest_s: u32,
    newest: u8,
    /// In nats, and the step.
    said: Option<(f32, u16)>,
}

impl Orders {
    /// Whether the last numbers of a run follow an order: how much likelier they are then, in nats, and the
    /// step.
    pub fn of(&mut self, key: u64, recent: &RecentRecord, at_s: u32) -> Option<(f32, u16)> {
        let from_s = at_s.saturating_sub(SINCE_S);
        if let Some(known) = self.0.get(&key)
            && at_s.abs_diff(known.at_s) < KEPT_S
            && recent.newest_s() >= known.newest_s
        {
            // Those of the same second may have made room already.
            let after = recent.since(known.newest_s.saturating_add(1)).count();
            let beside = recent.since(known.newest_s).count().saturating_sub(after);
            let new = after + beside.saturating_sub(usize::from(known.newest));
            let all = recent.since(0).count();
            if new == 0 || (all >= FEW && PART * new < all) {
                return known.said;
            }
        }
        let numbers: ArrayVec<u16, RECENT> = recent.since(from_s).collect();
        let said = (numbers.len() >= LEAST).then(|| {
            let order = crate::pattern::order::order(&numbers);
            (order.nats as f32, order.step.unwrap_or(0))
        });
        if self.0.len() >= RUNS_MAX && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let newest_s = recent.newest_s();
        let newest = recent.since(newest_s).count() as u8;
        self.0.insert(key, Ordered { at_s, newest_s, newest, said });
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u32 = 1_790_000_000;

    fn honest(n: u16) -> u16 {
        (u32::from(n) * 7_919 % 9_973) as u16
    }

    #[test]
    fn few_numbers_are_looked_at_each_time_and_many_when_some_are_new() {
        let (mut orders, mut recent, mut changed) = (Orders::default(), RecentRecord::NONE, 0);
        let mut last = None;
        for n in 0..64u16 {
            let at_s = NOW_S + u32::from(n);
            // Honest numbers first, then ever more that are counted up.
            recent.add(at_s, if n < 32 { honest(n) } else { 4_000 + 3 * n });
            let said = orders.of(1, &recent, at_s);
            let numbers: ArrayVec<u16, RECENT> = recent.since(0).collect();
            if n < 10 {
                let fresh = crate::pattern::order::order(&numbers).nats as f32;
                assert_eq!(said.map(|(nats, _)| nats), (n >= 4).then_some(fresh), "{n}");
            }
            changed += usize::from(n >= 32 && orders.0.get(&1).is_some_and(|known| known.at_s == at_s));
            last = said;
        }
        assert!((5..=8).contains(&changed), "{changed}");
        let (nats, step) = last.unwrap();
        assert!(nats > 2.0 && step == 3, "{nats} {step}");
    }

    #[test]
    fn many_of_one_second_and_what_grows_old_are_noticed() {
        let (mut orders, mut recent) = (Orders::default(), RecentRecord::NONE);
        (0..32).for_each(|n| recent.add(NOW_S, honest(n)));
        let before = orders.of(1, &recent, NOW_S);
        (0..32u16).for_each(|n| recent.add(NOW_S + 1, 500 + 3 * n));
        assert_ne!(orders.of(1, &recent, NOW_S + 1), before);
        assert!(orders.of(1, &recent, NOW_S + 3 * 86_400).is_none());
    }

    #[test]
    fn as_many_runs_as_somebody_likes_fill_no_memory() {
        let mut orders = Orders::default();
        for key in 0..3 * RUNS_MAX as u64 {
            orders.of(key, &RecentRecord::NONE, NOW_S);
            assert!(orders.0.len() <= RUNS_MAX);
        }
    }
}

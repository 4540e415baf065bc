//! Rings against an exact list of times.

use cofferdam_engine::limit::WINDOWS;
use cofferdam_engine::tally::{BUCKETS, LimitRecord, Ring, width_of};
use proptest::prelude::*;

const WINDOWS_S: [u32; WINDOWS] = [60, 600, 3600];
const START: u32 = 1_795_261_200;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A ring sees all that an exact window sees, and nothing that is older than the window, its
    /// rounding to six buckets, and one bucket.
    #[test]
    fn errs_by_at_most_a_bucket_on_the_strict_side(
        window_s in 10u32..5000,
        mut times in proptest::collection::vec(0u32..20_000, 0..200),
        at in 0u32..20_000,
    ) {
        times.sort_unstable();
        let mut ring = Ring::serving(window_s);
        times.retain(|t| *t <= at);
        for t in &times {
            ring.add(START + t, 1);
        }
        let within = |span: u32| times.iter().filter(|t| at - **t < span).count() as u32;
        let (seen, _) = ring.read(START + at);
        let width_s = width_of(window_s);
        prop_assert!(seen >= within(window_s));
        prop_assert!(seen <= within(BUCKETS * width_s + width_s));
        prop_assert!(BUCKETS * width_s < window_s + BUCKETS);
    }

    /// If nothing more comes, the time that is told is when the count falls, and not before.
    #[test]
    fn frees_when_it_says(times in proptest::collection::vec(0u32..3000, 1..50)) {
        let mut ring = Ring::serving(600);
        let mut at = 0;
        for t in &times {
            at = at.max(*t);
            ring.add(START + t, 1);
        }
        let (seen, frees_in_s) = ring.read(START + at);
        prop_assert!(seen > 0 && frees_in_s > 0);
        prop_assert_eq!(ring.read(START + at + frees_in_s - 1).0, seen);
        prop_assert!(ring.read(START + at + frees_in_s).0 < seen);
    }

    /// Changes commute: machines write in any order, what is given back may come first.
    #[test]
    fn the_order_of_changes_does_not_matter(
        changes in proptest::collection::vec((0u32..5000, prop_oneof![Just(1i32), Just(-1), Just(3)]), 0..60),
        order in any::<u64>(),
    ) {
        let apply = |changes: &[(u32, i32)]| {
            let mut record = LimitRecord::default();
            for (at, by) in changes {
                record.add(START + at, &WINDOWS_S, *by);
            }
            record
        };
        let mut shuffled = changes.clone();
        let mut state = order | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let (a, b) = (apply(&changes), apply(&shuffled));
        for at in [0, 2500, 5000, 6000] {
            prop_assert_eq!(a.read(START + at, &WINDOWS_S), b.read(START + at, &WINDOWS_S));
        }
        prop_assert_eq!(a, b);
    }

    /// Asked for one after another with refusals given back, no window of the length ever holds more
    /// than the limit.
    #[test]
    fn a_limit_is_never_passed(gaps in proptest::collection::vec(0u32..40, 1..300), max in 1u32..8) {
        let mut record = LimitRecord::default();
        let (mut at, mut sent) = (START, Vec::new());
        for gap in gaps {
            at += gap;
            record.add(at, &WINDOWS_S, 1);
            if record.read(at, &WINDOWS_S)[0].seen > max {
                record.add(at, &WINDOWS_S, -1);
            } else {
                sent.push(at);
            }
        }
        for first in &sent {
            let within = sent.iter().filter(|t| *t >= first && **t - first < WINDOWS_S[0]).count();
            prop_assert!(within as u32 <= max);
        }
    }
}

#[test]
fn a_changed_window_begins_anew_and_the_others_stay() {
    let mut record = LimitRecord::default();
    record.add(START, &[60, 600, 0], 2);
    record.add(START, &[600, 7200, 0], 1);
    let seen = record.read(START, &[60, 600, 7200]);
    assert_eq!([seen[0].seen, seen[1].seen, seen[2].seen], [0, 3, 1]);
}

#[test]
fn two_windows_of_one_bucket_length_share_a_ring() {
    let mut record = LimitRecord::default();
    record.add(START, &[55, 60, 0], 1);
    let seen = record.read(START, &[55, 60, 0]);
    assert_eq!([seen[0].seen, seen[1].seen], [1, 1]);
}

#[test]
fn what_is_too_late_is_ignored_and_what_is_late_goes_where_it_belongs() {
    let mut ring = Ring::serving(60);
    ring.add(START + 100, 1);
    ring.add(START + 50, 1);
    ring.add(START, 1);
    assert_eq!(ring.read(START + 100).0, 2);
    assert_eq!(ring.read(START + 111).0, 2, "it stands in the bucket of its own time");
    assert_eq!(ring.read(START + 120).0, 1);
}

#[test]
fn a_clock_that_runs_behind_lets_no_more_through() {
    let mut ring = Ring::serving(60);
    ring.add(START + 30, 5);
    assert_eq!(ring.read(START).0, 5);
    assert!(!ring.at_rest(START));
}

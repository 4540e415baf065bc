use super::*;
use proptest::prelude::*;

proptest! {
    /// Against a list of the very moments: never fewer than stand in the window, and never more than
    /// stand in a window that is a sixtieth longer.
    #[test]
    fn a_window_is_never_passed_and_errs_by_a_sixtieth_at_most(
        window_s in 1_u32..100_000,
        mut moments in proptest::collection::vec(1_000_000_u32..1_200_000, 1..60),
    ) {
        moments.sort_unstable();
        let mut buckets = Buckets::default();
        for (n, at_s) in moments.iter().enumerate() {
            buckets.add([window_s, 0, window_s], *at_s);
            let within = |length: u32| moments.iter().take(n + 1).filter(|m| **m + length > *at_s).count() as u32;
            let seen = buckets.seen(window_s, *at_s);
            prop_assert!(seen >= within(window_s));
            prop_assert!(seen <= within(window_s + width_s(window_s)));
            buckets.tidy(*at_s);
            prop_assert_eq!(seen, buckets.seen(window_s, *at_s));
            prop_assert_eq!(read_buckets(&buckets.bytes()).unwrap(), buckets.0.clone());
        }
        let last = *moments.last().unwrap();
        let frees = buckets.frees_in_s(window_s, last, 1);
        prop_assert_eq!(buckets.seen(window_s, last + frees), 0);
        prop_assert!(buckets.seen(window_s, last + frees - 1) > 0);
    }

    #[test]
    fn what_is_given_back_was_never_there(window_s in 1_u32..100_000, at_s in 1_000_000_u32..2_000_000) {
        let mut buckets = Buckets::default();
        buckets.add([window_s], at_s - 1);
        let before = buckets.clone();
        let added = buckets.add([window_s, 7], at_s);
        buckets.take_back(&added);
        buckets.tidy(at_s);
        prop_assert_eq!(buckets.seen(window_s, at_s), before.seen(window_s, at_s));
    }
}

#[test]
fn a_clock_set_back_locks_nobody_out_and_a_caller_a_moment_behind_passes_nothing() {
    let mut buckets = Buckets::default();
    buckets.add([60], 10_000);
    assert_eq!(buckets.seen(60, 9_990), 1, "ten seconds behind: counted");
    assert_eq!(buckets.seen(60, 6_400), 0, "an hour behind: another clock");
}

#[test]
fn the_refusal_that_frees_last_is_told() {
    let mut buckets = Buckets::default();
    for at_s in [1_000, 1_001, 1_002] {
        buckets.add([10, 100], at_s);
    }
    let limits = [Limit { max: 2, window_s: 10 }, Limit { max: 3, window_s: 100 }];
    let (limit, seen, frees_in_s) = refusal(&buckets, &limits, 1_002).unwrap();
    assert_eq!((limit.window_s, seen), (100, 3));
    assert!(buckets.seen(100, 1_002 + frees_in_s) < 3);
    assert!(buckets.seen(100, 1_002 + frees_in_s - 1) >= 3);
    assert_eq!(refusal(&buckets, &[Limit { max: 4, window_s: 100 }], 1_002), None);
    assert_eq!(refusal(&Buckets::default(), &[Limit { max: 0, window_s: 100 }], 5).unwrap().2, 100);
}

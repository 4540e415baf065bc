//! Ready-made policies, limits as operators write them, and the union of windows.

use cofferdam_engine::limit::{Limit, LimitScope, Limits};
use cofferdam_engine::policy::{Level, Policy, WindowPlan};
use cofferdam_engine::threshold;

const LEVELS: [Level; 3] = [Level::Basic, Level::Standard, Level::Max];

fn limit(max: u32, window_s: u32) -> Limit {
    Limit { max, window_s }
}

#[test]
fn what_ships_passes_its_own_checks() {
    for level in LEVELS {
        let limits = Limits::builtin(level);
        limits.validate().expect("valid");
        WindowPlan::union([&limits]).expect("few windows");
        for off in [LimitScope::UserAgent, LimitScope::Prefix, LimitScope::Network, LimitScope::Country] {
            assert!(limits.of(off).is_empty(), "{off:?} is off until an operator sets it");
        }
        for on in [LimitScope::Number, LimitScope::NumberChecks, LimitScope::Device, LimitScope::Session] {
            assert!(!limits.of(on).is_empty(), "{on:?}");
        }
    }
    let windows = LEVELS.map(Limits::builtin);
    WindowPlan::union(&windows).expect("profiles of all levels fit one tenant");
}

#[test]
fn errors_name_the_field() {
    let number = |number: &[Limit]| Limits { number: number.to_vec(), ..Limits::default() };
    for (limits, field, text) in [
        (
            number(&[limit(0, 60)]),
            "limits.number[0].max",
            "`limits.number[0].max` must be at least 1; an empty list switches the limit off",
        ),
        (
            number(&[limit(5, 60), limit(9, 3_000_000)]),
            "limits.number[1].window_s",
            "`limits.number[1].window_s` must be from 10 to 2678400 seconds, not `3000000`",
        ),
        (
            number(&[limit(5, 600), limit(9, 60)]),
            "limits.number[1]",
            "`limits.number[1]` must have a longer window and a larger `max` than the one before it",
        ),
        (
            number(&[limit(1, 10), limit(2, 20), limit(3, 30), limit(4, 40)]),
            "limits.number",
            "`limits.number` has more than 3 entries",
        ),
    ] {
        let error = limits.validate().expect_err(field);
        assert_eq!((error.field().as_str(), error.to_string().as_str()), (field, text));
    }
    number(&[limit(1, 10), limit(2, 2_678_400)]).validate().expect("the ends are allowed");
}

#[test]
fn a_fourth_window_is_refused_by_name_and_order_does_not_matter() {
    let device = |windows: &[u32]| Limits {
        device: windows.iter().map(|window_s| limit(5, *window_s)).collect(),
        ..Limits::default()
    };
    let (a, b, c) = (device(&[600, 3600]), device(&[60, 600]), device(&[86_400]));
    let plan = WindowPlan::union([&a, &b]).expect("three windows");
    assert_eq!(plan.of(LimitScope::Device), [60, 600, 3600]);
    assert_eq!(Ok(plan), WindowPlan::union([&b, &a]));
    let error = WindowPlan::union([&a, &b, &c]).expect_err("four");
    assert_eq!(
        error.to_string(),
        "the profiles together use more than 3 different windows in `limits.device`"
    );
}

#[test]
fn a_limit_that_the_plan_does_not_know_is_counted_all_the_same() {
    let mut terms = crate::make::with(Limits { device: vec![limit(5, 600)], ..Limits::default() });
    terms.limits.device.push(limit(9, 3600));
    assert_eq!(terms.windows_of(LimitScope::Device), [600, 3600, 0]);
}

#[test]
fn levels_differ_in_what_a_good_user_is_worth() {
    let from = LEVELS.map(|level| threshold(&Policy::builtin(level).weights, 50_000, false));
    assert!(from[0] > from[1] && from[1] > from[2], "{from:?}");
    for level in LEVELS {
        assert_eq!(Policy::builtin(level).id, format!("pol_{}", level.name()));
    }
}

//! What an operator may set as a limit, and the union of windows that a tenant's profiles come to.
//! Nothing here judges. Called by the shell when a profile is written and when facts are read.

use super::WindowPlan;
use crate::limit::{Limit, LimitScope, Limits, WINDOWS};

/// The shortest window: six buckets of two seconds hold ten; clocks of machines differ by a second.
pub const WINDOW_S_MIN: u32 = 10;
/// The longest: a month. What must be remembered longer is not a limit.
pub const WINDOW_S_MAX: u32 = 31 * 24 * 3600;

/// Why limits are refused; `field` is where, as the caller wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Nought would switch the channel off: that is what `destinations` is for.
    #[error("`limits.{}[{at}].max` must be at least 1; an empty list switches the limit off", .scope.name())]
    Max {
        /// Of what.
        scope: LimitScope,
        /// Which of its limits.
        at: usize,
    },
    /// Too short or too long.
    #[error("`limits.{}[{at}].window_s` must be from 10 to 2678400 seconds, not `{window_s}`", .scope.name())]
    Window {
        /// Of what.
        scope: LimitScope,
        /// Which of its limits.
        at: usize,
        /// What was written.
        window_s: u32,
    },
    /// More windows than one record has rings.
    #[error("`limits.{}` has more than 3 entries", .scope.name())]
    TooMany {
        /// Of what.
        scope: LimitScope,
    },
    /// Windows must grow, and a longer window must allow more: otherwise one of two says nothing.
    #[error("`limits.{}[{at}]` must have a longer window and a larger `max` than the one before it", .scope.name())]
    Order {
        /// Of what.
        scope: LimitScope,
        /// Which of its limits.
        at: usize,
    },
}

impl LimitError {
    /// The field at fault: `limits.number[1].window_s`.
    pub fn field(&self) -> alloc::string::String {
        match self {
            Self::Max { scope, at } => alloc::format!("limits.{}[{at}].max", scope.name()),
            Self::Window { scope, at, .. } => alloc::format!("limits.{}[{at}].window_s", scope.name()),
            Self::TooMany { scope } => alloc::format!("limits.{}", scope.name()),
            Self::Order { scope, at } => alloc::format!("limits.{}[{at}]", scope.name()),
        }
    }
}

/// The profiles of a tenant's world use more different windows in one scope than a record has rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the profiles together use more than 3 different windows in `limits.{}`", .scope.name())]
pub struct TooManyWindows {
    /// In which scope.
    pub scope: LimitScope,
}

impl Limits {
    /// Checks what an operator wrote.
    pub fn validate(&self) -> Result<(), LimitError> {
        for scope in LimitScope::ALL {
            let limits = self.of(scope);
            if limits.len() > WINDOWS {
                return Err(LimitError::TooMany { scope });
            }
            let mut before: Option<Limit> = None;
            for (at, limit) in limits.iter().enumerate() {
                if limit.max == 0 {
                    return Err(LimitError::Max { scope, at });
                }
                if !(WINDOW_S_MIN..=WINDOW_S_MAX).contains(&limit.window_s) {
                    return Err(LimitError::Window { scope, at, window_s: limit.window_s });
                }
                if before.is_some_and(|b| b.window_s >= limit.window_s || b.max >= limit.max) {
                    return Err(LimitError::Order { scope, at });
                }
                before = Some(*limit);
            }
        }
        Ok(())
    }
}

impl WindowPlan {
    /// The windows of all profiles together: what is sent under one profile counts under all, so
    /// each window must be counted by each send.
    pub fn union<'a>(profiles: impl IntoIterator<Item = &'a Limits>) -> Result<Self, TooManyWindows> {
        let mut plan = Self::default();
        for limits in profiles {
            for (windows, scope) in plan.0.iter_mut().zip(LimitScope::ALL) {
                for limit in limits.of(scope) {
                    if !windows.contains(&limit.window_s) {
                        let free = windows.iter_mut().find(|w| **w == 0).ok_or(TooManyWindows { scope })?;
                        *free = limit.window_s;
                    }
                }
            }
        }
        // Sorted, so that the order in which profiles are read reaches no record.
        for windows in &mut plan.0 {
            windows.sort_unstable_by_key(|w| if *w == 0 { u32::MAX } else { *w });
        }
        Ok(plan)
    }

    /// The windows of one scope.
    pub fn of(&self, scope: LimitScope) -> [u32; WINDOWS] {
        self.0.get(scope as usize).copied().unwrap_or_default()
    }
}

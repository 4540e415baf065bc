//! The stream over time, in spans that widen as it goes on: never more than [`SPANS`] of them, or the
//! widest there are.

use super::Sums;
use alloc::collections::BTreeMap;

/// Most spans from the first to the last.
pub const SPANS: i64 = 240;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Each is a multiple of the one before.
const WIDTHS: [i64; 9] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY, 7 * DAY, 364 * DAY];

/// Sums by span of time.
#[derive(Debug, Clone, Default)]
pub struct Series {
    spans: BTreeMap<i64, Sums>,
    width: usize,
}

/// One span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it begins.
    pub at_ms: i64,
    /// What happened in it.
    pub sums: Sums,
}

impl Series {
    pub(super) fn add(&mut self, at_ms: i64, sums: &Sums) {
        loop {
            let span = at_ms.div_euclid(self.width_ms());
            let first = self.spans.first_key_value().map_or(span, |(first, _)| *first);
            if span - first < SPANS || self.width + 1 == WIDTHS.len() {
                return self.spans.entry(span).or_default().join(sums);
            }
            self.widen();
        }
    }

    fn widen(&mut self) {
        let before = self.width_ms();
        self.width += 1;
        let times = self.width_ms() / before;
        for (span, sums) in core::mem::take(&mut self.spans) {
            self.spans.entry(span.div_euclid(times)).or_default().join(&sums);
        }
    }

    /// How long a span is.
    pub fn width_ms(&self) -> i64 {
        WIDTHS.get(self.width).copied().unwrap_or(DAY)
    }

    /// Those in which anything happened, in order.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = Span> {
        let width = self.width_ms();
        self.spans.iter().map(move |(span, sums)| Span { at_ms: span * width, sums: *sums })
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, SPANS, Series, Sums};

    #[test]
    fn spans_widen_and_lose_nothing() {
        let mut series = Series::default();
        let one = Sums { attempts: 1, ..Sums::default() };
        let mut added = 0;
        for (step, count) in [(1_000, 500), (60_000, 3_000), (3_600_000, 2_000), (DAY, 3_000)] {
            for n in 0..count {
                series.add(1_773_453_600_000 + n * step, &one);
                added += 1;
            }
            assert!(series.spans().len() as i64 <= SPANS, "{step}");
            assert_eq!(series.spans().map(|span| span.sums.attempts).sum::<u64>(), added, "{step}");
        }
        assert!(series.spans().is_sorted_by_key(|span| span.at_ms));
    }
}

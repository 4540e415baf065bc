//! The record of a number or a session: when it was last counted, and on which days a number was
//! asked for and proved. Twenty bytes.

use serde::{Deserialize, Serialize};

const DAY_S: u32 = 86_400;

/// When somebody was last seen, and on which of the last 32 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRecord {
    /// When it was last counted as a newcomer, in Unix seconds; 0: never.
    pub last_s: u32,
    /// The newest day of the marks below.
    pub day: u32,
    /// Bit `n`: asked for `n` days before `day`.
    pub asked: u32,
    /// Bit `n`: converted `n` days before `day`.
    pub converted: u32,
    /// How often on the newest day.
    pub often: u32,
}

impl SeenRecord {
    /// Never seen.
    pub const NONE: Self = Self { last_s: 0, day: 0, asked: 0, converted: 0, often: 0 };

    /// Marks a day on which it was asked for; counted as a newcomer or not.
    pub fn ask(&mut self, at_s: u32, newcomer: bool) {
        if newcomer {
            self.last_s = self.last_s.max(at_s);
        }
        if let Some(bit) = self.bit(at_s) {
            self.asked |= bit;
            self.often = self.often.saturating_add(bit & 1);
        }
    }

    /// Marks the day of a send whose code came back.
    pub fn convert(&mut self, sent_s: u32) {
        if let Some(bit) = self.bit(sent_s) {
            self.converted |= bit;
        }
    }

    fn bit(&mut self, at_s: u32) -> Option<u32> {
        let day = at_s / DAY_S;
        if day > self.day {
            let by = day - self.day;
            self.asked = self.asked.checked_shl(by).unwrap_or(0);
            self.converted = self.converted.checked_shl(by).unwrap_or(0);
            self.day = day;
            self.often = 0;
        }
        1u32.checked_shl(self.day - day)
    }

    /// How often it was asked for today; nothing once a code came back today.
    pub fn today(&self, at_s: u32) -> u32 {
        let proved = self.converted & 1 == 1;
        if at_s / DAY_S == self.day && !proved { self.often } else { 0 }
    }

    /// On how many of the last 28 days it was asked for, and on how many of those a code came back.
    pub fn days(&self, at_s: u32) -> (u32, u32) {
        let behind = (at_s / DAY_S).saturating_sub(self.day);
        let lately = (1u32 << 28) - 1;
        let kept = |days: u32| days.checked_shl(behind).unwrap_or(0) & lately;
        (kept(self.asked).count_ones(), kept(self.asked & self.converted).count_ones())
    }
}

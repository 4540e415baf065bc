//! The course of one campaign: how many went out before the first was stopped, and whether it was detected.

use alloc::string::String;
use serde::{Deserialize, Serialize};

/// Of so many in a row…
const ROW: u32 = 10;
/// … so many must be stopped.
const STOPPED: u32 = 9;

/// What became of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its family.
    pub family: String,
    /// All its messages.
    pub messages: u32,
    /// Those that were sent.
    pub sent: u32,
    /// Sent before the first was stopped; `None` if none was.
    pub first_stop: Option<u32>,
    /// Whether, from a stopped one on, nine of ten were stopped.
    pub detected: bool,
}

/// A campaign that goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    messages: u32,
    sent: u32,
    first_stop: Option<u32>,
    detected: bool,
    /// The last ten, one bit each, 1 for stopped; the oldest is the highest.
    last: u32,
}

impl Course {
    pub(super) fn went(&mut self, sent: bool) {
        self.messages += 1;
        if !sent && self.first_stop.is_none() {
            self.first_stop = Some(self.sent);
        }
        self.sent += u32::from(sent);
        self.last = (self.last << 1 | u32::from(!sent)) & ((1 << ROW) - 1);
        let begins_stopped = self.last >> (ROW - 1) == 1;
        self.detected |= self.messages >= ROW && begins_stopped && self.last.count_ones() >= STOPPED;
    }

    /// A campaign too short for ten in a row counts as detected if nine tenths of it were stopped.
    pub(super) fn end(self, family: String) -> Campaign {
        let short = self.messages < ROW && (self.messages - self.sent) * ROW >= self.messages * STOPPED;
        Campaign {
            family,
            messages: self.messages,
            sent: self.sent,
            first_stop: self.first_stop,
            detected: self.detected || short,
        }
    }
}

//! Limits by number, address, session and device, and nothing else. The figures are those that Telnyx recommends in
//! its security guide: 3 in ten minutes and 5 in an hour for a number, 10 in an hour for an address, 5 in an hour for
//! an account or session. For a device nothing is published; it gets what a session gets.

use super::windows::Windows;
use super::{allow, because, place};
use crate::judge::{Decided, Judge};
use crate::stream::{AttemptEvent, Became};
use cofferdam_engine::Decision;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Counts who asks, not where.
#[derive(Debug, Clone)]
pub struct Limits {
    number_soon: Windows,
    number: Windows,
    address: Windows,
    session: Windows,
    device: Windows,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// With nothing counted.
    pub fn new() -> Self {
        Self {
            number_soon: Windows::new(3, 10 * MINUTE_MS),
            number: Windows::new(5, HOUR_MS),
            address: Windows::new(10, HOUR_MS),
            session: Windows::new(5, HOUR_MS),
            device: Windows::new(5, HOUR_MS),
        }
    }
}

impl Judge for Limits {
    fn decide(&mut self, attempt: &AttemptEvent, at_ms: i64) -> Decided {
        if place::of(&attempt.phone).is_none() {
            return because(Decision::Block, place::INVALID);
        }
        let asked = [
            (attempt.ip.as_deref(), &mut self.address, "ip.limit"),
            (Some(attempt.phone.as_str()), &mut self.number_soon, "number.limit"),
            (Some(attempt.phone.as_str()), &mut self.number, "number.limit"),
            (attempt.session_id.as_deref(), &mut self.session, "session.limit"),
            (attempt.device_id.as_deref(), &mut self.device, "device.limit"),
        ];
        for (key, windows, reason) in asked {
            if key.is_some_and(|key| !windows.take(key, at_ms)) {
                return because(Decision::Block, reason);
            }
        }
        allow()
    }

    fn learn(&mut self, _: &str, _: Became, _: i64) {}
}

//! What was sent and converted in the last hour, in slots of five minutes.

const SLOT_MS: i64 = 5 * 60_000;
const SLOTS: usize = 12;

/// Slots by the number of their time: sent and converted.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots([(i64, u32, u32); SLOTS]);

impl Slots {
    /// Counts into the slot of a moment.
    pub(super) fn count(&mut self, at_ms: i64, sent: u32, converted: u32) {
        let number = at_ms.div_euclid(SLOT_MS);
        if let Some(slot) = self.0.get_mut(number.rem_euclid(SLOTS as i64) as usize) {
            if slot.0 != number {
                *slot = (number, 0, 0);
            }
            slot.1 += sent;
            slot.2 += converted;
        }
    }

    /// Sent and converted within the hour before a moment.
    pub(super) fn sums(&self, at_ms: i64) -> (u32, u32) {
        let oldest = at_ms.div_euclid(SLOT_MS) - SLOTS as i64;
        let live = self.0.iter().filter(|slot| slot.0 > oldest);
        live.fold((0, 0), |sum, slot| (sum.0 + slot.1, sum.1 + slot.2))
    }

    /// Whether nothing is left of it.
    pub(super) fn empty(&self, at_ms: i64) -> bool {
        self.sums(at_ms) == (0, 0)
    }
}

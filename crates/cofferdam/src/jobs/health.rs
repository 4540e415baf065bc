//! Watches the store: whether both halves answer, whether the journal loses entries, and whether the tallies have room.

use crate::app::App;
use crate::store::StoreError;
use crate::store::health::Part;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

pub(super) async fn once(app: Arc<App>) -> Result<(), StoreError> {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let lost = app.store.records.journal_lost();
    if lost > TOLD.swap(lost, Ordering::Relaxed) {
        tracing::error!(lost, "the journal's queue was full: entries are missing from it");
    }
    tell_room(app.store.tallies.size().full);
    let (tallies, records) = tokio::join!(app.store.tallies.ping(), app.store.records.ping());
    for (part, answer) in [(Part::Tallies, tallies), (Part::Records, records)] {
        let now_ms = app.clock.now_ms();
        let before = app.health.of(part);
        if app.health.found(part, answer.is_ok(), now_ms) {
            let after_s = (now_ms - before.since_ms) / 1_000;
            match answer {
                Ok(()) => tracing::info!(part = part.name(), away_s = after_s, "a part is back"),
                Err(error) => tracing::error!(part = part.name(), %error, "a part is away"),
            }
        }
    }
    Ok(())
}

/// How much room the tallies have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Enough,
    Little,
    None,
}

impl Room {
    /// What is said at `full` after `before` was said: less room at once, more only when there is clearly more, so that
    /// a table which stands at a line does not fill the log.
    fn at(full: f64, before: Self) -> Self {
        match full {
            _ if full >= 0.98 => Self::None,
            _ if full >= 0.8 => before.max(Self::Little),
            _ if full >= 0.7 => before,
            _ => Self::Enough,
        }
    }
}

fn tell_room(full: f64) {
    static TOLD: AtomicU8 = AtomicU8::new(Room::Enough as u8);
    let before = match TOLD.load(Ordering::Relaxed) {
        0 => Room::Enough,
        1 => Room::Little,
        _ => Room::None,
    };
    let room = Room::at(full, before);
    if room == before {
        return;
    }
    TOLD.store(room as u8, Ordering::Relaxed);
    let percent = (full * 100.0).round();
    match room {
        Room::Enough => tracing::info!(percent, "the tallies have room again"),
        Room::Little => tracing::warn!(percent, "the tallies are nearly full: raise `store.tally_keys_max`"),
        Room::None => tracing::error!(
            percent,
            "the tallies are full: newcomers share records and are refused early; raise `store.tally_keys_max`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::Room::{self, Enough, Little, None};

    #[test]
    fn room_is_told_once_on_the_way_down_and_once_on_the_way_up() {
        let way = [0.0, 0.79, 0.8, 0.79, 0.97, 0.98, 1.0, 0.9, 0.71, 0.69, 0.75];
        let mut said = Enough;
        let told = way.map(|full| {
            said = Room::at(full, said);
            said
        });
        assert_eq!(told, [Enough, Enough, Little, Little, Little, None, None, None, None, Enough, Enough]);
    }
}

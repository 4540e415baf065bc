//! How full the servers are. A flood of people who never come again fills them: an attempt of somebody new
//! makes some kilobytes. So the fuller they are, the shorter is kept what was never seen before; what comes
//! again in another hour is kept for its whole time, as ever.

use super::Inner;
use super::call::part;
use super::mend::bytes;
use crate::store::StoreError;
use std::sync::atomic::Ordering;

/// From these hundredths of their memory on, new records are kept for an eighth, a sixty-fourth and a five
/// hundred and twelfth: of four and a half days an hour and a half at eighty, and twelve minutes at ninety.
const STEPS: [u64; 3] = [70, 80, 90];

/// How many of the steps are reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Full(u8);

impl Full {
    fn of(used: u64, most: u64) -> Self {
        let hundredths = used.saturating_mul(100).checked_div(most).unwrap_or(0);
        Self(STEPS.iter().filter(|step| hundredths >= **step).count() as u8)
    }

    /// As the script is told of it.
    pub fn bits(self) -> u8 {
        self.0 * part::FULLER
    }
}

/// Memory that is used, and at most may be; none where nothing bounds it.
fn memory(info: &str) -> Option<(u64, u64)> {
    let of = |name: &str| -> Option<u64> {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().parse().ok()
    };
    Some((of("used_memory")?, of("maxmemory").filter(|most| *most > 0)?))
}

impl Inner {
    /// How full the fullest of them was a moment ago.
    pub fn full(&self) -> Full {
        Full(self.full.load(Ordering::Relaxed))
    }

    /// Looks how full they are.
    pub async fn look_for_room(&self) -> Result<(), StoreError> {
        let Some(mut conn) = self.link.conn() else { return Ok(()) };
        let away = |_| StoreError::Away("Redis does not say how full it is".into());
        let mut command = redis::cmd("INFO");
        command.arg("memory");
        let mut fullest = Full::default();
        for info in conn.send_all(command).await.map_err(away)? {
            let text = match info {
                redis::Value::VerbatimString { text, .. } => Some(text),
                other => bytes(other).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            };
            if let Some((used, most)) = text.as_deref().and_then(memory) {
                let own = Full::of(used, most);
                if own.0 > fullest.0 {
                    fullest = own;
                }
            }
        }
        let before = self.full.swap(fullest.0, Ordering::Relaxed);
        if fullest.0 > before {
            let percent = STEPS.get(usize::from(fullest.0).saturating_sub(1)).copied().unwrap_or_default();
            tracing::warn!(
                percent,
                "Redis is getting full: what is new is kept for shorter; raise its `maxmemory`"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuller_they_are_the_more_steps() {
        let info = "# Memory\r\nused_memory:85\r\nused_memory_rss:9\r\nmaxmemory:100\r\n";
        assert_eq!(memory(info), Some((85, 100)));
        assert_eq!(memory("used_memory:85\r\nmaxmemory:0\r\n"), None);
        for (used, steps) in [(0, 0), (69, 0), (70, 1), (80, 2), (89, 2), (90, 3), (400, 3)] {
            assert_eq!(Full::of(used, 100), Full(steps));
        }
        assert_eq!(Full(3).bits(), 192);
    }
}

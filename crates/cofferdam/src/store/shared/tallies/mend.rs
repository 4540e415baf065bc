//! Comes back to servers that were away.
//!
//! A mark tells those that were emptied since, which are filled first.

use super::link::{Conn, said};
use super::name::{Holds, Name};
use super::{Inner, start};
use crate::store::StoreError;
use redis::{RedisError, Value};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Pauses between trials to come back: from this to that, each drawn from the upper half.
const PAUSES_MS: (u64, u64) = (100, 2_000);
/// The mark outlives any pause of an installation that is in use.
const MARK_S: u32 = 30 * 86_400;

/// Comes back whenever the servers went away, until it is ended.
pub async fn run(inner: Arc<Inner>) {
    loop {
        inner.link.broken.notified().await;
        let (mut pause_ms, most_ms) = PAUSES_MS;
        loop {
            let drawn = pause_ms / 2 + inner.dice.roll() % (pause_ms / 2 + 1);
            tokio::time::sleep(Duration::from_millis(drawn)).await;
            match inner.come_back().await {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "the shared tallies are still away"),
            }
            pause_ms = (pause_ms * 2).min(most_ms);
        }
        tracing::info!(servers = %inner.link.shown(), "the shared tallies are back");
        inner.waiting.notify_one();
    }
}

pub fn away(error: &RedisError) -> StoreError {
    StoreError::Away(format!("Redis: {}", said(error)))
}

impl Inner {
    async fn come_back(&self) -> Result<(), StoreError> {
        let mut conn = self.link.connect().await.map_err(|error| away(&error))?;
        start::takes_writes(&mut conn, &self.link.names).await.map_err(|error| away(&error))?;
        self.admit(conn).await
    }

    /// Lets calls through, after filling servers that were emptied, and telling what was counted blind.
    pub async fn admit(&self, mut conn: Conn) -> Result<(), StoreError> {
        if self.fill_if_empty(&mut conn).await.map_err(|error| away(&error))? {
            self.wait_for_others(&mut conn).await.map_err(|error| away(&error))?;
        }
        self.tell_limits(&conn).await?;
        self.link.open(conn);
        Ok(())
    }

    /// Looks for the mark: where it is gone, or another's, the servers were emptied since, and get what this
    /// process has. Whether they were.
    async fn fill_if_empty(&self, conn: &mut Conn) -> Result<bool, RedisError> {
        let name = self.link.names.text(Name::new(Holds::Mark, 0));
        let known = self.mark.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let found = bytes(conn.send(redis::cmd("GET").arg(&name[..])).await?);
        let renewed = found.is_some() && (known.is_none() || found == known);
        if renewed {
            conn.send(redis::cmd("EXPIRE").arg(&name[..]).arg(MARK_S)).await?;
        } else if known.is_some() {
            let filled = self.fill(conn).await?;
            tracing::warn!(filled, "the shared tallies were emptied: they got what this machine had");
        }
        let mut mark = found;
        if mark.is_none() {
            let own = self.dice.roll().to_be_bytes();
            conn.send(redis::cmd("SET").arg(&name[..]).arg(&own[..]).arg("NX").arg("EX").arg(MARK_S)).await?;
            mark = bytes(conn.send(redis::cmd("GET").arg(&name[..])).await?);
        }
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        Ok(!renewed && known.is_some())
    }

    /// The same while calls go on: somebody may have emptied them.
    pub async fn look_for_mark(&self) -> Result<(), StoreError> {
        let Some(mut conn) = self.link.conn() else { return Ok(()) };
        self.fill_if_empty(&mut conn).await.map(|_| ()).map_err(|error| away(&error))
    }
}

/// What a key held.
pub fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

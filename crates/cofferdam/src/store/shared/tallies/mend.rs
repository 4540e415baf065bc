//! Comes back to servers that were away, and fills those that were emptied with what this process has.

use super::call::{Act, Call, Step, Want};
use super::counting::RICH_S;
use super::link::{Conn, said};
use super::name::{Holds, Name};
use super::{Inner, limits, start};
use crate::store::StoreError;
use cofferdam_engine::evidence::Kept;
use redis::{RedisError, Value};
use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Pauses between trials to come back: from this to that, each drawn from the upper half.
const PAUSES_MS: (u64, u64) = (100, 2_000);
/// Records that go together.
const BATCH: usize = 500;
/// The mark outlives any pause of an installation that is in use.
const MARK_S: u32 = 30 * 86_400;
/// A limit's windows are not known to the copy as such; a day is what most have at most.
pub const LIMIT_S: u32 = 2 * 86_400;

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

fn away(error: &RedisError) -> StoreError {
    StoreError::Away(format!("Redis: {}", said(error)))
}

impl Inner {
    async fn come_back(&self) -> Result<(), StoreError> {
        let mut conn = self.link.connect().await.map_err(|error| away(&error))?;
        start::takes_writes(&mut conn, &self.link.names).await.map_err(|error| away(&error))?;
        self.admit(conn).await
    }

    /// Lets calls through, after filling servers that were emptied.
    pub async fn admit(&self, mut conn: Conn) -> Result<(), StoreError> {
        self.fill_if_empty(&mut conn).await.map_err(|error| away(&error))?;
        self.link.open(conn);
        Ok(())
    }

    /// Looks for the mark: where it is gone, or another's, the servers were emptied since, and get what this
    /// process has and nobody brought yet.
    pub async fn fill_if_empty(&self, conn: &mut Conn) -> Result<(), RedisError> {
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
        Ok(())
    }

    /// The same while calls go on: somebody may have emptied them.
    pub async fn look_for_mark(&self) -> Result<(), StoreError> {
        let Some(mut conn) = self.link.conn() else { return Ok(()) };
        self.fill_if_empty(&mut conn).await.map_err(|error| away(&error))
    }

    /// Sets what this process has where there is nothing. Answers how many records that were.
    async fn fill(&self, conn: &Conn) -> Result<usize, RedisError> {
        // What waits for a record stands in this process's copy of it, and must not be added once more.
        let _one = self.sending.lock().await;
        let at_s = u32::try_from(self.clock.now_ms() / 1000).unwrap_or(u32::MAX);
        let (mut filled, mut rich) = (0, self.copy().evidence.rich_keys());
        while !rich.is_empty() {
            let keys = rich.split_off(rich.len().saturating_sub(BATCH));
            let images = {
                let copy = self.copy();
                let image = |key: &u64| Some((*key, copy.evidence.image(Kept::Rich, *key)?));
                keys.iter().filter_map(image).collect()
            };
            filled += self.fill_some(conn, Holds::Rich, RICH_S, images).await?;
        }
        for holds in [Holds::Limit, Holds::Proof] {
            let (mut from, expires_s) =
                (Some(0), if holds == Holds::Limit { LIMIT_S } else { limits::PROOF_S });
            while let Some(key) = from {
                let mut images = Vec::new();
                {
                    let copy = self.copy();
                    from = if holds == Holds::Limit {
                        copy.limits
                            .walk(key, at_s, |key, record| images.push((key, limits::limit_image(record))))
                    } else {
                        let image = |at_s: u32| at_s.to_be_bytes().to_vec();
                        copy.proofs.walk(key, at_s, |key, record| images.push((key, image(record.at_s))))
                    };
                }
                filled += self.fill_some(conn, holds, expires_s, images).await?;
            }
        }
        Ok(filled)
    }

    async fn fill_some(
        &self,
        conn: &Conn,
        holds: Holds,
        expires_s: u32,
        images: Vec<(u64, Vec<u8>)>,
    ) -> Result<usize, RedisError> {
        let mut call = Call::new();
        for (key, image) in images {
            let args = call.args(vec![image]);
            let name = Name::new(holds, key);
            call.steps.push(Step { name, act: Act::Fill, parts: 0, at_s: 0, expires_s, args });
        }
        if call.steps.is_empty() {
            return Ok(0);
        }
        let olds = self.link.run_by(conn, &call, Want::Olds).await?;
        let filled = call.steps.iter().zip(olds).filter(|(_, old)| old.is_none()).map(|(step, _)| step.name);
        let filled: HashSet<Name> = filled.collect();
        self.pending().drop_for(&filled);
        Ok(filled.len())
    }
}

/// What a key held.
pub fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

//! Fills servers that were emptied with what this process has.
//!
//! Of evidence the first node that comes brings what it has, and the others nothing: it is about as new everywhere. Of
//! limits each node brings what it knows, and of two counts the larger stands: whoever was the last to count at the servers
//! knows all that was counted there. What a node counted blind waits apart from it, to be added.

use super::Inner;
use super::call::{Act, Call, Step, Want};
use super::counting::RICH_S;
use super::limits::{LIMIT_S, PROOF_S, limit_image, proof_image};
use super::link::Conn;
use super::name::{Holds, Name};
use cofferdam_engine::evidence::Kept;
use cofferdam_engine::tally::LimitRecord;
use redis::{RedisError, Value};
use std::collections::HashSet;
use std::time::Duration;

/// Records that go together.
const BATCH: usize = 500;
/// How long others are waited for: as long as the longest pause between two trials to come back, and a little.
const OTHERS: Duration = Duration::from_millis(2_500);
const LOOKS: Duration = Duration::from_millis(50);

impl Inner {
    /// Brings what this process has. Answers how many records nobody had brought before.
    pub async fn fill(&self, conn: &Conn) -> Result<usize, RedisError> {
        // What waits for a record of evidence stands in this process's copy of it, and must not be added once more.
        let _one = self.sending.lock().await;
        let at_s = u32::try_from(self.clock.now_ms() / 1000).unwrap_or(u32::MAX);
        let (mut filled, mut rich) = (HashSet::new(), self.copy().evidence.rich_keys());
        while !rich.is_empty() {
            let keys = rich.split_off(rich.len().saturating_sub(BATCH));
            let images = {
                let copy = self.copy();
                let image = |key: &u64| Some((*key, copy.evidence.image(Kept::Rich, *key)?));
                keys.iter().filter_map(image).collect()
            };
            filled.extend(self.fill_some(conn, (Act::Fill, Holds::Rich, RICH_S), images).await?);
        }
        self.pending().drop_for(&filled);
        let mut many = filled.len();
        let mut from = Some(0);
        while let Some(key) = from {
            let mut images = Vec::new();
            from = self.copy().proofs.walk(key, at_s, |key, record| images.push((key, proof_image(*record))));
            many += self.fill_some(conn, (Act::Fill, Holds::Proof, PROOF_S), images).await?.len();
        }
        Ok(many + self.fill_limits(conn, at_s).await?)
    }

    /// Raises each limit to what this process saw at the servers before.
    async fn fill_limits(&self, conn: &Conn, at_s: u32) -> Result<usize, RedisError> {
        let (mut many, mut brought, mut from) = (0, HashSet::new(), Some(0));
        while let Some(key) = from {
            let mut records: Vec<(u64, LimitRecord)> = Vec::new();
            {
                let copy = self.copy();
                from = copy.limits.walk(key, at_s, |key, record| records.push((key, *record)));
                // Before the copy may count on.
                self.pending().without_waiting(&mut records);
            }
            brought.extend(records.iter().map(|(key, _)| *key));
            let images = records.iter().map(|(key, record)| (*key, limit_image(record))).collect();
            many += self.fill_some(conn, (Act::Raise, Holds::Limit, LIMIT_S), images).await?.len();
        }
        self.pending().give_back_only(&brought);
        Ok(many)
    }

    /// Those of some records that nobody had brought.
    async fn fill_some(
        &self,
        conn: &Conn,
        (act, holds, expires_s): (Act, Holds, u32),
        images: Vec<(u64, Vec<u8>)>,
    ) -> Result<Vec<Name>, RedisError> {
        let mut call = Call::new();
        for (key, image) in images {
            let args = call.args(vec![image]);
            call.steps.push(Step { name: Name::new(holds, key), act, parts: 0, at_s: 0, expires_s, args });
        }
        if call.steps.is_empty() {
            return Ok(Vec::new());
        }
        let olds = self.link.run_by(conn, &call, Want::Olds).await?;
        Ok(call.steps.iter().zip(olds).filter(|(_, old)| old.is_none()).map(|(step, _)| step.name).collect())
    }

    /// Waits until all nodes that lived before have brought what they know, or for as long as they usually take. What
    /// is judged meanwhile is judged blind: each node keeps to its share.
    pub async fn wait_for_others(&self, conn: &mut Conn) -> Result<(), RedisError> {
        let living = i64::from(self.living());
        let looks = OTHERS.as_millis() / LOOKS.as_millis();
        for _ in 0..looks {
            self.tell_life(conn).await?;
            let nodes = self.link.names.text(Name::new(Holds::Nodes, 0));
            let Value::Int(there) = conn.send(redis::cmd("HLEN").arg(nodes)).await? else { break };
            if there >= living {
                break;
            }
            tokio::time::sleep(LOOKS).await;
        }
        Ok(())
    }
}

//! Idempotency keys: a lease while a call is at work, then its answer for a day. A lease names the life of
//! the node that took it, and ends with it; one that nobody finds dead runs out by itself.

use super::book::{KEY, LOCK, lock_of};
use super::conn::{Round, Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::idempotency::{KEPT_MS, name as key_name};
use crate::store::row::{Idempotency, IdempotencyKey, StoredAnswer};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Nodes' clocks may be so far apart: a lease of another may end so much later than any of ours.
const APART_MS: i64 = 60_000;

const FIND: &str = "SELECT fingerprint, made_ms, lease_until_ms, subject, status, content_type, sealed_body, \
     coalesce(life_until_ms = lease_until_ms, false) AND EXISTS (SELECT FROM nodes AS n WHERE n.life = i.life AND n.dead) \
     FROM idempotency AS i WHERE name = $1";
const PUT: &str = "INSERT INTO idempotency (name, fingerprint, made_ms, lease_until_ms, life, life_until_ms) \
     VALUES ($1, $2, $3, $4, $5, $4) \
     ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, made_ms = excluded.made_ms, \
     lease_until_ms = excluded.lease_until_ms, subject = NULL, status = NULL, content_type = NULL, sealed_body = NULL, \
     life = excluded.life, life_until_ms = excluded.life_until_ms";
const LEASE: &str =
    "UPDATE idempotency SET lease_until_ms = $2, life = $3, life_until_ms = $2 WHERE name = $1";
/// Where another node took the call over, what became of it is that one's to say.
const ANSWER: &str = "UPDATE idempotency SET status = $2, content_type = $3, sealed_body = $4, \
     subject = coalesce(subject, $5) WHERE name = $1 \
     AND (life_until_ms IS DISTINCT FROM lease_until_ms OR life = ANY($6))";
/// What was made stays known under the key, or the next call makes another.
const FREE: &str = "WITH gone AS (DELETE FROM idempotency WHERE name = $1 AND status IS NULL AND subject IS NULL \
     AND (life_until_ms IS DISTINCT FROM lease_until_ms OR life = ANY($2))) \
     UPDATE idempotency SET lease_until_ms = 0 WHERE name = $1 AND status IS NULL AND subject IS NOT NULL \
     AND (life_until_ms IS DISTINCT FROM lease_until_ms OR life = ANY($2))";

/// What a key says, and how its row changes by it.
enum Says {
    Put,
    Lease(Idempotency),
    Nothing(Idempotency),
}

fn says(found: Option<&Row>, fingerprint: [u8; 32], at_ms: i64, lease_until_ms: i64) -> Says {
    let Some(row) = found else { return Says::Put };
    let made_ms: i64 = row.get(1);
    // A day old is as good as never seen. So is one of a clock that has been set back by a day.
    if (at_ms - made_ms).abs() >= KEPT_MS {
        return Says::Put;
    }
    if row.get::<_, &[u8]>(0) != fingerprint {
        return Says::Nothing(Idempotency::Mismatch);
    }
    if let Some(status) = row.get::<_, Option<i32>>(4) {
        return Says::Nothing(Idempotency::Answered(StoredAnswer {
            status: status as u16,
            content_type: row.get::<_, Option<String>>(5).unwrap_or_default(),
            sealed_body: row.get::<_, Option<Vec<u8>>>(6).unwrap_or_default(),
            // Whoever repeats it need not know.
            about: None,
        }));
    }
    // One that ends further ahead than any lease lasts is of a clock that was set back.
    let until_ms: i64 = row.get(2);
    let held = !row.get::<_, bool>(7);
    if held && until_ms > at_ms && until_ms <= lease_until_ms.saturating_add(APART_MS) {
        return Says::Nothing(Idempotency::Running);
    }
    let subject: Option<String> = row.get(3);
    Says::Lease(subject.map_or(Idempotency::Fresh, |subject| Idempotency::Orphan { subject }))
}

impl Postgres {
    pub(super) async fn take_key(
        &self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_ms: i64,
    ) -> Result<Idempotency, StoreError> {
        let name = key_name(key);
        again!(self, self.take_key_once(&name, fingerprint, at_ms, at_ms.saturating_add(lease_ms)))
    }

    async fn take_key_once(
        &self,
        name: &[u8],
        fingerprint: [u8; 32],
        at_ms: i64,
        lease_until_ms: i64,
    ) -> Result<Idempotency, Failed> {
        let lock = vec![lock_of(KEY, name)];
        let conn = self.connections.get().await?;
        let steps = [Step::new(LOCK, &[&lock]), Step::new(FIND, &[&name])];
        let found = conn.together(Round::Begin, &steps).await?.pop().unwrap_or_default();
        let (fingerprint_bytes, life) = (&fingerprint[..], self.life.current());
        let (answer, step) = match says(found.first(), fingerprint, at_ms, lease_until_ms) {
            Says::Nothing(answer) => return conn.undo().await.map(|()| answer),
            Says::Lease(answer) => (answer, Step::new(LEASE, &[&name, &lease_until_ms, &life])),
            Says::Put => {
                let values: [&(dyn ToSql + Sync); 5] =
                    [&name, &fingerprint_bytes, &at_ms, &lease_until_ms, &life];
                (Idempotency::Fresh, Step::new(PUT, &values))
            }
        };
        conn.together(Round::Commit, &[step]).await?;
        Ok(answer)
    }

    pub(super) async fn end_key(
        &self,
        key: &IdempotencyKey,
        answer: Option<StoredAnswer>,
    ) -> Result<(), StoreError> {
        let (name, mine) = (key_name(key), self.life.mine());
        again!(self, async {
            let conn = self.connections.get().await?;
            match &answer {
                Some(answer) => {
                    let status = i32::from(answer.status);
                    let about = answer.about.as_deref().map(plain);
                    let values: [&(dyn ToSql + Sync); 6] =
                        [&name, &status, &answer.content_type, &answer.sealed_body, &about, &mine];
                    conn.change(ANSWER, &values).await
                }
                None => conn.change(FREE, &[&name, &mine]).await,
            }
        })
        .map(|_| ())
    }
}

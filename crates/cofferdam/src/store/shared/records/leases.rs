//! Leases: what only one node at a time shall do. By the database's clock, so that nodes need not agree
//! on the time; whoever dies lets its lease run out, or is found dead before.

use super::Postgres;
use super::conn::again;
use crate::store::StoreError;

/// Taken where nobody holds it, where its time is over or its holder dead, or where it is ours already.
const TAKE: &str = "INSERT INTO jobs (name, holder, until) \
     VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond') \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
     WHERE jobs.holder = excluded.holder OR jobs.until < clock_timestamp() \
     OR EXISTS (SELECT FROM nodes WHERE dead AND process = jobs.holder AND NOT EXISTS \
     (SELECT FROM nodes AS n WHERE n.process = jobs.holder AND NOT n.dead)) RETURNING 1";
const FREE: &str = "DELETE FROM jobs WHERE holder = $1";

impl Postgres {
    pub(super) async fn take_lease(&self, job: &str, for_ms: i64) -> Result<bool, StoreError> {
        let rows = again!(self, async {
            self.connections.get().await?.change(TAKE, &[&job, &self.node, &for_ms]).await
        })?;
        Ok(!rows.is_empty())
    }

    /// Lets others have what this node held.
    pub(super) async fn free_leases(&self) -> Result<(), StoreError> {
        again!(self, async { self.connections.get().await?.change(FREE, &[&self.node]).await }).map(|_| ())
    }
}

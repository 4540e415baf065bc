//! Messages of the outbox: who, when and for which attempt; the code is rendered by whoever reads.

use super::book::world;
use super::conn::again;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::verifications::Ordered;
use crate::store::row::{OutboxRow, Owner, Page, PageAsk};
use cofferdam_engine::Pseudonym;
use tokio_postgres::types::ToSql;

const PUT: &str = "INSERT INTO outbox (id, tenant, world, number, attempt, verification, channel, at_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const UP: &str = "SELECT id, attempt, verification, number, channel, at_ms FROM outbox WHERE tenant = $1 AND world = $2 \
     AND id > $3 AND ($4::bytea IS NULL OR number = $4) ORDER BY id LIMIT $5";
const DOWN: &str = "SELECT id, attempt, verification, number, channel, at_ms FROM outbox WHERE tenant = $1 AND world = $2 \
     AND id < $3 AND ($4::bytea IS NULL OR number = $4) ORDER BY id DESC LIMIT $5";
const CLEAR: &str =
    "DELETE FROM outbox WHERE tenant = $1 AND world = $2 AND ($3::bytea IS NULL OR number = $3) RETURNING 1";

fn named(number: Option<Pseudonym>) -> Option<Vec<u8>> {
    number.map(|number| codes::name(number).to_vec())
}

impl Postgres {
    pub(super) async fn put_out(&self, row: &OutboxRow) -> Result<(), StoreError> {
        let (name, channel) = (codes::name(row.number).to_vec(), codes::channel(row.channel) as i16);
        let world = world(&row.owner);
        again!(self, async {
            let values: [&(dyn ToSql + Sync); 8] = [
                &row.id,
                &row.owner.tenant,
                &world,
                &name,
                &row.attempt,
                &row.verification,
                &channel,
                &row.at_ms,
            ];
            self.connections.get().await?.change(PUT, &values).await
        })
        .map(|_| ())
    }

    pub(super) async fn put_outs(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError> {
        let order = Ordered::of(page);
        let text = if order.descending { DOWN } else { UP };
        let (after, limit, world) = (plain(&order.after), order.limit as i64 + 1, world(owner));
        let named = named(number);
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(text, &[&owner.tenant, &world, &after, &named, &limit]).await
        })?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let name: &[u8] = row.get(3);
            let name = name.try_into().map_err(|_| StoreError::Unreadable("a number's name".into()))?;
            found.push(OutboxRow {
                id: row.get(0),
                owner: owner.clone(),
                attempt: row.get(1),
                verification: row.get(2),
                number: codes::name_of(name),
                channel: codes::channel_of(row.get::<_, i16>(4).into())?,
                at_ms: row.get(5),
            });
        }
        Ok(order.page(found, |row| row.id.as_str()))
    }

    pub(super) async fn take_outs(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
    ) -> Result<u64, StoreError> {
        let (named, world) = (named(number), world(owner));
        let gone = again!(self, async {
            let conn = self.connections.get().await?;
            conn.change(CLEAR, &[&owner.tenant, &world, &named]).await
        })?;
        Ok(gone.len() as u64)
    }
}

//! Messages of the outbox: who, when and for which attempt; the code is rendered by whoever reads.

use super::verifications::Ordered;
use super::{Embedded, codes, sql};
use crate::store::StoreError;
use crate::store::row::{OutboxRow, Owner, Page, PageAsk};
use cofferdam_engine::Pseudonym;
use rusqlite::{Connection, params};

impl Embedded {
    pub(super) async fn put_out(&self, row: OutboxRow) -> Result<(), StoreError> {
        self.writer
            .change(move |tx| {
                tx.run(
                    "INSERT OR IGNORE INTO outbox (id, tenant, world, number, attempt, verification, channel, at_ms) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        row.id,
                        row.owner.tenant,
                        codes::world(row.owner.world),
                        codes::name(row.number),
                        row.attempt,
                        row.verification,
                        codes::channel(row.channel),
                        row.at_ms,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    pub(super) async fn put_outs(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
        page: &PageAsk,
    ) -> Result<Page<OutboxRow>, StoreError> {
        let (owner, order) = (owner.clone(), Ordered::of(page));
        self.read(move |conn| list(conn, &owner, number, &order)).await
    }

    pub(super) async fn take_outs(
        &self,
        owner: &Owner,
        number: Option<Pseudonym>,
    ) -> Result<u64, StoreError> {
        let owner = owner.clone();
        self.writer
            .change(move |tx| {
                let gone = tx.run(
                    "DELETE FROM outbox WHERE tenant = ?1 AND world = ?2 AND (?3 IS NULL OR number = ?3)",
                    params![owner.tenant, codes::world(owner.world), number.map(codes::name)],
                )?;
                Ok(gone as u64)
            })
            .await
    }
}

fn list(
    conn: &Connection,
    owner: &Owner,
    number: Option<Pseudonym>,
    order: &Ordered,
) -> Result<Page<OutboxRow>, StoreError> {
    let text = if order.descending {
        "SELECT id, attempt, verification, number, channel, at_ms FROM outbox WHERE tenant = ?1 AND world = ?2 \
         AND id < ?3 AND (?4 IS NULL OR number = ?4) ORDER BY id DESC LIMIT ?5"
    } else {
        "SELECT id, attempt, verification, number, channel, at_ms FROM outbox WHERE tenant = ?1 AND world = ?2 \
         AND id > ?3 AND (?4 IS NULL OR number = ?4) ORDER BY id LIMIT ?5"
    };
    let mut rows = conn.prepare_cached(text).map_err(sql)?;
    let ask = params![
        owner.tenant,
        codes::world(owner.world),
        order.after,
        number.map(codes::name),
        order.limit as i64 + 1
    ];
    let mut rows = rows.query(ask).map_err(sql)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        found.push(OutboxRow {
            id: row.get(0).map_err(sql)?,
            owner: owner.clone(),
            attempt: row.get(1).map_err(sql)?,
            verification: row.get(2).map_err(sql)?,
            number: codes::name_of(row.get(3).map_err(sql)?),
            channel: codes::channel_of(row.get(4).map_err(sql)?)?,
            at_ms: row.get(5).map_err(sql)?,
        });
    }
    Ok(order.page(found, |row| row.id.as_str()))
}

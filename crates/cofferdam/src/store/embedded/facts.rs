//! Standing facts and the audit of who changed them.

use super::verifications::Ordered;
use super::writer::Tx;
use super::{Embedded, codes, sql};
use crate::store::StoreError;
use crate::store::row::{AuditEntry, Fact, FactAnswer, FactChange, FactEdit, FactKind, Owner, Page, PageAsk};
use rusqlite::{OptionalExtension as _, Row, params};

impl Embedded {
    pub(super) async fn change_standing(&self, change: FactChange) -> Result<FactAnswer, StoreError> {
        self.writer
            .change(move |tx| {
                let at_ms = change.audit.at_ms;
                let answer = match change.change {
                    FactEdit::Insert(facts) => insert(tx, &facts, at_ms)?,
                    FactEdit::Update { fact, if_version } => update(tx, &fact, if_version, at_ms)?,
                    FactEdit::Delete { owner, kind, id } => delete(tx, &owner, kind, &id)?,
                };
                if matches!(answer, FactAnswer::Done(_)) {
                    audit(tx, &change.audit)?;
                }
                Ok(answer)
            })
            .await
    }

    pub(super) async fn standing_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        self.read(move |conn| {
            let mut rows = conn
                .prepare_cached(
                    "SELECT kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone \
                     FROM facts WHERE version > ?1 ORDER BY version LIMIT ?2",
                )
                .map_err(sql)?;
            let mut rows = rows.query(params![version as i64, limit]).map_err(sql)?;
            let mut facts = Vec::new();
            while let Some(row) = rows.next().map_err(sql)? {
                facts.push(fact(row)?);
            }
            Ok(facts)
        })
        .await
    }

    pub(super) async fn audited(
        &self,
        owner: &Owner,
        page: &PageAsk,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let (owner, order) = (owner.clone(), Ordered::of(page));
        self.read(move |conn| {
            let text = if order.descending {
                "SELECT id, at_ms, actor, request_id, action, subject, detail FROM audit \
                 WHERE tenant = ?1 AND world = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4"
            } else {
                "SELECT id, at_ms, actor, request_id, action, subject, detail FROM audit \
                 WHERE tenant = ?1 AND world = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
            };
            let mut rows = conn.prepare_cached(text).map_err(sql)?;
            let ask = params![owner.tenant, codes::world(owner.world), order.after, order.limit as i64 + 1];
            let entries = rows
                .query_map(ask, |row| {
                    Ok(AuditEntry {
                        id: row.get(0)?,
                        owner: owner.clone(),
                        at_ms: row.get(1)?,
                        actor: row.get(2)?,
                        request_id: row.get(3)?,
                        action: row.get(4)?,
                        subject: row.get(5)?,
                        detail: row.get(6)?,
                    })
                })
                .and_then(Iterator::collect)
                .map_err(sql)?;
            Ok(order.page(entries, |entry: &AuditEntry| entry.id.as_str()))
        })
        .await
    }
}

pub(super) fn fact(row: &Row<'_>) -> Result<Fact, StoreError> {
    Ok(Fact {
        kind: codes::fact_kind_of(row.get(0).map_err(sql)?)?,
        id: row.get(1).map_err(sql)?,
        owner: Owner { tenant: row.get(2).map_err(sql)?, world: codes::world_of(row.get(3).map_err(sql)?)? },
        unique: row.get(4).map_err(sql)?,
        created_ms: row.get(5).map_err(sql)?,
        expires_ms: row.get(6).map_err(sql)?,
        body: row.get(7).map_err(sql)?,
        version: row.get::<_, i64>(8).map_err(sql)? as u64,
        gone: row.get(9).map_err(sql)?,
    })
}

/// Writes an entry of the audit.
pub(super) fn audit(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO audit (id, tenant, world, at_ms, actor, request_id, action, subject, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            entry.id,
            entry.owner.tenant,
            codes::world(entry.owner.world),
            entry.at_ms,
            entry.actor,
            entry.request_id,
            entry.action,
            entry.subject,
            entry.detail,
        ],
    )?;
    Ok(())
}

/// The version that the next change gets. One thread writes, so nobody else takes it.
pub(super) fn next_version(tx: &Tx<'_>) -> Result<i64, StoreError> {
    let last: Option<i64> = tx
        .prepare("SELECT version FROM facts ORDER BY version DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()
        .map_err(sql)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Another fact that stands under the same unique text. One that has expired gives way.
fn standing(tx: &Tx<'_>, fact: &Fact, at_ms: i64) -> Result<Option<String>, StoreError> {
    let found: Option<(String, Option<i64>)> = tx
        .prepare(
            "SELECT id, expires_ms FROM facts WHERE tenant = ?1 AND world = ?2 AND kind = ?3 AND uniq = ?4 \
             AND gone = 0 AND id <> ?5",
        )?
        .query_row(
            params![
                fact.owner.tenant,
                codes::world(fact.owner.world),
                codes::fact_kind(fact.kind),
                fact.unique,
                fact.id
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(sql)?;
    match found {
        Some((id, Some(expires_ms))) if expires_ms <= at_ms => {
            delete(tx, &fact.owner, fact.kind, &id)?;
            Ok(None)
        }
        found => Ok(found.map(|(id, _)| id)),
    }
}

/// All or none: the first that stands already undoes nothing, since all are looked at first.
fn insert(tx: &Tx<'_>, facts: &[Fact], at_ms: i64) -> Result<FactAnswer, StoreError> {
    for (n, fact) in facts.iter().enumerate() {
        let twin = |other: &&Fact| {
            other.unique == fact.unique && other.kind == fact.kind && other.owner == fact.owner
        };
        if let Some(twin) = facts.iter().take(n).find(twin) {
            return Ok(FactAnswer::Duplicate(twin.id.clone()));
        }
        if let Some(id) = standing(tx, fact, at_ms)? {
            return Ok(FactAnswer::Duplicate(id));
        }
    }
    let mut version = next_version(tx)?;
    for fact in facts {
        tx.run(
            "INSERT INTO facts (kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
            params![
                codes::fact_kind(fact.kind),
                fact.id,
                fact.owner.tenant,
                codes::world(fact.owner.world),
                fact.unique,
                fact.created_ms,
                fact.expires_ms,
                fact.body,
                version,
            ],
        )?;
        version += 1;
    }
    Ok(FactAnswer::Done((version - 1) as u64))
}

fn version_of(tx: &Tx<'_>, owner: &Owner, kind: FactKind, id: &str) -> Result<Option<i64>, StoreError> {
    tx.prepare(
        "SELECT version FROM facts WHERE kind = ?1 AND id = ?2 AND tenant = ?3 AND world = ?4 AND gone = 0",
    )?
    .query_row(params![codes::fact_kind(kind), id, owner.tenant, codes::world(owner.world)], |row| row.get(0))
    .optional()
    .map_err(sql)
}

fn update(tx: &Tx<'_>, fact: &Fact, if_version: Option<u64>, at_ms: i64) -> Result<FactAnswer, StoreError> {
    let Some(stands) = version_of(tx, &fact.owner, fact.kind, &fact.id)? else {
        return Ok(FactAnswer::Unknown);
    };
    if if_version.is_some_and(|wanted| wanted as i64 != stands) {
        return Ok(FactAnswer::Moved(stands as u64));
    }
    if let Some(id) = standing(tx, fact, at_ms)? {
        return Ok(FactAnswer::Duplicate(id));
    }
    let version = next_version(tx)?;
    tx.run(
        "UPDATE facts SET uniq = ?3, expires_ms = ?4, body = ?5, version = ?6 WHERE kind = ?1 AND id = ?2",
        params![codes::fact_kind(fact.kind), fact.id, fact.unique, fact.expires_ms, fact.body, version],
    )?;
    Ok(FactAnswer::Done(version as u64))
}

/// Ends a fact: its row stays without its content, so that caches learn of it.
pub(super) fn delete(tx: &Tx<'_>, owner: &Owner, kind: FactKind, id: &str) -> Result<FactAnswer, StoreError> {
    if version_of(tx, owner, kind, id)?.is_none() {
        return Ok(FactAnswer::Unknown);
    }
    let version = next_version(tx)?;
    tx.run(
        "UPDATE facts SET gone = 1, body = '', uniq = '', version = ?3 WHERE kind = ?1 AND id = ?2",
        params![codes::fact_kind(kind), id, version],
    )?;
    Ok(FactAnswer::Done(version as u64))
}

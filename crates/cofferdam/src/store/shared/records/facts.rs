//! Standing facts and the audit of who changed them.
//!
//! Whoever changes facts holds one row until the end, so that versions are given out and seen in their
//! order; all nodes are told in the same transaction ([`super::listen`]).

use super::book::world;
use super::conn::{Conn, Round, Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::embedded::verifications::Ordered;
use crate::store::row::{AuditEntry, Fact, FactAnswer, FactChange, FactEdit, FactKind, Owner, Page, PageAsk};
use tokio_postgres::Row;

/// Holds the version; nobody else gets one until the transaction ends.
const HOLD: &str = "SELECT version FROM fact_version FOR UPDATE";
const MOVE: &str = "UPDATE fact_version SET version = $1";
/// Tells all nodes, once the transaction is committed.
const TELL: &str = "SELECT pg_notify($1, $2)";
const SINCE: &str = "SELECT kind, id, tenant, world, uniq, created_ms, expires_ms, body, version, gone FROM facts \
     WHERE version > $1 ORDER BY version LIMIT $2";
/// Another fact that stands under the same unique text.
const STANDING: &str = "SELECT id, expires_ms FROM facts WHERE tenant = $1 AND world = $2 AND kind = $3 AND uniq = $4 \
     AND NOT gone AND id <> $5";
const VERSION: &str =
    "SELECT version FROM facts WHERE kind = $1 AND id = $2 AND tenant = $3 AND world = $4 AND NOT gone";
const INSERT: &str = "INSERT INTO facts (kind, id, tenant, world, uniq, created_ms, expires_ms, body, version) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE: &str =
    "UPDATE facts SET uniq = $3, expires_ms = $4, body = $5, version = $6 WHERE kind = $1 AND id = $2";
/// Its row stays without its content, so that caches learn of it.
const DELETE: &str =
    "UPDATE facts SET gone = true, body = '', uniq = '', version = $3 WHERE kind = $1 AND id = $2";
const AUDIT: &str = "INSERT INTO audit (id, tenant, world, at_ms, actor, request_id, action, subject, detail) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const AUDIT_UP: &str = "SELECT id, at_ms, actor, request_id, action, subject, detail FROM audit \
     WHERE tenant = $1 AND world = $2 AND id > $3 ORDER BY id LIMIT $4";
const AUDIT_DOWN: &str = "SELECT id, at_ms, actor, request_id, action, subject, detail FROM audit \
     WHERE tenant = $1 AND world = $2 AND id < $3 ORDER BY id DESC LIMIT $4";

fn kind(kind: FactKind) -> i16 {
    codes::fact_kind(kind) as i16
}

/// A transaction that changes facts.
pub(super) struct Changing<'a> {
    conn: &'a Conn,
    /// The last version that was given out.
    version: i64,
    began_at: i64,
}

impl<'a> Changing<'a> {
    /// Begins the transaction and holds the version.
    pub(super) async fn begin(conn: &'a Conn) -> Result<Self, Failed> {
        let held = conn.together(Round::Begin, &[Step::new(HOLD, &[])]).await?.pop().unwrap_or_default();
        let version = held.first().map(|row| row.get(0)).ok_or_else(super::nothing)?;
        Ok(Self { conn, version, began_at: version })
    }

    fn next(&mut self) -> i64 {
        self.version += 1;
        self.version
    }

    /// Ends a fact.
    pub(super) async fn delete(&mut self, owner: &Owner, of: FactKind, id: &str) -> Result<bool, Failed> {
        if self.version_of(owner, of, id).await?.is_none() {
            return Ok(false);
        }
        let version = self.next();
        self.conn.query(DELETE, &[&kind(of), &plain(id), &version]).await?;
        Ok(true)
    }

    async fn version_of(&self, owner: &Owner, of: FactKind, id: &str) -> Result<Option<i64>, Failed> {
        let rows = self.conn.query(VERSION, &[&kind(of), &plain(id), &owner.tenant, &world(owner)]).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// Another fact that stands under the same unique text. One that has expired gives way.
    async fn standing(&mut self, fact: &Fact, at_ms: i64) -> Result<Option<String>, Failed> {
        let (owner, unique) = (&fact.owner, plain(&fact.unique));
        let found = self
            .conn
            .query(STANDING, &[&owner.tenant, &world(owner), &kind(fact.kind), &unique, &fact.id])
            .await?;
        let Some(row) = found.first() else { return Ok(None) };
        let (id, expires_ms): (String, Option<i64>) = (row.get(0), row.get(1));
        if expires_ms.is_some_and(|expires_ms| expires_ms <= at_ms) {
            self.delete(owner, fact.kind, &id).await?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    async fn insert(&mut self, facts: &[Fact], at_ms: i64) -> Result<FactAnswer, Failed> {
        for (n, fact) in facts.iter().enumerate() {
            let twin = |other: &&Fact| {
                other.unique == fact.unique && other.kind == fact.kind && other.owner == fact.owner
            };
            if let Some(twin) = facts.iter().take(n).find(twin) {
                return Ok(FactAnswer::Duplicate(twin.id.clone()));
            }
            if let Some(id) = self.standing(fact, at_ms).await? {
                return Ok(FactAnswer::Duplicate(id));
            }
        }
        for fact in facts {
            let version = self.next();
            let (owner, unique) = (&fact.owner, plain(&fact.unique));
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
                &kind(fact.kind),
                &fact.id,
                &owner.tenant,
                &world(owner),
                &unique,
                &fact.created_ms,
                &fact.expires_ms,
                &fact.body,
                &version,
            ];
            self.conn.query(INSERT, &values).await?;
        }
        Ok(FactAnswer::Done(self.version as u64))
    }

    async fn update(
        &mut self,
        fact: &Fact,
        if_version: Option<u64>,
        at_ms: i64,
    ) -> Result<FactAnswer, Failed> {
        let Some(stands) = self.version_of(&fact.owner, fact.kind, &fact.id).await? else {
            return Ok(FactAnswer::Unknown);
        };
        if if_version.is_some_and(|wanted| wanted as i64 != stands) {
            return Ok(FactAnswer::Moved(stands as u64));
        }
        if let Some(id) = self.standing(fact, at_ms).await? {
            return Ok(FactAnswer::Duplicate(id));
        }
        let version = self.next();
        let unique = plain(&fact.unique);
        self.conn
            .query(UPDATE, &[&kind(fact.kind), &fact.id, &unique, &fact.expires_ms, &fact.body, &version])
            .await?;
        Ok(FactAnswer::Done(version as u64))
    }

    /// Commits, and tells all nodes where a version was given out.
    pub(super) async fn commit(self, postgres: &Postgres, audit: Option<&AuditEntry>) -> Result<(), Failed> {
        let (version, text) = (self.version, self.version.to_string());
        let values = audit.map(AuditValues::of);
        let mut steps: Vec<Step<'_>> = values.iter().map(AuditValues::step).collect();
        if version != self.began_at {
            steps.push(Step::new(MOVE, &[&version]));
            steps.push(Step::new(TELL, &[&postgres.channel, &text]));
        }
        self.conn.together(Round::Commit, &steps).await?;
        if version != self.began_at {
            // At once where it was made.
            postgres.stands_at(version as u64);
        }
        Ok(())
    }
}

struct AuditValues<'a> {
    entry: &'a AuditEntry,
    world: i16,
}

impl<'a> AuditValues<'a> {
    fn of(entry: &'a AuditEntry) -> Self {
        Self { entry, world: world(&entry.owner) }
    }

    fn step(&self) -> Step<'_> {
        let e = self.entry;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &e.id,
            &e.owner.tenant,
            &self.world,
            &e.at_ms,
            &e.actor,
            &e.request_id,
            &e.action,
            &e.subject,
            &e.detail,
        ];
        Step::new(AUDIT, &values)
    }
}

impl Postgres {
    pub(super) async fn change_standing(&self, change: FactChange) -> Result<FactAnswer, StoreError> {
        again!(self, self.change_standing_once(&change))
    }

    async fn change_standing_once(&self, change: &FactChange) -> Result<FactAnswer, Failed> {
        let at_ms = change.audit.at_ms;
        let conn = self.connections.get().await?;
        let mut changing = Changing::begin(&conn).await?;
        let answer = match &change.change {
            FactEdit::Insert(facts) => changing.insert(facts, at_ms).await?,
            FactEdit::Update { fact, if_version } => changing.update(fact, *if_version, at_ms).await?,
            FactEdit::Delete { owner, kind, id } => {
                if changing.delete(owner, *kind, id).await? {
                    FactAnswer::Done(changing.version as u64)
                } else {
                    FactAnswer::Unknown
                }
            }
        };
        // Those that gave way stay ended even where the change itself was refused, as they are over.
        let done = matches!(answer, FactAnswer::Done(_));
        changing.commit(self, Some(&change.audit).filter(|_| done)).await?;
        Ok(answer)
    }

    pub(super) async fn standing_since(&self, version: u64, limit: u32) -> Result<Vec<Fact>, StoreError> {
        let (version, limit) = (i64::try_from(version).unwrap_or(i64::MAX), i64::from(limit));
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(SINCE, &[&version, &limit]).await
        })?;
        rows.iter().map(|row| fact_of(row, 0)).collect()
    }

    pub(super) async fn audited(
        &self,
        owner: &Owner,
        page: &PageAsk,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let order = Ordered::of(page);
        let text = if order.descending { AUDIT_DOWN } else { AUDIT_UP };
        let (after, limit, world) = (plain(&order.after), order.limit as i64 + 1, world(owner));
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(text, &[&owner.tenant, &world, &after, &limit]).await
        })?;
        let entry = |row: &Row| AuditEntry {
            id: row.get(0),
            owner: owner.clone(),
            at_ms: row.get(1),
            actor: row.get(2),
            request_id: row.get(3),
            action: row.get(4),
            subject: row.get(5),
            detail: row.get(6),
        };
        Ok(order.page(rows.iter().map(entry).collect(), |entry: &AuditEntry| entry.id.as_str()))
    }

    pub(super) async fn audit_one(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let values = AuditValues::of(entry);
        again!(self, async {
            let conn = self.connections.get().await?;
            conn.together(Round::Whole, &[values.step()]).await
        })
        .map(|_| ())
    }
}

/// A fact from columns that begin at `at`.
pub(super) fn fact_of(row: &Row, at: usize) -> Result<Fact, StoreError> {
    Ok(Fact {
        kind: codes::fact_kind_of(row.get::<_, i16>(at).into())?,
        id: row.get(at + 1),
        owner: Owner { tenant: row.get(at + 2), world: codes::world_of(row.get::<_, i16>(at + 3).into())? },
        unique: row.get(at + 4),
        created_ms: row.get(at + 5),
        expires_ms: row.get(at + 6),
        body: row.get(at + 7),
        version: row.get::<_, i64>(at + 8) as u64,
        gone: row.get(at + 9),
    })
}

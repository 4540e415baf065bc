//! Outcomes of attempts: told by callers and providers, each counted once over all nodes.

use super::book::world;
use super::conn::{Round, Step, again};
use super::failure::Failed;
use super::{Postgres, plain};
use crate::store::StoreError;
use crate::store::embedded::codes;
use crate::store::row::{AttemptStatus, JournalEntry, Owner, Told, ToldAnswer, ToldOf};
use cofferdam_engine::Outcome;
use cofferdam_engine::outcome::{DeliveryStatus, What};
use tokio_postgres::Row;

/// An outcome whose attempt is known.
struct Resolved {
    told: Told,
    body: Vec<u8>,
    entry: Box<JournalEntry>,
}

const OF_VERIFICATION: &str =
    "SELECT id, tenant, world FROM attempts WHERE verification = $1 ORDER BY ordinal DESC LIMIT 1";
const OF_REFERENCE: &str = "SELECT id, tenant, world FROM attempts WHERE reference = $1 AND provider = $2 \
     ORDER BY at_ms DESC LIMIT 1";
/// Nobody is named yet where the report comes before the answer to the message.
const OF_HANDED: &str =
    "SELECT id, tenant, world FROM attempts WHERE id = $1 AND (provider = $2 OR provider IS NULL)";
const HEAR: &str = "INSERT INTO outcomes (attempt, once, at_ms, told_ms, body) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING RETURNING 1";
const HEARD: &str = "SELECT body FROM outcomes WHERE attempt = $1 ORDER BY row";
const BECOME: &str = "UPDATE attempts SET status = $2 WHERE id = $1 AND status = ANY($3::smallint[])";
const PRICE: &str = "UPDATE attempts SET price_micros = $2 WHERE id = $1";

// Queued, sent, unknown; and for a delivery after all, undelivered too.
const OPEN: &[AttemptStatus] = &[AttemptStatus::Queued, AttemptStatus::Sent, AttemptStatus::Unknown];
const NOT_DELIVERED: &[AttemptStatus] =
    &[AttemptStatus::Queued, AttemptStatus::Sent, AttemptStatus::Undelivered, AttemptStatus::Unknown];
const NOT_SENT: &[AttemptStatus] = &[AttemptStatus::Queued, AttemptStatus::Unknown];

/// What an outcome makes of its attempt's row: a status, from which others; and a price. A blocked one
/// stays blocked, and what was delivered stays delivered.
type Change = (Option<(AttemptStatus, &'static [AttemptStatus])>, Option<i64>);

fn change_of(what: What) -> Change {
    match what {
        What::Delivery { status } => {
            let status = match status {
                DeliveryStatus::Delivered => Some((AttemptStatus::Delivered, NOT_DELIVERED)),
                DeliveryStatus::Undelivered | DeliveryStatus::Expired => {
                    Some((AttemptStatus::Undelivered, OPEN))
                }
                DeliveryStatus::Failed => Some((AttemptStatus::Failed, OPEN)),
                DeliveryStatus::Unknown => None,
            };
            (status, None)
        }
        What::Sent { price_micros } => (Some((AttemptStatus::Sent, NOT_SENT)), price_micros),
        What::Price { price_micros } => (None, Some(price_micros)),
        _ => (None, None),
    }
}

impl Postgres {
    pub(super) async fn hear(
        &self,
        owner: Option<&Owner>,
        told: Vec<Told>,
    ) -> Result<Vec<ToldAnswer>, StoreError> {
        let mut resolved = Vec::with_capacity(told.len());
        for told in told {
            resolved.push(Box::pin(self.resolve(owner, told)).await?);
        }
        let answers = again!(self, self.hear_once(&resolved))?;
        let answer = |(resolved, first): (Option<Resolved>, bool)| match resolved {
            None => ToldAnswer::Unknown,
            Some(resolved) if first => ToldAnswer::Accepted(resolved.entry),
            Some(_) => ToldAnswer::Duplicate,
        };
        Ok(resolved.into_iter().zip(answers).map(answer).collect())
    }

    /// Which of them were told for the first time; all in one transaction.
    async fn hear_once(&self, all: &[Option<Resolved>]) -> Result<Vec<bool>, Failed> {
        let known: Vec<&Resolved> = all.iter().flatten().collect();
        if known.is_empty() {
            return Ok(vec![false; all.len()]);
        }
        let now_ms = self.clock.now_ms();
        let conn = self.connections.get().await?;
        let steps: Vec<Step<'_>> = known
            .iter()
            .map(|r| {
                let told = &r.told;
                Step::new(HEAR, &[&r.entry.attempt_id, &told.once, &told.outcome.at_ms, &now_ms, &r.body])
            })
            .collect();
        let heard = conn.together(Round::Begin, &steps).await?;
        let mut changes = Vec::new();
        for (resolved, rows) in known.iter().zip(&heard) {
            if !rows.is_empty() && !resolved.entry.assess_only {
                let (status, price) = change_of(resolved.told.outcome.what);
                let status = status.map(|(status, of)| {
                    let of: Vec<i16> = of.iter().map(|s| codes::attempt_status(*s) as i16).collect();
                    (codes::attempt_status(status) as i16, of)
                });
                changes.push((&resolved.entry.attempt_id, status, price));
            }
        }
        let mut steps = Vec::new();
        for (id, status, price) in &changes {
            if let Some((status, of)) = status {
                steps.push(Step::new(BECOME, &[*id, status, of]));
            }
            if let Some(price) = price {
                steps.push(Step::new(PRICE, &[*id, price]));
            }
        }
        conn.together(Round::Commit, &steps).await?;
        let mut heard = heard.iter().map(|rows| !rows.is_empty());
        Ok(all.iter().map(|one| one.is_some() && heard.next().unwrap_or(false)).collect())
    }

    /// Finds what was judged. An attempt that the journal has forgotten is unknown: there is nothing
    /// left to learn from it.
    async fn resolve(&self, owner: Option<&Owner>, mut told: Told) -> Result<Option<Resolved>, StoreError> {
        let id = match &told.of {
            ToldOf::Attempt(id) => Some(id.clone()),
            other => again!(self, self.attempt_of(owner, other))?,
        };
        let Some(id) = id else { return Ok(None) };
        let found = self.find_entry(owner, &id).await?;
        // An assessment's identifier is no attempt's.
        let Some(entry) = found.filter(|entry| entry.attempt_id == id) else { return Ok(None) };
        let body = serde_json::to_vec(&told.outcome).map_err(|e| StoreError::Unreadable(e.to_string()))?;
        told.once = plain(&told.once).into_owned();
        Ok(Some(Resolved { told, body, entry: Box::new(entry) }))
    }

    /// The attempt that an outcome is of: the newest of a verification, or the one with a reference, or
    /// the one that its provider was handed.
    async fn attempt_of(&self, owner: Option<&Owner>, of: &ToldOf) -> Result<Option<String>, Failed> {
        let conn = self.connections.get().await?;
        let rows = match of {
            ToldOf::Attempt(id) => return Ok(Some(id.clone())),
            ToldOf::Verification(id) => conn.query(OF_VERIFICATION, &[&plain(id)]).await?,
            ToldOf::Reference { provider, reference } => {
                conn.query(OF_REFERENCE, &[&plain(reference), &plain(provider)]).await?
            }
            ToldOf::Handed { provider, attempt } => {
                conn.query(OF_HANDED, &[&plain(attempt), &plain(provider)]).await?
            }
        };
        let is_whose = |row: &&Row| {
            owner.is_none_or(|o| row.get::<_, &str>(1) == o.tenant && row.get::<_, i16>(2) == world(o))
        };
        Ok(rows.first().filter(is_whose).map(|row| row.get(0)))
    }

    pub(super) async fn heard(&self, owner: &Owner, attempt: &str) -> Result<Vec<Outcome>, StoreError> {
        // Whose an attempt is stands in the journal alone where a caller sends by itself.
        if self.find_entry(Some(owner), attempt).await?.is_none() {
            return Ok(Vec::new());
        }
        let attempt = plain(attempt);
        let rows = again!(self, async {
            let conn = self.connections.get().await?;
            conn.query(HEARD, &[&attempt]).await
        })?;
        let read =
            |row: &Row| serde_json::from_slice(row.get(0)).map_err(|e| StoreError::Unreadable(e.to_string()));
        rows.iter().map(read).collect()
    }
}

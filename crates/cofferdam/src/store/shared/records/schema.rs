//! The schema and how an older one becomes today's: `migrations/README.md` has the rules.
//!
//! Whoever starts first applies what is missing, under a lock that all nodes share; the others wait and
//! find it done. A newer schema is tolerated where its migrations say so, else refused by name.

use super::{Looked, failure};
use crate::store::StoreError;
use sha2::{Digest as _, Sha256};
use tokio_postgres::Client;

/// A migration.
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

/// All of them, in order: the first is version 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { name: "V1__records", text: include_str!("../../../../migrations/V1__records.sql") },
    Migration { name: "V2__lives", text: include_str!("../../../../migrations/V2__lives.sql") },
];

/// The table that remembers what was applied. Its shape never changes.
const STEPS: &str = "CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, name text NOT NULL, \
                     checksum bytea NOT NULL, beside integer NOT NULL, at timestamptz NOT NULL DEFAULT now())";

fn away(error: &tokio_postgres::Error) -> StoreError {
    failure::of(error).told()
}

/// The oldest program that may serve beside a migration, by its newest migration.
fn beside(migration: &Migration) -> Result<i32, StoreError> {
    let first = migration.text.lines().next().unwrap_or_default();
    let number = first.strip_prefix("-- beside: ").and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| {
        StoreError::Unreadable(format!("`{}` does not say who may be beside it", migration.name))
    })
}

/// Brings the schema up to what this program knows.
pub(super) async fn migrate(client: &Client, schema: &str, known: &[Migration]) -> Result<(), StoreError> {
    if whole(client, schema, known).await? {
        return Ok(());
    }
    // What is waited for here may take its time; nothing is served yet.
    let begin = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
                 SET LOCAL idle_in_transaction_session_timeout = 0";
    loop {
        client.batch_execute(begin).await.map_err(|e| away(&e))?;
        match step(client, schema, known).await {
            Ok(true) => client.batch_execute("COMMIT").await.map_err(|e| away(&e))?,
            Ok(false) => {
                client.batch_execute("COMMIT").await.map_err(|e| away(&e))?;
                return check(client, known).await;
            }
            Err(error) => {
                // The first error is the one worth telling.
                let _ = client.batch_execute("ROLLBACK").await;
                return Err(error);
            }
        }
    }
}

/// How the schema is, without a change to it.
pub(super) async fn look(client: &Client, schema: &str, known: &[Migration]) -> Result<Looked, StoreError> {
    if !whole(client, schema, known).await? {
        return Ok(Looked { up_to_date: false, key: None });
    }
    let key = client
        .query_opt("SELECT value FROM meta WHERE name = 'agreed secret key'", &[])
        .await
        .map_err(|e| away(&e))?;
    let key = key.map(|row| String::from_utf8_lossy(&row.get::<_, Vec<u8>>(0)).into_owned());
    Ok(Looked { up_to_date: true, key })
}

/// Whether nothing is to be done: then a role that may not make tables is enough.
async fn whole(client: &Client, schema: &str, known: &[Migration]) -> Result<bool, StoreError> {
    let there = client
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("{schema}.migrations")])
        .await
        .map_err(|e| away(&e))?;
    if !there.get::<_, bool>(0) {
        return Ok(false);
    }
    check(client, known).await?;
    let newest: Option<i32> =
        client.query_one("SELECT max(version) FROM migrations", &[]).await.map_err(|e| away(&e))?.get(0);
    Ok(newest.unwrap_or(0) as usize >= known.len())
}

/// Applies the next migration; false: there is none. All within the lock.
async fn step(client: &Client, schema: &str, known: &[Migration]) -> Result<bool, StoreError> {
    client
        .query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", &[&format!("cofferdam {schema}")])
        .await
        .map_err(|e| away(&e))?;
    let there = client.query_one("SELECT to_regnamespace($1) IS NOT NULL", &[&schema]).await;
    // Asking for one that is there already takes a privilege that only its making needs.
    if !there.map_err(|e| away(&e))?.get::<_, bool>(0) {
        let make = format!("CREATE SCHEMA {schema}");
        client.batch_execute(&make).await.map_err(|e| missing(&e, schema))?;
    }
    client.batch_execute(STEPS).await.map_err(|e| missing(&e, schema))?;
    check(client, known).await?;
    let newest: Option<i32> =
        client.query_one("SELECT max(version) FROM migrations", &[]).await.map_err(|e| away(&e))?.get(0);
    let newest = newest.unwrap_or(0);
    let Some(next) = known.get(newest as usize) else { return Ok(false) };
    client.batch_execute(next.text).await.map_err(|e| missing(&e, schema))?;
    let values = (newest + 1, next.name, &sum(next)[..], beside(next)?);
    client
        .execute(
            "INSERT INTO migrations (version, name, checksum, beside) VALUES ($1, $2, $3, $4)",
            &[&values.0, &values.1, &values.2, &values.3],
        )
        .await
        .map_err(|e| away(&e))?;
    tracing::info!(migration = next.name, "the database was brought up to date");
    Ok(true)
}

fn sum(migration: &Migration) -> [u8; 32] {
    Sha256::digest(migration.text.as_bytes()).into()
}

/// What can't be made for want of a privilege, with the mend.
fn missing(error: &tokio_postgres::Error, schema: &str) -> StoreError {
    use tokio_postgres::error::SqlState;
    if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return StoreError::Away(format!(
            "the role may not make the tables: let its owner run `CREATE SCHEMA {schema} AUTHORIZATION \
             <the role>`, or `GRANT CREATE ON DATABASE <the database> TO <the role>`"
        ));
    }
    away(error)
}

/// Refuses what this program does not know, and what it knows otherwise.
async fn check(client: &Client, known: &[Migration]) -> Result<(), StoreError> {
    let applied = client
        .query("SELECT version, name, checksum, beside FROM migrations ORDER BY version", &[])
        .await
        .map_err(|e| away(&e))?;
    for row in &applied {
        let (version, name): (i32, String) = (row.get(0), row.get(1));
        let index = usize::try_from(version - 1).unwrap_or(usize::MAX);
        if let Some(ours) = known.get(index) {
            if row.get::<_, Vec<u8>>(2) != sum(ours) {
                return Err(StoreError::Unreadable(format!(
                    "migration `{name}` was applied to the database with another text than this cofferdam \
                     has: use the cofferdam that applied it, or a later release"
                )));
            }
        } else if row.get::<_, i32>(3) as usize <= known.len() {
            tracing::warn!(
                migration = name,
                "the database has a newer schema that this program may serve beside: upgrade it soon"
            );
        } else {
            return Err(StoreError::Unreadable(format!(
                "the database in PostgreSQL has schema {version} (`{name}`) and this program knows schemas up to {}: \
                 run the newer cofferdam that made it",
                known.len()
            )));
        }
    }
    Ok(())
}

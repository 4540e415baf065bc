//! One state for several machines: tallies in Redis or Valkey, records in PostgreSQL.
//!
//! Opens both halves as the settings say and knows nothing of either's insides.

use super::{Store, StoreError};
use crate::clock::{Clock, Dice};
use crate::config::SharedChoice;
use records::PostgresSettings;
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use tallies::RedisSettings;

pub(super) mod records;
pub(super) mod tallies;

/// Reaches both servers, looks whether they will do, and keeps the connections from then on.
pub(super) async fn open(
    choice: &SharedChoice,
    keys_max: usize,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
) -> Result<Store, StoreError> {
    let (postgres, redis) = (postgres(choice), RedisSettings { keys_max, ..redis(choice) });
    // One after the other: of two that are away the first is named, and nothing was begun at the other.
    let records = records::open(&postgres, Arc::clone(&clock), &*dice).await?;
    let tallies = tallies::open(redis, clock, dice).await?;
    Ok(Store { tallies: Arc::new(tallies), records: Arc::new(records) })
}

/// Looks at both servers, and opens nothing: how PostgreSQL is, whether its records are of this secret key
/// (empty: none to compare), and how Redis is.
pub(super) async fn look(choice: &SharedChoice, clock: &dyn Clock, key: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    match records::look(&postgres(choice), clock).await {
        Ok(looked) => {
            let what = if looked.up_to_date { "up to date" } else { "the next start makes its tables" };
            parts.push(Part { name: "PostgreSQL", found: Ok(what) });
            if let Some(stands) = looked.key.filter(|_| !key.is_empty()) {
                let found = if stands == key { Ok("that of the records") } else { Err(OTHER_KEY.to_owned()) };
                parts.push(Part { name: "secret key", found });
            }
        }
        Err(error) => parts.push(Part { name: "PostgreSQL", found: Err(error.to_string()) }),
    }
    let tallies = tallies::look(&redis(choice), clock).await;
    parts.push(Part { name: "Redis", found: tallies.map(|()| "will do").map_err(|error| error.to_string()) });
    parts
}

const OTHER_KEY: &str =
    "it is not the secret key that the store was written under: take the one that the other machines have";

/// A part of a shared store, as a look from outside finds it.
pub struct Part {
    /// Which.
    pub name: &'static str,
    /// How it is, or what is wrong with it.
    pub found: Result<&'static str, String>,
}

fn postgres(choice: &SharedChoice) -> PostgresSettings {
    PostgresSettings {
        schema: choice.postgres_schema.clone(),
        connections: choice.postgres_connections,
        answer: choice.postgres_timeout,
        node: choice.node.clone(),
        forgetful_server: choice.postgres_may_forget,
        ..PostgresSettings::at(choice.postgres_url.clone())
    }
}

fn redis(choice: &SharedChoice) -> RedisSettings {
    RedisSettings {
        timeout: choice.redis_timeout,
        ..RedisSettings::at(choice.redis_url.expose_secret(), &choice.redis_prefix)
    }
}

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
    let postgres = PostgresSettings {
        schema: choice.postgres_schema.clone(),
        connections: choice.postgres_connections,
        answer: choice.postgres_timeout,
        forgetful_server: choice.postgres_may_forget,
        ..PostgresSettings::at(choice.postgres_url.clone())
    };
    let redis = RedisSettings {
        timeout: choice.redis_timeout,
        keys_max,
        ..RedisSettings::at(choice.redis_url.expose_secret(), &choice.redis_prefix)
    };
    // One after the other: of two that are away the first is named, and nothing was begun at the other.
    let records = records::open(&postgres, Arc::clone(&clock), &*dice).await?;
    let tallies = tallies::open(redis, clock, dice).await?;
    Ok(Store { tallies: Arc::new(tallies), records: Arc::new(records) })
}

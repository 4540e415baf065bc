//! One state for several machines: tallies in Redis or Valkey, records in PostgreSQL.

pub(super) mod records;
pub(super) mod tallies;

/// Real servers, as the tests from outside have them.
#[cfg(test)]
#[path = "../../tests/it/servers.rs"]
mod servers;

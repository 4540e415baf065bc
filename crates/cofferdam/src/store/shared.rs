//! One state for several machines: tallies in Redis or Valkey, records in PostgreSQL.

pub(super) mod records;
mod tallies;

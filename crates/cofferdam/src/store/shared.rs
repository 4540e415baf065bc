//! One state for several machines: tallies in Redis or Valkey, records in PostgreSQL.

mod records;
mod tallies;

//! Tallies in Redis or Valkey.

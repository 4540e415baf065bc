//! A PostgreSQL of a test.

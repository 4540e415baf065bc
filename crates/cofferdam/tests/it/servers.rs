//! Real servers for tests: started on free ports of the loopback address, ended by their process ids.
//!
//! Tests from outside have it as a module; tests of the library and benchmarks take this file in by its
//! path, which is why the parts are named by theirs.

#[path = "servers/postgres.rs"]
pub mod postgres;
#[path = "servers/redis.rs"]
pub mod redis;

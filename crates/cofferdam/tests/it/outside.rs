//! Promises, tested from outside by somebody who did not write the code.
//!
//! Each test starts the built program as a child, speaks HTTP to it as a caller would, and kills only
//! its own children. Nothing here knows a module of the program: what is asserted stands in the API's
//! contract and in `docs/reliability.md`. Tests that take longer than ten seconds say so.

mod api;
mod at_most_once;
mod cluster;
mod deliveries;
mod dice;
mod disk;
mod fairness;
pub(crate) mod folder;
mod hostile;
mod kill_9;
mod operator;
mod overload;
mod privacy;
mod quickstart;
mod races;
mod schema;
mod server;
mod simulator;
mod spellings;
mod strangers;
mod tenants;
mod time;
mod wire;

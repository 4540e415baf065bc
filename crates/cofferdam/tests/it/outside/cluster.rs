//! Three nodes over one PostgreSQL and one Redis, and what callers see when a part of that dies.
//!
//! Each test makes one fault under load, mends it, and looks for all that was acknowledged: at any node,
//! as a load balancer would. Its line of the table stands in `docs/reliability.md`, and is written there
//! anew where `COFFERDAM_WRITE_FAULTS` is set. A case takes ten to fifteen seconds in a debug build.

mod balance;
mod both;
mod case;
mod found;
mod load;
mod node_killed;
mod node_paused;
mod nodes;
mod postgres_faults;
mod redis_faults;
mod refused;
mod report;
mod sentinel;
mod way;

//! The shared tallies against real servers.

#[path = "../../../../tests/it/servers.rs"]
mod servers;

mod agreement;

//! The shared tallies against real servers.

mod agreement;
mod records;

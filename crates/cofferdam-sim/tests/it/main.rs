//! The simulation from outside: the scenarios of the repository, and whether made-up traffic is hard enough.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking, and the figures are the point"
)]

mod markers;
mod peers;
mod scenarios;

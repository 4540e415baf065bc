//! The one test program of the crate: whole program, real store, real connections. One file a resource
//! or journey.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::format_push_string,
    reason = "a test program: what is not as expected must stop it, helpers outside test functions included"
)]

mod access;
mod assessments;
mod blocks;
mod cli;
mod evidence;
mod hostile;
mod idempotency;
#[cfg(test)]
mod outside;
mod packaging;
mod replay;
mod server;
mod servers;
mod simulate;
mod standing;
mod support;
mod surface;
mod verifications;

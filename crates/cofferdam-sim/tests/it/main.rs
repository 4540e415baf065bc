//! The one test program of the crate. One file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test program: what is not as expected must stop it, helpers outside test functions included"
)]

mod hidden;
mod imports;
mod lines;
mod markers;
mod peers;
mod pipe;
mod scale;
mod scenarios;
mod summary;
